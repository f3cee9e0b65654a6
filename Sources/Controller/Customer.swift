import Admission
import DatabaseSpec
import Declarations
import KubernetesAPI

/// All that is known of one customer in one namespace.
struct Customer: Equatable, Sendable {
  /// By UID.
  var declarers: [String: Declarer] = [:]
  /// By UID.
  var pods: [String: ObservedPod] = [:]
  /// The workload of the Pods, where it is not labelled itself: as it was when a Pod of it was last made.
  var unlabelled: Declarer?

  /// Whether its Pods' workload is to be looked up.
  var needsLookup: Bool { declarers.isEmpty && pods.values.contains { $0.owner != nil } }

  private var allDeclarers: [Declarer] {
    declarers.isEmpty ? [unlabelled].compactMap(\.self) : Array(declarers.values)
  }

  var isEmpty: Bool { declarers.isEmpty && pods.isEmpty }

  /// How an instance is, for `postern_instances`.
  enum State: String, CaseIterable, Sendable {
    /// All that is declared is made.
    case complete
    /// Something that it refers to is not to be had, or an object of its name is somebody else's.
    case incomplete
    /// What it declares cannot be read.
    case invalid
    /// Several declare.
    case conflict
    /// The API server did not take or give something.
    case failed
  }

  /// Who is to have what: one instance, or why there is none.
  struct Resolution: Equatable, Sendable {
    var instance: Instance?
    /// Nil where there is nobody to have an instance.
    var state: State?
    var notices: [Notice] = []
  }

  /// One workload declares; others of the customer's that say nothing share what it has. Where none says anything, the
  /// oldest has an instance without users: its Pods wait for a spec.
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
          .notInjected, of: .init(apiVersion: "v1", kind: "Pod", name: pod.name, uid: pod.uid), in: key.namespace,
          "it has no sidecar: the webhook was not there when it was made; delete it, so that it is made again with one")
      )
    }
    return resolution
  }

  /// Whether it is of interest to a declaration of this customer's when this object changes.
  func refers(to kind: DesiredObject.Kind, _ name: String) -> Bool {
    allDeclarers.contains { $0.instance?.declaration.references(kind).contains(name) == true }
  }

  /// What its declarations take from a Secret.
  func uses(of secret: String) -> [SecretUse] {
    allDeclarers.compactMap { $0.instance?.declaration }.flatMap { declaration in
      SecretUse.all(in: declaration).filter { $0.secret == secret }.map(\.use)
    }
  }
}

extension Declaration {
  /// The objects that hold what it refers to, by name.
  func references(_ kind: DesiredObject.Kind) -> Set<String> {
    var names: Set<String> = []
    if kind == .secret {
      names.formUnion(passwordSources.values.map(\.name))
      if let usersFrom { names.insert(usersFrom.name) }
    }
    for script in spec.databases.flatMap(\.scripts) {
      switch (script.content, kind) {
      case (.secret(let reference), .secret), (.configMap(let reference), .configMap): names.insert(reference.name)
      default: break
      }
    }
    return names
  }
}
