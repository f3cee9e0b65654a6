import Contract
import JSONBytes
import KubernetesAPI

/// A member of `volumeMounts`. It keeps places, because most mounts are only compared with a path.
struct VolumeMount: Equatable {
  private let name: JSONString?
  private let place: JSONString
  private let subPlace: JSONString?
  private let bytes: [UInt8]
  /// Whether its path is clean as it is written, as nearly all are.
  private let isClean: Bool

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
    (self.name, self.place, subPlace, bytes) = (name, place, subPath, reader.bytes)
    isClean = !place.hasEscapes && MountPath.isClean(reader.bytes.span.extracting(place.range))
  }

  /// The volume's name.
  var volume: String { name.map { text($0) } ?? "" }
  /// As it is written.
  var path: String { text(place) }
  /// As it is compared.
  var cleanPath: String { isClean ? path : MountPath.clean(path) }
  var subPath: String { subPlace.map { text($0) } ?? "" }

  private func text(_ string: JSONString) -> String { JSONReader(bytes).text(string) }

  /// Whether a clean path is at or below it.
  func holds(_ path: String) -> Bool {
    guard isClean else { return MountPath.isAtOrBelow(path, cleanPath) }
    return MountPath.isAtOrBelow(path.utf8Span.span, bytes.span.extracting(place.range))
  }

  /// Whether it conflicts with the sidecar's own mounts.
  var isInTheWay: Bool {
    let path = cleanPath
    func overlaps(_ folder: String) -> Bool {
      MountPath.isAtOrBelow(folder, path) || MountPath.isAtOrBelow(path, folder)
    }
    return overlaps(VolumeLayout.mountPath) || overlaps(SidecarContainer.statusPath)
      || MountPath.isAtOrBelow(path, SidecarContainer.tokenPath)
  }
}
