import Admission
import Contract
import Instances
import KubernetesAPI
import KubernetesClient

/// The objects that a watch selects.
struct WatchSource: Hashable, Sendable {
  var resource: Resource
  /// Nil: all namespaces.
  var namespace: String?
}

/// What is known of the cluster, and which customers a change affects. Pure.
struct ClusterState: Sendable {
  private var customers: [String: [String: Customer]] = [:]
  /// The customers of a source's objects, by UID.
  private var keys: [WatchSource: [String: CustomerKey]] = [:]
  /// For sources that are being listed: the UIDs of the objects that have been reported so far.
  private var listing: [WatchSource: Set<String>] = [:]
  /// Sources whose list is not complete yet.
  private var awaited: Set<WatchSource>
  /// Those of them that the API server forbids, or fails for long.
  private var leftOut: Set<WatchSource> = []
  private let sourceCount: Int
  /// Versions that Postern wrote itself and that the watch has not reported yet. When they are reported, they are no
  /// news.
  private(set) var ownVersions: Set<ObjectName.Version> = []
  /// The customers that a pass works on, and the versions of their objects that watches report meanwhile. A watch may
  /// report a write before the API server's answer to it arrives.
  private var unsure: [CustomerKey: [ObjectName.Version]] = [:]

  /// Customers whose Pods have changed since ``takePodNews()`` was last called.
  private var podNews: Set<CustomerKey> = []

  init(_ sources: [WatchSource]) {
    awaited = Set(sources)
    sourceCount = awaited.count
  }

  /// Whether all is known but for what is left out.
  var isSynced: Bool { awaited.count == leftOut.count && awaited.count < sourceCount }

  /// Whether all is known of a namespace.
  func knows(_ namespace: String) -> Bool {
    !awaited.contains { $0.namespace == nil || $0.namespace == namespace }
  }

  /// The API server forbids a source, or fails it for long: nothing else waits for it.
  mutating func leaveOut(_ source: WatchSource) {
    if awaited.contains(source) { leftOut.insert(source) }
  }

  /// A source's list is complete.
  /// - Returns: the customers that have waited for it: while it was left out, no pass began.
  private mutating func listed(_ source: WatchSource) -> Set<CustomerKey> {
    awaited.remove(source)
    return leftOut.remove(source) == nil ? [] : Set(all.filter { $0.namespace == source.namespace })
  }

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

  /// What declarations use of a Secret.
  func secretUses(namespace: String, name: String) -> [SecretUse] {
    (customers[namespace] ?? [:]).values.flatMap { $0.uses(of: name) }
  }

  /// The objects that are known to declare for a customer. It does not include the workload that only its Pods show,
  /// because that may be gone.
  func declaring(_ key: CustomerKey) -> [DeclaringObject] {
    self[key].declarers.values.filter(\.declares).map {
      DeclaringObject(kind: $0.workload.kind, name: $0.workload.name)
    }
  }

  /// What a customer declares, for those who connect to it.
  func known(_ key: CustomerKey) -> KnownCustomer {
    guard knows(key.namespace) else { return .unreadable }
    let customer = self[key]
    guard !customer.isEmpty else { return .absent }
    return customer.resolve(key).instance.map { .declared($0.declaration) } ?? .unreadable
  }

  /// The customers whose Pods have changed since the last call.
  mutating func takePodNews() -> Set<CustomerKey> {
    defer { podNews = [] }
    return podNews
  }

  /// A pass over a customer begins.
  mutating func began(_ key: CustomerKey) { unsure[key] = [] }

  /// Postern has written an object.
  mutating func wrote(_ object: LiveObject, of key: CustomerKey) {
    let reference = ObjectName.Reference(kind: object.kind, namespace: key.namespace, name: object.name)
    ownVersions.insert(ObjectName.Version(reference: reference, version: object.resourceVersion))
  }

  /// A pass over a customer ends.
  /// - Returns: whether somebody else changed one of its objects meanwhile.
  mutating func ended(_ key: CustomerKey) -> Bool {
    var hasNews = false
    for version in unsure.removeValue(forKey: key) ?? [] where ownVersions.remove(version) == nil { hasNews = true }
    return hasNews
  }

