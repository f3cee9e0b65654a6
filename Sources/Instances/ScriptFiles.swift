import Contract
import DatabaseSpec

/// The scripts of a spec as files beside `spec.json`, each named by the hash of its text, and the spec that names them.
package struct ScriptFiles {
  /// The most bytes in all values of a ConfigMap, or of a Secret (Kubernetes API, `v1`: 1 MiB).
  package static let maximumObjectBytes = 1 << 20

  /// The spec in which every script whose text is available is a `.file`. A script whose text is in a missing object
  /// stays as it was declared, and the sidecar makes the scripts after it in its database wait. The others are left
  /// out.
  private(set) var spec: InstanceSpec
  /// Texts that may be in a ConfigMap, by file.
  private(set) var publicFiles: [String: String] = [:]
  /// Texts that came from a Secret, by file.
  private(set) var secretFiles: [String: String] = [:]
  private var publicBytes: Int
  private var secretBytes: Int

  /// - Parameter passwordsBytes: how many other bytes the Secret contains besides the texts.
  init(spec: InstanceSpec, sources: InstanceSources, passwordsBytes: Int, problems: inout [InstanceProblem]) {
    let texts = ScriptTexts(spec, sources)
    // An upper bound of the spec's size: a placed script is named by 64 digits, and one that is left out is not named.
    var placed = spec
    for index in placed.databases.indices {
      for script in placed.databases[index].scripts.indices {
        placed.databases[index].scripts[script].content = .file(
          name: VolumeLayout.scriptFile(sha256: Self.anyHash), sha256: Self.anyHash)
        placed.databases[index].scripts[script].isConfidential = true
      }
    }
    publicBytes = placed.encoded().count
    secretBytes = passwordsBytes
    self.spec = spec
    for (index, database) in spec.databases.enumerated() {
      var scripts: [Script] = []
      for script in database.scripts {
        let mounted = sources.mounted.script(script.name, in: database.name)
        func report(_ problem: MissingSource, _ consequence: String) {
          problems.append(
            InstanceProblem(
              reason: problem.reason,
              message: "script \(script.name) in \(database.name.text): \(problem.message); \(consequence)"))
        }
        switch texts[script].flatMap({ Self.checked($0, script, mounted?.text, sources) }) {
        case .success(let text?) where place(text):
          scripts.append(script.file(text))
          continue
        case .success(let text?):
          let size = MissingSource(
            reason: .invalidDeclaration,
            message:
              "its \(text.bytes.count) bytes do not fit: \(text.isSecret ? "the Secret" : "the ConfigMap") for the "
              + "texts of all scripts holds \(Self.maximumObjectBytes); shorten them, or load the rows another way")
          // The old text had room, and the scripts after it may need what it creates.
          report(size, mounted == nil ? "it and those behind it in this database are not run" : "it stays as it was")
        case .success(nil):
          // It is being checked. The scripts after it may need what it creates.
          break
        case .failure(let missing):
          report(missing, mounted == nil ? "it is not run, nor what comes behind it" : "it stays as it was")
          if mounted == nil, script.isReference {
            scripts.append(script)
            continue
          }
        }
        guard let mounted, place(mounted.text) else { break }
        scripts.append(mounted.script)
      }
      self.spec.databases[index].scripts = scripts
    }
  }

  private static let anyHash = String(repeating: "0", count: 64)

  /// - Returns: whether there was room for it.
  private mutating func place(_ text: ScriptText) -> Bool {
    let file = VolumeLayout.scriptFile(sha256: text.sha256)
    let isThere = (text.isSecret ? secretFiles[file] : publicFiles[file]) != nil
    guard !isThere else { return true }
    guard (text.isSecret ? secretBytes : publicBytes) + text.bytes.count <= Self.maximumObjectBytes else {
      return false
    }
    let string = String(decoding: text.bytes, as: UTF8.self)
    if text.isSecret {
      secretFiles[file] = string
      secretBytes += text.bytes.count
    } else {
      publicFiles[file] = string
      publicBytes += text.bytes.count
    }
    return true
  }

  /// Checks every script as the webhook checks those in a declaration. The webhook does not see texts in other objects,
  /// and may have been away when the others were applied.
  /// - Parameter mounted: a text that was found good before.
  /// - Returns: nil where the verdict is not known yet.
  private static func checked(
    _ text: ScriptText, _ script: Script, _ mounted: ScriptText?, _ sources: InstanceSources
  ) -> Result<ScriptText?, MissingSource> {
    guard text.sha256 != mounted?.sha256 else { return .success(text) }
    guard let refusals = sources.verdict(text, script) else { return .success(nil) }
    guard refusals.isEmpty else {
      return .failure(MissingSource(reason: .invalidDeclaration, message: refusals.joined(separator: "; ")))
    }
    return .success(text)
  }
}

extension Script {
  /// Whether its text is in another object.
  fileprivate var isReference: Bool {
    switch content {
    case .configMap, .secret: true
    case .inline, .file: false
    }
  }

  /// The same script with its text in a file.
  fileprivate func file(_ text: ScriptText) -> Script {
    var script = self
    script.content = .file(name: VolumeLayout.scriptFile(sha256: text.sha256), sha256: text.sha256)
    script.isConfidential = text.isSecret
    return script
  }
}
