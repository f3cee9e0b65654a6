import Contract
package import DatabaseSpec

/// The contents that are mounted into the sidecar: the ConfigMap and the passwords as they were last written.
package struct MountedContents: Equatable, Sendable {
  /// By role.
  private(set) var passwords: [PostgresName: Password] = [:]
  /// By user, where the password turns.
  private(set) var logins: [PostgresName: LoginState] = [:]
  /// The names of their second logins.
  private(set) var secondLogins: Set<PostgresName> = []
  /// By user, as the mounted spec says.
  private(set) var rotates: [PostgresName: Rotation] = [:]
  /// Nil where there is no spec that can be read.
  package private(set) var spec: InstanceSpec?
  /// Scripts by database and name.
  private var scripts: [PostgresName: [[UInt8]: Script]] = [:]
  private var texts: [String: ScriptText] = [:]
  /// The Secret's values.
  private var secret: [String: [UInt8]] = [:]

  init() {}

  /// - Parameters:
  ///   - configMap: the contents of `<customer>-pg-spec`.
  ///   - secret: the contents of `<customer>-pg-passwords`.
  package init(configMap: [String: [UInt8]], secret: [String: [UInt8]]) {
    self.secret = secret
    if let bytes = secret[VolumeLayout.passwordsFile], let file = try? PasswordsFile(decoding: bytes) {
      passwords = file.passwords
      logins = file.logins
      secondLogins = Set(logins.keys.compactMap(\.secondLogin))
    }
    guard let bytes = configMap[VolumeLayout.specFile], let spec = try? InstanceSpec(decoding: bytes) else { return }
    self.spec = spec
    for user in spec.users where user.rotate != nil { rotates[user.name] = user.rotate }
    for database in spec.databases {
      for script in database.scripts {
        scripts[database.name, default: [:]][Array(script.name.utf8)] = script
        guard case .file(let file, _) = script.content, texts[file] == nil else { continue }
        texts[file] =
          configMap[file].map { ScriptText($0, isSecret: false) }
          ?? secret[file].map { ScriptText($0, isSecret: true) }
      }
    }
  }

  /// What is mounted of a user whose password turns; nil where the password is missing.
  func rotation(of user: PostgresName) -> RotationState.Mounted? {
    let login = logins[user] ?? LoginState()
    let second = user.secondLogin.flatMap { passwords[$0] }
    guard let current = login.isSecond ? second : passwords[user] else { return nil }
    let other = login.other == .idle ? nil : login.isSecond ? passwords[user] : second
    guard login.other != .pending || other != nil else {
      // Without its password, nothing can be told of the other login.
      return .init(login: LoginState(isSecond: login.isSecond), current: current)
    }
    return .init(login: login, current: current, other: other)
  }

  /// ``VolumeLayout/generationFile``
  package var generation: String? { secret[VolumeLayout.generationFile].map { String(decoding: $0, as: UTF8.self) } }

  /// A script that is mounted, and its text.
  package func script(_ name: String, in database: PostgresName) -> (script: Script, text: ScriptText)? {
    guard let script = scripts[database]?[Array(name.utf8)], case .file(let file, _) = script.content else {
      return nil
    }
    return texts[file].map { (script, $0) }
  }

  /// The texts from Secrets that the spec names, by file.
  package var secretTexts: [String: String] {
    texts.filter(\.value.isSecret).mapValues { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// The Secret's contents besides passwords and scripts, with which the sidecar can be asked for its status. The token
  /// stays, and the generation stays as long as all other contents do. What others have added does not count: it stays there.
  func statusKeys(beside values: [String: String], generate: () -> String?) -> [String: String] {
    let (token, generation) = (VolumeLayout.statusTokenFile, VolumeLayout.generationFile)
    func word(_ key: String) -> String? {
      secret[key].flatMap { bytes in
        bytes.count >= StatusPort.minimumTokenBytes && bytes.allSatisfy({ (0x21...0x7E).contains($0) })
          ? String(decoding: bytes, as: UTF8.self) : nil
      }
    }
    let isSame = values.allSatisfy { secret[$0] == Array($1.utf8) }
    return [token: word(token) ?? generate(), generation: (isSame ? word(generation) : nil) ?? generate()]
      .compactMapValues(\.self)
  }
}