  /// Takes a change from a watch.
  /// - Returns: the customers that it affects.
  mutating func take(_ change: Change<Sighting>, of source: WatchSource) -> Set<CustomerKey> {
    if let kind = DesiredObject.Kind(rawValue: source.resource.kind) { return takeHeader(change, kind, source) }
    switch change {
    case .listing:
      listing[source] = []
      return []
    case .present(let sighting):
      listing[source]?.insert(sighting.header.uid)
      return put(sighting, source)
    case .listed:
      let gone = Set((keys[source] ?? [:]).keys).subtracting(listing.removeValue(forKey: source) ?? [])
      return gone.reduce(into: listed(source)) { $0.formUnion(remove($1, source)) }
    case .deleted(let sighting): return remove(sighting.header.uid, source)
    }
  }

  private mutating func put(_ sighting: Sighting, _ source: WatchSource) -> Set<CustomerKey> {
    guard let watched = sighting.watched else { return remove(sighting.header.uid, source) }
    var woken: Set<CustomerKey> = []
    if let old = keys[source]?[watched.uid], old != watched.key { woken = remove(watched.uid, source) }
    keys[source, default: [:]][watched.uid] = watched.key
    var customer = self[watched.key]
    let old = customer.pods[watched.uid]
    var isNews = customer.declarers[watched.uid] != watched.declarer
    if let pod = watched.pod {
      // Who owns a Pod is what its customer is looked up by, where nothing with a label declares.
      let isAnothers = old == nil || old?.owner != pod.owner
      isNews = isNews || (!pod.isInjected && old?.isInjected != false) || (isAnothers && customer.declarers.isEmpty)
    }
    customer.declarers[watched.uid] = watched.declarer
    customer.pods[watched.uid] = watched.pod
    if !customer.needsLookup { customer.unlabelled = nil }
    if old != watched.pod { podNews.insert(watched.key) }
    self[watched.key] = customer
    return isNews ? woken.union([watched.key]) : woken
  }

  private mutating func remove(_ uid: String, _ source: WatchSource) -> Set<CustomerKey> {
    guard let key = keys[source]?.removeValue(forKey: uid) else { return [] }
    var customer = self[key]
    let declared = customer.declarers.removeValue(forKey: uid) != nil
    if customer.pods.removeValue(forKey: uid) != nil { podNews.insert(key) }
    if !customer.needsLookup { customer.unlabelled = nil }
    self[key] = customer
    return declared ? [key] : []
  }

  // MARK: Secrets and ConfigMaps

  /// Objects that exist already are not reported. So after a gap in the watch, any of them may have changed.
  private mutating func takeHeader(
    _ change: Change<Sighting>, _ kind: DesiredObject.Kind, _ source: WatchSource
  ) -> Set<CustomerKey> {
    switch change {
    case .listing: return []
    case .listed:
      _ = listed(source)
      ownVersions = []
      return Set(all.filter { source.namespace == nil || $0.namespace == source.namespace })
    case .present(let sighting): return concerned(by: sighting.header, kind)
    case .deleted(let sighting): return concerned(by: sighting.header, kind, isGone: true)
    }
  }

  private mutating func concerned(
    by header: ObjectHeader, _ kind: DesiredObject.Kind, isGone: Bool = false
  ) -> Set<CustomerKey> {
    let reference = ObjectName.Reference(kind: kind, namespace: header.namespace, name: header.name)
    let version = ObjectName.Version(reference: reference, version: header.resourceVersion)
    let isOwn = !isGone && ownVersions.remove(version) != nil
    var woken: Set<CustomerKey> = []
    for (name, customer) in customers[reference.namespace] ?? [:] {
      let key = CustomerKey(namespace: reference.namespace, customer: name)
      if customer.refers(to: kind, reference.name) {
        woken.insert(key)
      } else if !isOwn, reference.name.utf8.starts(with: ObjectName.prefix(customer: name).utf8) {
        if !isGone, unsure[key] != nil { unsure[key]?.append(version) } else { woken.insert(key) }
      }
    }
    return woken
  }
}

extension ObjectName {
  /// Identifies a ConfigMap or Secret.
  struct Reference: Hashable, Sendable {
    var kind: DesiredObject.Kind
    var namespace: String
    var name: String
  }

  /// Identifies a version of a ConfigMap or Secret.
  struct Version: Hashable, Sendable {
    var reference: Reference
    var version: String
  }
}
