package import Admission
import Declarations
import JSONBytes
import KubernetesAPI

/// A workload or bare Pod that is a customer's, and what it declares.
struct Declarer: Equatable, Sendable {
  var workload: Instance.Workload
  /// `metadata.creationTimestamp`, which sorts as text.
  var created: String
  /// Whether it says what the instance holds.
  var declares: Bool
  /// Nil where something is wrong.
  var instance: Instance?
  /// All that is wrong, a line each.
  var problems: [String]

  /// Such as `Deployment db`.
  var name: String { "\(workload.kind) \(workload.name)" }
}

/// A customer's Pod that is not over.
struct ObservedPod: Equatable, Sendable {
  /// What made it, and sees to it (Kubernetes docs, "Owners and Dependents").
  struct Owner: Hashable, Sendable {
    var kind: String
    var name: String

    /// Nil where nothing did.
    init?(_ metadata: JSONValue?) {
      let owners = metadata?["ownerReferences"]?.array ?? []
      guard let owner = owners.first(where: { $0["controller"] == .bool(true) }), let kind = owner["kind"]?.string,
        let name = owner["name"]?.string
      else { return nil }
      (self.kind, self.name) = (kind, name)
    }
  }

  var name: String
  var uid: String
  var isInjected: Bool
  var isRunning: Bool
  /// Nil: it is a bare one.
  var owner: Owner?
}

/// A labelled object, reduced to what a pass needs.
struct WatchedObject: Sendable {
  let uid: String
  let key: CustomerKey
  let declarer: Declarer?
  let pod: ObservedPod?

  /// Nil where Postern has nothing to do with it.
  init?(_ object: JSONValue, _ resource: Resource) {
    guard let metadata = object["metadata"], let uid = metadata["uid"]?.string,
      let namespace = metadata["namespace"]?.string, let name = metadata["name"]?.string
    else { return nil }
    let kind = GroupVersionKind(group: resource.group, version: resource.version, kind: resource.kind)
    let phase = object["status"]?["phase"]?.string
    guard phase != "Succeeded", phase != "Failed",
      let declared = DeclaredPostgres(object, kind: kind, namespace: namespace)
    else { return nil }
    self.uid = uid
    key = CustomerKey(namespace: namespace, customer: declared.customer)
    if resource == .pods {
      let owner = ObservedPod.Owner(metadata)
      pod = ObservedPod(
        name: name, uid: uid, isInjected: declared.isInjected, isRunning: phase == "Running", owner: owner)
      // What makes a Pod declares for it.
      guard owner == nil else {
        declarer = nil
        return
      }
    } else {
      pod = nil
    }
    let workload = Instance.Workload(
      apiVersion: resource.apiVersion, kind: resource.kind, name: name, uid: uid)
    declarer = Declarer(
      workload: workload, created: metadata["creationTimestamp"]?.string ?? "", declares: declared.declares,
      instance: Instance(declared, namespace: namespace, workload: workload), problems: declared.problems)
  }
}

extension Instance {
  /// What an object declares; nil where something is wrong with it.
  package init?(_ declared: DeclaredPostgres, namespace: String, workload: Workload) {
    guard let declaration = declared.declaration else { return nil }
    self.init(
      namespace: namespace, workload: workload, declaration: declaration, port: declared.port,
      usesGeneratedAdmin: declared.usesGeneratedAdmin)
  }
}
