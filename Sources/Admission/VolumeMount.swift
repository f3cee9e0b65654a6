import DatabaseSpec
import JSONBytes
import KubernetesAPI

/// A member of `volumeMounts`.
struct VolumeMount: Equatable {
  private(set) var volume = ""
  private(set) var path = ""
  private(set) var subPath = ""
  /// `subPathExpr`, which speaks of the container's own variables: no other container can repeat it.
  private var hasExpression = false

  init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        volume = try reader.optionalText() ?? ""
      } else if reader.matches(key, "mountPath") {
        path = try reader.optionalText() ?? ""
      } else if reader.matches(key, "subPath") {
        subPath = try reader.optionalText() ?? ""
      } else if reader.matches(key, "subPathExpr") {
        hasExpression = try reader.optionalText() != nil
      } else {
        try reader.skip()
      }
    }
  }

  /// Whether a file is at or below the mount, and the mount can be repeated elsewhere.
  func holds(_ file: String) -> Bool {
    !hasExpression && Self.isAtOrBelow(file, path)
  }

  /// Whether it cannot stand beside the sidecar's own mounts.
  var isInTheWay: Bool {
    [VolumeLayout.mountPath, Injection.statusPath].contains { Self.isAtOrBelow($0, path) || Self.isAtOrBelow(path, $0) }
  }

  private static func isAtOrBelow(_ path: String, _ folder: String) -> Bool {
    let path = path.utf8Span.span
    let folder = folder.utf8Span.span
    let slash = UInt8(ascii: "/")
    let length = !folder.isEmpty && folder[folder.count - 1] == slash ? folder.count - 1 : folder.count
    guard path.count >= length, path.count == length || path[length] == slash else { return false }
    for index in 0..<length where path[index] != folder[index] { return false }
    return true
  }
}
