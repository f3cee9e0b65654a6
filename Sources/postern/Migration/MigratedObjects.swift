/// The ConfigMaps and Secrets of the files, as text.
struct MigratedObjects {
  private let objects: LocalObjects

  init(_ manifests: [Manifest]) { objects = LocalObjects(manifests) }

  func configMap(_ name: String, namespace: String) -> [String: String]? {
    objects.configMap(name, namespace: namespace)?.mapValues { String(decoding: $0, as: UTF8.self) }
  }

  func secret(_ name: String, namespace: String) -> [String: String]? {
    objects.secret(name, namespace: namespace)?.mapValues { String(decoding: $0, as: UTF8.self) }
  }
}
