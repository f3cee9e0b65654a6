import Declarations
import JSONBytes
import KubernetesAPI

/// A request about a customer's Postgres.
struct Subject {
  enum Role {
    case pod
    /// A Deployment or a StatefulSet.
    case workload

    /// Nil where a review is of nothing that could be a customer's Postgres: another kind, a subresource, an operation
    /// that changes no declaration, the node's namespace, an object on its way out.
    init?(_ review: AdmissionReview) {
      guard review.subResource == nil, review.operation == .create || review.operation == .update,
        review.namespace != "kube-system", let object = review.object, object.pod.metadata?.deletionTimestamp == nil
      else { return nil }
      switch review.kind {
      case .pod: self = .pod
      case .deployment, .statefulSet: self = .workload
      default: return nil
      }
    }
  }

  let review: AdmissionReview
  let role: Role
  /// The customer: the object's label, else the template's.
  let customer: String
  let object: ObjectMetadata
  /// A workload's Pod template; for a Pod, nil.
  let template: ObjectMetadata?
  /// The Pod, or what the template says of Pods to come.
  let pod: PodSlices?
  /// What an update replaces.
  let oldObject: ObjectMetadata?
  let oldTemplate: ObjectMetadata?
  /// Whether a Pod was made of a template, whose declarations were looked at when it was applied: rules that have come
  /// since must not keep a Pod from being replaced.
  let isMadeOfTemplate: Bool

  /// Nil where Postern has nothing to say: where there is no role, a Pod belongs to the node, or it is nobody's Postgres,
  /// or one to be left alone.
  init?(_ review: AdmissionReview) throws(JSONError) {
    guard let role = Role(review), let slices = review.object else { return nil }
    self.role = role
    let bytes = review.bytes
    object = try ObjectMetadata(slices.pod.metadata, of: bytes)
    template = role == .workload ? try ObjectMetadata(slices.template?.metadata, of: bytes) : nil
    guard let customer = object.customer ?? template?.customer, !object.isMirror else { return nil }
    guard !object.isLeftAlone, template?.isLeftAlone != true else { return nil }
    self.review = review
    self.customer = customer
    isMadeOfTemplate = role == .pod ? try slices.pod.hasController(in: bytes) : false
    pod = role == .workload ? slices.template : slices.pod
    let old = review.operation == .update ? review.oldObject : nil
    oldObject = if let old { try ObjectMetadata(old.pod.metadata, of: bytes) } else { nil }
    oldTemplate =
      if let old, role == .workload { try ObjectMetadata(old.template?.metadata, of: bytes) } else { nil }
  }

  /// Whether this is an update that leaves all labels and annotations of Postern's as they were. Such a one is never
  /// refused, whatever rules have come since: controllers must be able to do their work.
  var isUnchanged: Bool {
    guard let oldObject, oldObject.saysTheSame(as: object) else { return false }
    switch (template, oldTemplate) {
    case (let template?, let oldTemplate?): return oldTemplate.saysTheSame(as: template)
    case (nil, nil): return true
    default: return false
    }
  }

  /// What an update replaces; nil where there is no update, or it was another customer's.
  var oldDeclaration: DeclarationResult? {
    guard let oldObject, customer == oldObject.customer ?? oldTemplate?.customer else { return nil }
    let place = oldTemplate.flatMap { $0.declares && !oldObject.declares ? $0 : nil } ?? oldObject
    return Declaration.parse(customer: customer, annotations: place.annotations)
  }

  /// Where Pods' fields are, as a prefix of a cause's field.
  var podField: String {
    role == .workload ? "spec.template." : ""
  }
}
