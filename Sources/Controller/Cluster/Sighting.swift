import JSONBytes
import KubernetesAPI
import KubernetesClient

/// What is kept of an object that a watch reports: only metadata of a Secret or ConfigMap; of any other what a pass
/// needs.
struct Sighting: Equatable, Sendable {
  let header: ObjectHeader
  /// Nil where Postern has nothing to do with the object.
  let watched: WatchedObject?

  static func reader(_ resource: Resource) -> ObjectReader<Self> {
    ObjectReader { object throws(JSONError) in try Self(object, resource) }
  }

  init(_ bytes: [UInt8], _ resource: Resource) throws(JSONError) {
    header = try ObjectHeader(bytes)
    let isNamedOnly = resource == .secrets || resource == .configMaps
    watched = isNamedOnly ? nil : try WatchedObject(bytes, header, resource)
  }
}
