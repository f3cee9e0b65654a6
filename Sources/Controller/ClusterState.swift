import Admission
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// What a watch selects.
struct WatchSource: Hashable, Sendable {
  var resource: Resource
  /// Nil: all.
  var namespace: String?
}

/// What is known of the cluster, and whom a change concerns. Pure.
struct ClusterState: Sendable {
  private var customers: [String: [String: Customer]] = [:]
  /// Whose the objects of a source are, by UID.
  private var keys: [WatchSource: [String: CustomerKey]] = [:]
  /// Sources whose objects are not all known yet.
  private var awaited: Set<WatchSource>
  /// Versions of objects that Postern wrote itself: to see them come back is no news.
  private var ownVersions: [ObjectName.Reference: String] = [:]

  init(_ sources: [WatchSource]) { awaited = Set(sources) }

  var isSynced: Bool { awaited.isEmpty }

  /// All customers.
  var all: [CustomerKey] {
    customers.flatMap { namespace, customers in
      customers.keys.map { CustomerKey(namespace: namespace, customer: $0) }
    }
  }

  /// What is known of a customer.
  subscript(key: CustomerKey) -> Customer {
    get { customers[key.namespace]?[key.customer] ?? Customer() }
    set {
      customers[key.namespace, default: [:]][key.customer] = newValue.isEmpty ? nil : newValue
      if customers[key.namespace]?.isEmpty == true { customers[key.namespace] = nil }
    }
  }

  /// What declarations take from a Secret.
  func secretUses(namespace: String, name: String) -> [SecretUse] {
    (customers[namespace] ?? [:]).values.flatMap { $0.uses(of: name) }
  }

  /// Postern wrote an object.
  mutating func wrote(_ object: LiveObject, of key: CustomerKey) {
    ownVersions[.init(kind: object.kind, namespace: key.namespace, name: object.name)] = object.resourceVersion
  }

  /// Takes a change in.
  /// - Returns: whom it concerns.
  mutating func take(_ change: Change, of source: WatchSource) -> Set<CustomerKey> {
    if let kind = DesiredObject.Kind(rawValue: source.resource.kind) { return takeMetadata(change, kind, source) }
    switch change {
    case .replaced(let objects):
      let gone = Set((keys[source] ?? [:]).keys).subtracting(objects.compactMap { $0["metadata"]?["uid"]?.string })
      var woken: Set<CustomerKey> = []
      for uid in gone { woken.formUnion(remove(uid, source)) }
      for object in objects { woken.formUnion(put(object, source)) }
      awaited.remove(source)
      return woken
    case .changed(let object): return put(object, source)
    case .deleted(let object):
      return object["metadata"]?["uid"]?.string.map { remove($0, source) } ?? []
    }
  }

  private mutating func put(_ object: JSONValue, _ source: WatchSource) -> Set<CustomerKey> {
    guard let watched = WatchedObject(object, source.resource) else {
      return object["metadata"]?["uid"]?.string.map { remove($0, source) } ?? []
    }
    var woken: Set<CustomerKey> = []
    if let old = keys[source]?[watched.uid], old != watched.key { woken = remove(watched.uid, source) }
    keys[source, default: [:]][watched.uid] = watched.key
    var customer = self[watched.key]
    let isNews =
      customer.declarers[watched.uid] != watched.declarer
      || watched.pod.map { $0.isInjected ? false : customer.pods[watched.uid]?.isInjected != false } == true
    customer.declarers[watched.uid] = watched.declarer
    customer.pods[watched.uid] = watched.pod
    self[watched.key] = customer
    return isNews ? woken.union([watched.key]) : woken
  }

  private mutating func remove(_ uid: String, _ source: WatchSource) -> Set<CustomerKey> {
    guard let key = keys[source]?.removeValue(forKey: uid) else { return [] }
    var customer = self[key]
    let declared = customer.declarers.removeValue(forKey: uid) != nil
    customer.pods[uid] = nil
    self[key] = customer
    return declared ? [key] : []
  }

  // MARK: Secrets and ConfigMaps

  /// After a gap, any of them may have changed.
  private mutating func takeMetadata(
    _ change: Change, _ kind: DesiredObject.Kind, _ source: WatchSource
  ) -> Set<CustomerKey> {
    switch change {
    case .replaced:
      awaited.remove(source)
      return Set(all.filter { source.namespace == nil || $0.namespace == source.namespace })
    case .changed(let object):
      return concerned(by: object, kind) { [ownVersions] reference, version in ownVersions[reference] == version }
    case .deleted(let object):
      if let reference = ObjectName.Reference(object, kind) { ownVersions[reference] = nil }
      return concerned(by: object, kind) { _, _ in false }
    }
  }

  private func concerned(
    by object: JSONValue, _ kind: DesiredObject.Kind, isOwn: (ObjectName.Reference, String) -> Bool
  ) -> Set<CustomerKey> {
    guard let reference = ObjectName.Reference(object, kind), let candidates = customers[reference.namespace] else {
      return []
    }
    let owns = isOwn(reference, object["metadata"]?["resourceVersion"]?.string ?? "")
    var woken: Set<CustomerKey> = []
    for (name, customer) in candidates {
      let isNamedSo = reference.name.utf8.starts(with: "\(name)-pg-".utf8)
      if (isNamedSo && !owns) || customer.refers(to: kind, reference.name) {
        woken.insert(CustomerKey(namespace: reference.namespace, customer: name))
      }
    }
    return woken
  }
}

extension ObjectName {
  /// One ConfigMap or Secret.
  struct Reference: Hashable, Sendable {
    var kind: DesiredObject.Kind
    var namespace: String
    var name: String

    init(kind: DesiredObject.Kind, namespace: String, name: String) {
      self.kind = kind
      self.namespace = namespace
      self.name = name
    }

    init?(_ object: JSONValue, _ kind: DesiredObject.Kind) {
      guard let metadata = object["metadata"], let namespace = metadata["namespace"]?.string,
        let name = metadata["name"]?.string
      else { return nil }
      self.init(kind: kind, namespace: namespace, name: name)
    }
  }
}
