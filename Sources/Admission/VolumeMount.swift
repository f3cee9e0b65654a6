import Contract
import DatabaseSpec
import JSONBytes
import KubernetesAPI

/// A member of `volumeMounts`.
struct VolumeMount: Equatable {
  let volume: String
  let path: String
  let subPath: String

  /// Nil where the mount cannot be repeated in another container because its `subPathExpr` uses the container's own
  /// variables.
  init?(_ reader: inout JSONReader) throws(JSONError) {
    var name: JSONString?
    var place: JSONString?
    var subPath: JSONString?
    var expression: JSONString?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalString()
      } else if reader.matches(key, "mountPath") {
        place = try reader.optionalString()
      } else if reader.matches(key, "subPath") {
        subPath = try reader.optionalString()
      } else if reader.matches(key, "subPathExpr") {
        expression = try reader.optionalString()
      } else {
        try reader.skip()
      }
    }
    guard let place, expression == nil else { return nil }
    path = reader.text(place)
    volume = name.map(reader.text) ?? ""
    self.subPath = subPath.map(reader.text) ?? ""
  }

  /// Whether a path is at or below it.
  func holds(_ place: String) -> Bool { Self.isAtOrBelow(place, path) }

  /// Whether it conflicts with the sidecar's own mounts.
  var isInTheWay: Bool {
    overlaps(VolumeLayout.mountPath) || overlaps(SidecarContainer.statusPath)
      || Self.isAtOrBelow(path, SidecarContainer.tokenPath)
  }

  private func overlaps(_ folder: String) -> Bool {
    Self.isAtOrBelow(folder, path) || Self.isAtOrBelow(path, folder)
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
