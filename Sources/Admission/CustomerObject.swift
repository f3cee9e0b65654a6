import Contract
import JSONBytes
import KubernetesAPI

/// A workload or Pod that is a customer's Postgres. The webhook uses it for objects in a review, the controller for
/// existing ones, and `postern check` for objects in a file. A class, because all stages hand it on, and copies would retain
/// every part of it.
final class CustomerObject {
  enum Role {
    case pod
    /// A Deployment or a StatefulSet.
    case workload

    /// Nil for kinds that cannot be a customer's Postgres.
    init?(_ kind: GroupVersionKind) {
      switch kind {
      case .pod: self = .pod
      case .deployment, .statefulSet: self = .workload
      default: return nil
      }
    }
  }

  let role: Role
  /// `Pod`, `Deployment` or `StatefulSet`.
  let kind: String
  /// The customer: the object's label, else the template's.
  let customer: String
  let metadata: ObjectMetadata
  /// The metadata of a workload's Pod template; nil for a Pod.
  let template: ObjectMetadata?
  /// The object's own name.
  let name: JSONSlice?
  /// The object's own `spec`.
  let spec: PodSpecSlices
  /// The Pod, or the workload's Pod template.
  let pod: PodSlices?
  /// Whether it is a Pod that was made from a template. The template's declarations were checked when it was applied,
  /// and newer rules must not prevent the Pod from being replaced.
  var isMadeOfTemplate: Bool { maker != nil }
  /// The kind of a Pod's controller; nil for a workload, and for a bare Pod.
  let maker: String?
  /// The document that contains the slices.
  let bytes: [UInt8]

  /// Nil where Postern has nothing to do: another kind, the namespace kube-system, an object that is being deleted, a
  /// mirror Pod, an object without a customer, or one with `postern.io/inject: "false"`.
  init?(
    _ slices: ObjectSlices, _ kind: GroupVersionKind, namespace: String, of bytes: [UInt8]
  ) throws(JSONError) {
    guard let role = Role(kind), Self.concerns(slices, namespace: namespace) else { return nil }
    metadata = try ObjectMetadata(slices.pod.metadata, of: bytes)
    template = role == .workload ? try ObjectMetadata(slices.template?.metadata, of: bytes) : nil
    guard let customer = metadata.customer ?? template?.customer, !metadata.isMirror, !metadata.isLeftAlone,
      template?.isLeftAlone != true
    else { return nil }
    self.role = role
    self.kind = kind.kind
    self.customer = customer
    maker = role == .pod ? try slices.pod.controller(in: bytes) : nil
    pod = role == .workload ? slices.template : slices.pod
    name = slices.pod.metadata?.name
    spec = slices.pod.spec
    self.bytes = bytes
  }

  /// The same object with its own label in its template.
  func restamped() throws(JSONError) -> CustomerObject { try CustomerObject(restamping: self) }

  private init(restamping object: CustomerObject) throws(JSONError) {
    template = try ObjectMetadata(object.pod?.metadata, of: object.bytes, labelled: object.metadata.customer)
    customer = object.metadata.customer ?? object.customer
    (role, kind, maker, metadata) = (object.role, object.kind, object.maker, object.metadata)
    (name, spec, pod, bytes) = (object.name, object.spec, object.pod, object.bytes)
  }

  /// Whether Postern looks at an object: it is not in kube-system and not being deleted.
  static func concerns(_ slices: ObjectSlices, namespace: String) -> Bool {
    namespace != "kube-system" && slices.pod.metadata?.deletionTimestamp == nil
  }

  /// The metadata that the Pod has or will get.
  var podMetadata: ObjectMetadata { template ?? metadata }

  /// Its own name as text.
  var ownName: String? { text(name) }

  /// The Service that a StatefulSet names.
  var serviceName: String? {
    kind == GroupVersionKind.statefulSet.kind ? text(spec.serviceName).flatMap { $0.isEmpty ? nil : $0 } : nil
  }

  /// A value that is not a string is ignored, because the API server refuses it.
  private func text(_ slice: JSONSlice?) -> String? {
    guard let slice else { return nil }
    var reader = JSONReader(slice, of: bytes)
    return try? reader.optionalText()
  }

  /// Whether it declares what the instance holds.
  var declares: Bool { metadata.declares || template?.declares == true }

  /// Whether an annotation says that something other than Postern replicates its Pods' servers.
  var isReplicated: Bool {
    (metadata.setting(AnnotationKey.replication) ?? template?.setting(AnnotationKey.replication)) != nil
  }

  /// Whether it is a Pod of a kind that Postern does not support: a Job ends, and a DaemonSet has a Pod on every node.
  var isOfOtherKind: Bool { maker.map { !["ReplicaSet", "StatefulSet", ""].contains($0) } ?? false }

  /// Whether it has annotations of Postern's besides its label.
  var saysSomething: Bool { !metadata.annotations.isEmpty || template?.annotations.isEmpty == false }

  /// The prefix of the Pod's fields.
  var podField: String { role == .workload ? "spec.template." : "" }
}
