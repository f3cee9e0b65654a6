import DatabaseSpec
import OpenSSL

/// The scripts of a spec as files beside `spec.json`, each known by the hash of its text, and the spec that names them.
struct ScriptFiles {
  /// The spec in which every script whose text is to be had is a `.file`; the others are left out until it is.
  private(set) var spec: InstanceSpec
  /// Texts that may stand in a ConfigMap, by file.
  private(set) var publicFiles: [String: String] = [:]
  /// Texts that came from a Secret, by file.
  private(set) var secretFiles: [String: String] = [:]

  init(spec: InstanceSpec, sources: InstanceSources, problems: inout [String]) {
    self.spec = spec
    for (index, database) in spec.databases.enumerated() {
      var scripts: [Script] = []
      for script in database.scripts {
        switch Self.text(of: script, from: sources) {
        case .failure(let missing):
          problems.append("script \(script.name) in \(database.name.text): \(missing.message)")
        case .success(let bytes):
          scripts.append(place(script, text: bytes))
        }
      }
      self.spec.databases[index].scripts = scripts
    }
  }

  private mutating func place(_ script: Script, text bytes: [UInt8]) -> Script {
    let hash = Encoding.hex(Digest.sha256(bytes))
    let file = VolumeLayout.scriptFile(sha256: hash)
    let text = String(decoding: bytes, as: UTF8.self)
    if case .secret = script.content { secretFiles[file] = text } else { publicFiles[file] = text }
    var placed = script
    placed.content = .file(name: file, sha256: hash)
    return placed
  }

  private static func text(of script: Script, from sources: InstanceSources) -> Result<[UInt8], MissingSource> {
    switch script.content {
    case .inline(let sql): return .success(Array(sql.utf8))
    case .configMap(let reference): return sources.configMap(reference).flatMap(checked)
    case .secret(let reference): return sources.secret(reference).flatMap(checked)
    case .file(let name, _):
      return .failure(MissingSource(message: "the file \(name) is not one that a declaration can name"))
    }
  }

  private static func checked(_ bytes: [UInt8]) -> Result<[UInt8], MissingSource> {
    guard String(decoding: bytes, as: UTF8.self).utf8.elementsEqual(bytes), !bytes.contains(0) else {
      return .failure(MissingSource(message: "its text is not UTF-8"))
    }
    return .success(bytes)
  }
}
