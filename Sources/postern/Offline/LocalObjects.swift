import Contract
import DatabaseSpec
import Declarations
import Instances

/// The ConfigMaps and Secrets of a set of manifests, as the API server would hold them.
struct LocalObjects: Equatable, Sendable {
  /// By namespace.
  private var secrets: [String: [String: [String: [UInt8]]]] = [:]
  private var configMaps: [String: [String: [String: [UInt8]]]] = [:]
  /// The names of Secrets without Postern's label, by namespace. The controller leaves such a Secret alone.
  private var foreign: [String: Set<String>] = [:]

  init(_ manifests: [Manifest] = []) {
    for manifest in manifests {
      switch manifest.kind {
      case "Secret":
        secrets[manifest.namespace, default: [:]][manifest.name] = manifest.object.objectData(.secret)
        if !manifest.object.isPosterns { foreign[manifest.namespace, default: []].insert(manifest.name) }
      case "ConfigMap":
        configMaps[manifest.namespace, default: [:]][manifest.name] = manifest.object.objectData(.configMap)
      default: break
      }
    }
  }

  func secret(_ name: String, namespace: String) -> [String: [UInt8]]? { secrets[namespace]?[name] }
  func configMap(_ name: String, namespace: String) -> [String: [UInt8]]? { configMaps[namespace]?[name] }

  func data(of kind: MountedSource.Kind, _ name: String, namespace: String) -> [String: [UInt8]]? {
    switch kind {
    case .secret: secret(name, namespace: namespace)
    case .configMap: configMap(name, namespace: namespace)
    }
  }

  /// What the controller would make for an instance that a manifest declares, if these objects were in the cluster.
  /// - Parameters:
  ///   - runs: whether what is mounted into the sidecars is among the objects, so that it counts.
  ///   - generate: makes the password of a user who has none.
  func made(
    for instance: Instance, declaredBy manifest: Manifest, runs: Bool = false, generate: () -> Password?
  ) throws(CommandError) -> InstanceObjects {
    var sources = InstanceSources(
      secrets: secrets[manifest.namespace] ?? [:], configMaps: configMaps[manifest.namespace] ?? [:])
    sources.taken = foreign[manifest.namespace] ?? []
    if runs { sources.takeMounted(for: instance.declaration.spec.customer) }
    do throws(FlatFileError) {
      // Without a cluster, nobody asks the sidecar for its status.
      return try InstanceObjects.make(
        for: instance, from: sources, generate: generate, word: { nil })
    } catch {
      throw CommandError(status: .refused, lines: error.messages.map { "error: \(manifest.place): \($0)" })
    }
  }

  /// Secrets of the objects that have a name which the controller needs for a customer, and that it leaves alone.
  func conflicts(with spec: InstanceSpec, namespace: String) -> [InstanceProblem] {
    var sources = InstanceSources()
    sources.taken = foreign[namespace] ?? []
    return sources.conflicts(with: spec, usesGeneratedAdmin: false)
  }

  /// Applies an object of the controller's. Keys of a Secret that it does not name stay.
  mutating func apply(_ object: DesiredObject) {
    let data = object.data.mapValues { Array($0.utf8) }
    switch object.kind {
    case .secret: secrets[object.namespace, default: [:]][object.name, default: [:]].merge(data) { _, new in new }
    case .configMap: configMaps[object.namespace, default: [:]][object.name] = data
    }
  }

  /// Puts a Secret in the place of another, with no key of it.
  mutating func replace(_ secret: DesiredObject) {
    secrets[secret.namespace, default: [:]][secret.name] = secret.data.mapValues { Array($0.utf8) }
  }

  /// Merges the Secrets of both. If both have a key, this one's value is kept: values from a file win over generated ones.
  func merging(_ others: LocalObjects) -> LocalObjects {
    var merged = self
    for (namespace, objects) in others.secrets {
      for (name, data) in objects { merged.addSecret(name, namespace: namespace, data: data) }
    }
    return merged
  }

  mutating func addConfigMap(_ name: String, namespace: String, data: [String: [UInt8]]) {
    configMaps[namespace, default: [:]][name] = data
  }

  /// Adds what this has not of a Secret.
  mutating func addSecret(_ name: String, namespace: String, data: [String: [UInt8]], isPosterns: Bool = true) {
    if !isPosterns, secret(name, namespace: namespace) == nil { foreign[namespace, default: []].insert(name) }
    secrets[namespace, default: [:]][name, default: [:]].merge(data) { old, _ in old }
  }
}
