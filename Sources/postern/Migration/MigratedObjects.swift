/// The ConfigMaps and Secrets of the files, as text.
struct MigratedObjects {
  private let objects: LocalObjects

  init(_ manifests: [Manifest]) { objects = LocalObjects(manifests) }

  func data(of kind: MountedSource.Kind, _ name: String, namespace: String) -> [String: String]? {
    objects.data(of: kind, name, namespace: namespace)?.mapValues { String(decoding: $0, as: UTF8.self) }
  }
}
