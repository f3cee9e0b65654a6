import Controller
import JSONBytes

/// The ConfigMaps and Secrets of a set of manifests, as the API server would hold them.
struct LocalObjects: Equatable {
  /// By namespace.
  private var secrets: [String: [String: [String: [UInt8]]]] = [:]
  private var configMaps: [String: [String: [String: [UInt8]]]] = [:]

  init(_ manifests: [Manifest] = []) {
    for manifest in manifests {
      switch manifest.kind {
      case "Secret": secrets[manifest.namespace, default: [:]][manifest.name] = manifest.object.objectData(.secret)
      case "ConfigMap":
        configMaps[manifest.namespace, default: [:]][manifest.name] = manifest.object.objectData(.configMap)
      default: break
      }
    }
  }

  func secret(_ name: String, namespace: String) -> [String: [UInt8]]? { secrets[namespace]?[name] }
  func configMap(_ name: String, namespace: String) -> [String: [UInt8]]? { configMaps[namespace]?[name] }

  func sources(namespace: String) -> InstanceSources {
    InstanceSources(secrets: secrets[namespace] ?? [:], configMaps: configMaps[namespace] ?? [:])
  }

  /// Adds what the controller makes; values that are there already stay, as with an object that somebody else wrote.
  mutating func apply(_ object: DesiredObject) {
    let data = object.data.mapValues { Array($0.utf8) }
    switch object.kind {
    case .secret: secrets[object.namespace, default: [:]][object.name, default: [:]].merge(data) { _, new in new }
    case .configMap: configMaps[object.namespace, default: [:]][object.name] = data
    }
  }

  /// Both; where both have an object's key, this one's stays: what a file gives goes before what was made.
  func merging(_ others: LocalObjects) -> LocalObjects {
    var merged = self
    for (namespace, objects) in others.secrets {
      for (name, data) in objects { merged.addSecret(name, namespace: namespace, data: data) }
    }
    return merged
  }

  mutating func addSecret(_ name: String, namespace: String, data: [String: [UInt8]]) {
    secrets[namespace, default: [:]][name, default: [:]].merge(data) { old, _ in old }
  }
}
