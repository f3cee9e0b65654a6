import Contract
import Admission
import DatabaseSpec
import OpenSSL
import TextEncoding

/// The scripts of a spec as files beside `spec.json`, each known by the hash of its text, and the spec that names them.
struct ScriptFiles {
  /// The spec in which every script whose text is to be had is a `.file`; the others are left out until it is.
  private(set) var spec: InstanceSpec
  /// Texts that may stand in a ConfigMap, by file.
  private(set) var publicFiles: [String: String] = [:]
  /// Texts that came from a Secret, by file.
  private(set) var secretFiles: [String: String] = [:]

  init(spec: InstanceSpec, sources: InstanceSources, problems: inout [InstanceProblem]) {
    self.spec = spec
    for (index, database) in spec.databases.enumerated() {
      self.spec.databases[index].scripts = database.scripts.compactMap { script in
        let mounted = sources.mounted.script(script.name, in: database.name)
        switch Self.text(of: script, from: sources, mounted: mounted?.text) {
        case .success(let text): return place(script, text: text, isSecret: script.isSecret)
        case .failure(let missing):
          let stays = mounted == nil ? "it is not run" : "it stays as it was"
          problems.append(
            InstanceProblem(
              reason: missing.reason,
              message: "script \(script.name) in \(database.name.text): \(missing.message); \(stays)"))
          return mounted.map { place($0.script, text: $0.text, isSecret: $0.isSecret) }
        }
      }
    }
  }

  private mutating func place(_ script: Script, text bytes: [UInt8], isSecret: Bool) -> Script {
    let hash = Hex.encoded(Digest.sha256(bytes))
    let file = VolumeLayout.scriptFile(sha256: hash)
    let text = String(decoding: bytes, as: UTF8.self)
    if isSecret { secretFiles[file] = text } else { publicFiles[file] = text }
    var placed = script
    placed.content = .file(name: file, sha256: hash)
    placed.isConfidential = isSecret
    return placed
  }

  /// - Parameter mounted: a text that has been found good before.
  private static func text(
    of script: Script, from sources: InstanceSources, mounted: [UInt8]?
  ) -> Result<[UInt8], MissingSource> {
    let given: Result<[UInt8], MissingSource>
    switch script.content {
    case .inline(let sql): return .success(Array(sql.utf8))
    case .configMap(let reference): given = sources.configMap(reference)
    case .secret(let reference): given = sources.secret(reference)
    case .file(let name, _):
      return .failure(MissingSource(message: "the file \(name) is not one that a declaration can name"))
    }
    return given.flatMap { bytes in
      bytes == mounted ? .success(bytes) : checked(bytes, script)
    }
  }

  /// What the webhook says of a script in a declaration is said here of one that an object holds.
  private static func checked(_ bytes: [UInt8], _ script: Script) -> Result<[UInt8], MissingSource> {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      return .failure(MissingSource(reason: .invalidDeclaration, message: "its text is not UTF-8"))
    }
    let refusals = scriptRefusals(text, named: script.name, isTransaction: script.transaction)
    guard refusals.isEmpty else {
      return .failure(MissingSource(reason: .invalidDeclaration, message: refusals.joined(separator: "; ")))
    }
    return .success(bytes)
  }
}

extension Script {
  fileprivate var isSecret: Bool {
    if case .secret = content { true } else { false }
  }
}
