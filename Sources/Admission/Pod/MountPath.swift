/// Paths in containers, as the kubelet compares them (Kubernetes src: `makeMounts`, `getNestedMountpoints`).
package enum MountPath {
  private static let slash = UInt8(ascii: "/")
  private static let dot = UInt8(ascii: ".")

  /// The shortest path that means the same: absolute, and without empty parts, `.` and `..` (Go docs, `path.Clean`).
  package static func clean(_ path: String) -> String {
    guard !isClean(path.utf8Span.span) else { return path }
    var parts: [Substring.UTF8View] = []
    for part in path.utf8.split(separator: slash) {
      if part.elementsEqual("..".utf8) {
        _ = parts.popLast()
      } else if !part.elementsEqual(".".utf8) {
        parts.append(part)
      }
    }
    return "/" + parts.map { String(Substring($0)) }.joined(separator: "/")
  }

  /// Whether a path is at or below a folder. Both must be clean.
  package static func isAtOrBelow(_ path: String, _ folder: String) -> Bool {
    isAtOrBelow(path.utf8Span.span, folder.utf8Span.span)
  }

  static func isAtOrBelow(_ path: Span<UInt8>, _ folder: Span<UInt8>) -> Bool {
    let length = folder.count == 1 ? 0 : folder.count
    guard path.count >= length, path.count == length || path[length] == slash else { return false }
    for index in 0..<length where path[index] != folder[index] { return false }
    return true
  }

  /// Nearly all paths are clean, and are not copied.
  static func isClean(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count > 1, bytes[0] == slash else { return false }
    // A part that is empty or begins with a dot may have to go.
    var isBehindSlash = false
    for index in bytes.indices {
      let byte = bytes[index]
      guard !isBehindSlash || (byte != slash && byte != dot) else { return false }
      isBehindSlash = byte == slash
    }
    return !isBehindSlash
  }
}
