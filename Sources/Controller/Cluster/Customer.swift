import Admission
import Contract
import Instances

/// Everything that is known of one customer in one namespace.
struct Customer: Equatable, Sendable {
  /// By UID.
  var declarers: [String: Declarer] = [:]
  /// By UID.
  var pods: [String: ObservedPod] = [:]
  /// The workload of the Pods, if it has no label itself. It is read when one of its Pods is created, so it may be
  /// outdated.
  var unlabelled: Declarer?

  /// Whether the workload of its Pods must be looked up.
  var needsLookup: Bool { declarers.isEmpty && pods.values.contains { $0.owner != nil } }

  private var allDeclarers: [Declarer] {
    declarers.isEmpty ? [unlabelled].compactMap(\.self) : Array(declarers.values)
  }

  /// The objects that Events of its instance are about.
  var uids: Set<String> { Set(allDeclarers.compactMap(\.workload.uid)).union(pods.keys) }

  var isEmpty: Bool { declarers.isEmpty && pods.isEmpty }

  /// The states of an instance, for `postern_instances`.
  enum State: String, CaseIterable, Sendable {
    /// Everything declared has been made.
    case complete
    /// Something that it refers to is missing, or an object with one of its names belongs to somebody else.
    case incomplete
    /// The declaration has errors.
    case invalid
    /// Several objects declare.
    case conflict
    /// The API server refused a request or did not answer.
    case failed
  }

  /// The instance that a customer must have, or why there is none.
  struct Resolution: Equatable, Sendable {
    var instance: Instance?
    /// Where no object declares: the UIDs of all that share the instance; else nil.
    var silent: Set<String>?
    /// Nil where no object could have an instance.
    var state: State?
    var notices: [Notice] = []
  }

  /// One workload declares; the customer's others that declare nothing share its instance. If none declares anything,
  /// the oldest has an instance without users, because its Pods wait for a spec.
  func resolve(_ key: CustomerKey) -> Resolution {
    let all = allDeclarers.sorted { ($0.created, $0.name) < ($1.created, $1.name) }
    let declaring = all.filter(\.declares)
    var resolution = Resolution()
    guard declaring.count < 2 else {
      let names = declaring.map(\.name).joined(separator: " and ")
      resolution.state = .conflict
      resolution.notices = declaring.map { declarer in
        Notice(
          .conflict, of: declarer.workload, in: key.namespace,
          "\(names) declare for customer \(key.customer); nothing is changed until only one of them does")
      }
      return resolution
    }
    guard let chosen = declaring.first ?? all.first else { return resolution }
    resolution.instance = chosen.instance
    if declaring.isEmpty { resolution.silent = Set(all.compactMap(\.workload.uid)) }
    resolution.state = chosen.instance == nil ? .invalid : .complete
    if chosen.instance == nil {
      resolution.notices.append(
        Notice(
          .invalidDeclaration, of: chosen.workload, in: key.namespace,
          "\(chosen.problems.joined(separator: "\n")); nothing is changed until it is right"))
    }
    for pod in pods.values.sorted(by: { $0.name < $1.name }) where !pod.isInjected {
      resolution.notices.append(
        Notice(
          .notInjected, of: .pod(name: pod.name, uid: pod.uid), in: key.namespace,
          "it has no sidecar: the webhook was not there when it was made, or its namespace has the label "
            + "\(AnnotationKey.inject): \(AnnotationKey.disabledNamespace); delete it, so that it is made again with one, or, "
            + "where it is to have none, write \(AnnotationKey.inject): \"false\" on its workload")
      )
    }
    return resolution
  }

  /// Whether a declaration of this customer refers to this object.
  func refers(to kind: DesiredObject.Kind, _ name: String) -> Bool {
    allDeclarers.contains { $0.instance?.declaration.references(kind).contains(name) == true }
  }

  /// What its declarations use of a Secret.
  func uses(of secret: String) -> [SecretUse] {
    allDeclarers.compactMap { $0.instance?.declaration }.flatMap { declaration in
      SecretUse.all(in: declaration).filter { $0.secret == secret }.map(\.use)
    }
  }
}
