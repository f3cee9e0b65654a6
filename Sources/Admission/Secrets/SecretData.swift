import JSONBytes
import KubernetesAPI
import TextEncoding

/// The values of a Secret that Postern uses.
struct SecretData {
  enum Value: Equatable {
    case bytes([UInt8])
    case notBase64
  }

  private var values: [String: Value] = [:]

  /// Reads `data` and `stringData`. `stringData` takes precedence (Kubernetes docs, Secret): the API server merges it
  /// into `data`, but a manifest that is checked offline may still have it.
  /// - Parameter keys: the keys to read; others are skipped.
  init(_ slices: ObjectSlices?, keys: Set<String>, of bytes: [UInt8]) throws(JSONError) {
    for (slice, isEncoded) in [(slices?.data, true), (slices?.stringData, false)] {
      guard let slice else { continue }
      var reader = JSONReader(slice, of: bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        let name = reader.text(key)
        guard keys.contains(name) else {
          try reader.skip()
          continue
        }
        let text = try reader.optionalText() ?? ""
        values[name] = isEncoded ? Self.decoded(text) : .bytes(Array(text.utf8))
      }
    }
  }

  /// Nil where there is no such key.
  subscript(key: String) -> Value? { values[key] }

  /// Decodes as the API server does, which ignores line breaks (Go, encoding/base64).
  private static func decoded(_ text: String) -> Value {
    let isBroken = text.utf8.contains { $0 == 0x0A || $0 == 0x0D }
    let joined = isBroken ? String(text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" }) : text
    return Base64.decoded(joined).map(Value.bytes) ?? .notBase64
  }
}
