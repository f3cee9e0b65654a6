import Contract
import DatabaseSpec
import JSONBytes
import KubernetesAPI

/// A member of `volumeMounts`.
struct VolumeMount: Equatable {
  let volume: String
  /// As it is written.
  let path: String
  /// As it is compared.
  let cleanPath: String
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
    cleanPath = MountPath.clean(path)
    volume = name.map(reader.text) ?? ""
    self.subPath = subPath.map(reader.text) ?? ""
  }

  /// Whether a clean path is at or below it.
  func holds(_ place: String) -> Bool { MountPath.isAtOrBelow(place, cleanPath) }

  /// Whether it conflicts with the sidecar's own mounts.
  var isInTheWay: Bool {
    overlaps(VolumeLayout.mountPath) || overlaps(SidecarContainer.statusPath)
      || MountPath.isAtOrBelow(cleanPath, SidecarContainer.tokenPath)
  }

  private func overlaps(_ folder: String) -> Bool {
    MountPath.isAtOrBelow(folder, cleanPath) || MountPath.isAtOrBelow(cleanPath, folder)
  }
}
