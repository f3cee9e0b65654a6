import Admission
import Contract
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// A customer's workload or bare Pod, and its declaration.
struct Declarer: Equatable, Sendable {
  var workload: Instance.Workload
  /// `metadata.creationTimestamp`. As text, it sorts by time.
  var created: String
  /// Whether it declares what the instance holds.
  var declares: Bool
  /// Nil where the declaration has errors.
  var instance: Instance?
  /// All errors, one line each.
  var problems: [String]

  /// The kind and name, such as `Deployment db`.
  var name: String { "\(workload.kind) \(workload.name)" }
}

/// A customer's Pod that has not ended.
struct ObservedPod: Equatable, Sendable {
  /// The controller that made and manages the Pod (Kubernetes docs, "Owners and Dependents").
  struct Owner: Hashable, Sendable {
    var kind: String
    var name: String

    init(kind: String, name: String) {
      (self.kind, self.name) = (kind, name)
    }

    /// Reads an element of `ownerReferences`; nil where it is not the controller.
    init?(_ reader: inout JSONReader) throws(JSONError) {
      var (kind, name, isController) = (String?.none, String?.none, false)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "kind") {
          kind = try reader.optionalText()
        } else if reader.matches(key, "name") {
          name = try reader.optionalText()
        } else if reader.matches(key, "controller"), try reader.peek() == .bool {
          isController = try reader.bool()
        } else {
          try reader.skip()
        }
      }
      guard isController, let kind, let name else { return nil }
      self.init(kind: kind, name: name)
    }
  }

  var name: String
  var uid: String
  var isInjected: Bool
  var isRunning: Bool
  /// Nil for a bare Pod.
  var owner: Owner?
  /// Its IP address.
  var address: String?
  /// The port of its sidecar's status.
  var statusPort: Int?
  /// How many times its containers have been restarted.
  var restarts = 0
  /// The condition that Postern has written.
  var condition: Condition?
  /// Its sidecar, if it has one.
  var sidecar = Sidecar()

  /// The place at which the sidecar answers. If it changes, another sidecar may answer.
  struct Place: Equatable {
    var address: String?
    var port: Int?
    var restarts: Int
  }

  var place: Place { Place(address: address, port: statusPort, restarts: restarts) }

  /// The condition ``PodCondition/provisioned``.
  struct Condition: Equatable, Sendable {
    var status: String
    var reason: String
    var message: String

    init(status: String, reason: String, message: String) {
      (self.status, self.reason, self.message) = (status, reason, message)
    }

    /// Reads an element of `conditions`.
    static func read(_ reader: inout JSONReader) throws(JSONError) -> (type: String?, condition: Self) {
      var type: String?
      var (status, reason, message) = ("", "", "")
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "type") {
          type = try reader.optionalText()
        } else if reader.matches(key, "status") {
          status = try reader.optionalText() ?? ""
        } else if reader.matches(key, "reason") {
          reason = try reader.optionalText() ?? ""
        } else if reader.matches(key, "message") {
          message = try reader.optionalText() ?? ""
        } else {
          try reader.skip()
        }
      }
      return (type, Self(status: status, reason: reason, message: message))
    }
  }
}

/// A labelled object, reduced to what a pass needs.
struct WatchedObject: Equatable, Sendable {
  let uid: String
  let key: CustomerKey
  let declarer: Declarer?
  let pod: ObservedPod?

  /// Nil where Postern has nothing to do with the object.
  init?(_ bytes: [UInt8], _ header: ObjectHeader, _ resource: Resource) throws(JSONError) {
    let life = try ObjectLife(bytes)
    guard !header.uid.isEmpty, !header.namespace.isEmpty, !life.isOver,
      let declared = DeclaredPostgres(bytes, kind: resource.groupVersionKind, namespace: header.namespace)
    else { return nil }
    uid = header.uid
    key = CustomerKey(namespace: header.namespace, customer: declared.customer)
    if resource == .pods {
      pod = ObservedPod(
        name: header.name, uid: uid, isInjected: declared.isInjected, isRunning: life.phase == "Running",
        owner: life.owner, address: life.address, statusPort: life.statusPort, restarts: life.restarts,
        condition: life.condition, sidecar: life.sidecar)
      // A Pod of a workload declares nothing itself; its workload does. Where that has gone without its Pods, what the template
      // said is not all that was declared, and nobody has taken the rest back.
      guard life.owner == nil, !life.isMadeOfTemplate else {
        declarer = nil
        return
      }
    } else {
      pod = nil
    }
    let workload = Instance.Workload(
      apiVersion: resource.apiVersion, kind: resource.kind, name: header.name, uid: uid)
    declarer = Declarer(
      workload: workload, created: life.created, declares: declared.declares,
      instance: Instance(declared, namespace: header.namespace, workload: workload), problems: declared.problems)
  }
}
