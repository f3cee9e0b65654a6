import Admission
package import DatabaseSpec
import OpenSSL
import TextEncoding

/// The text of a script, identified by its hash.
package struct ScriptText: Equatable, Sendable {
  package let bytes: [UInt8]
  /// The hash of the bytes, in lower-case hexadecimal.
  package let sha256: String
  /// Whether it came from a Secret.
  let isSecret: Bool

  package init(_ bytes: [UInt8], isSecret: Bool) {
    self.bytes = bytes
    self.isSecret = isSecret
    sha256 = Hex.encoded(Digest.sha256(bytes))
  }

  /// The first errors in it, one line each. They contain no word of it.
  package func refusals(isTransaction: Bool) -> [String] {
    guard let sql = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      return ["its text is not UTF-8"]
    }
    return Array(scriptRefusals(sql, isTransaction: isTransaction).prefix(5))
  }
}

/// A question about a script: whether this text may run in this way.
package struct ScriptQuestion: Hashable, Sendable {
  let sha256: String
  package let isTransaction: Bool

  package init(_ text: ScriptText, _ script: Script) {
    sha256 = text.sha256
    isTransaction = script.transaction
  }
}

/// The texts of a spec's scripts. A text that several scripts name is read once.
package struct ScriptTexts {
  private let texts: [Script.Content.Source: Result<ScriptText, MissingSource>]

  package init(_ spec: InstanceSpec, _ sources: InstanceSources) {
    var texts: [Script.Content.Source: Result<ScriptText, MissingSource>] = [:]
    for script in spec.databases.flatMap(\.scripts) {
      guard let source = script.content.source, texts[source] == nil else { continue }
      texts[source] =
        switch source {
        case .configMap(let reference): sources.configMap(reference).map { ScriptText($0, isSecret: false) }
        case .secret(let reference): sources.secret(reference).map { ScriptText($0, isSecret: true) }
        }
    }
    self.texts = texts
  }

  package subscript(script: Script) -> Result<ScriptText, MissingSource> {
    switch script.content {
    case .inline(let sql): return .success(ScriptText(Array(sql.utf8), isSecret: false))
    case .file(let name, _):
      return .failure(MissingSource(message: "the file \(name) is not one that a declaration can name"))
    case .configMap, .secret:
      let source = script.content.source
      return source.flatMap { texts[$0] } ?? .failure(MissingSource(message: "its text has not been read"))
    }
  }
}

extension Script.Content {
  /// The object that contains a text.
  fileprivate enum Source: Hashable {
    case configMap(ObjectKey)
    case secret(ObjectKey)
  }

  fileprivate var source: Source? {
    switch self {
    case .configMap(let reference): .configMap(reference)
    case .secret(let reference): .secret(reference)
    case .inline, .file: nil
    }
  }
}
