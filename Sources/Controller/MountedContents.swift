import Contract
import DatabaseSpec

/// What the sidecar has mounted: the ConfigMap and the passwords as they were written last.
struct MountedContents: Equatable, Sendable {
  /// By user.
  private(set) var passwords: [PostgresName: Password] = [:]
  /// Nil where nothing is there that can be read.
  private(set) var spec: InstanceSpec?
  private var configMap: [String: [UInt8]] = [:]
  private var secret: [String: [UInt8]] = [:]

  init() {}

  /// - Parameters:
  ///   - configMap: what `<customer>-pg-spec` holds.
  ///   - secret: what `<customer>-pg-passwords` holds.
  init(configMap: [String: [UInt8]], secret: [String: [UInt8]]) {
    self.configMap = configMap
    self.secret = secret
    if let bytes = configMap[VolumeLayout.specFile] { spec = try? InstanceSpec(decoding: bytes) }
    if let bytes = secret[VolumeLayout.passwordsFile], let file = try? PasswordsFile(decoding: bytes) {
      passwords = file.passwords
    }
  }

  /// A script as it is mounted, and its text.
  func script(_ name: String, in database: PostgresName) -> (script: Script, text: [UInt8], isSecret: Bool)? {
    guard
      let script = spec?.databases.first(where: { $0.name == database })?.scripts.first(where: { $0.name == name }),
      case .file(let file, _) = script.content
    else { return nil }
    if let text = configMap[file] { return (script, text, false) }
    return secret[file].map { (script, $0, true) }
  }
}
