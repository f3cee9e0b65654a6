import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// Warnings for an update that removes a declaring object from Postern's control: it removes the customer's label, or
/// sets `postern.io/inject: "false"`. Afterwards the controller knows of no instance and changes nothing
/// (docs/controller.md). Sidecars that run continue with the mounted files.
struct Departure {
  private(set) var warnings: [String] = []

  /// Compares the object with the one that it replaces. Templates are nil for a Pod.
  init(
    from old: ObjectMetadata, _ oldTemplate: ObjectMetadata?, to new: ObjectMetadata, _ template: ObjectMetadata?
  ) {
    guard let customer = old.customer ?? oldTemplate?.customer,
      old.declares || oldTemplate?.declares == true, !old.isLeftAlone, oldTemplate?.isLeftAlone != true
    else { return }
    let isLeftAlone = new.isLeftAlone || template?.isLeftAlone == true
    let newCustomer = new.customer ?? template?.customer
    if newCustomer == customer, !isLeftAlone {
      guard old.customer != nil, new.customer == nil else { return }
      warnings = ["a change here is seen only when a Pod is made, now that the Pod template alone has the label"]
      return
    }
    warnings = [
      "nothing is declared for customer \(quoted(customer)) here any more: its databases, users and Secrets stay as they are"
    ]
    guard let template else { return }
    guard newCustomer == nil || isLeftAlone else {
      warnings.append(
        "the Pods are replaced; users in Postgres stay the old customer's until they are given over")
      return
    }
    warnings.append(
      template.customer == nil || template.isLeftAlone
        ? oldTemplate?.customer != nil && template.customer == nil
          ? "the label goes from the Pod template, too: the Pods are replaced, and come without the sidecar"
          : "new Pods get no sidecar; in those that run it goes on by what was declared last"
        : "new Pods still get the sidecar: write \(AnnotationKey.inject) in spec.template.metadata.annotations too")
  }

  /// The warnings of a review that is no longer about a subject; none if it was not about one before.
  static func warnings(of review: AdmissionReview) throws(JSONError) -> [String] {
    guard let role = CustomerObject.Role(review.kind), review.operation == .update, let new = review.object,
      let old = review.oldObject
    else { return [] }
    let isWorkload = role == .workload
    let bytes = review.bytes
    // A Pod's declarations are those of its workload.
    if !isWorkload, try new.pod.controller(in: bytes) != nil { return [] }
    let oldObject = try ObjectMetadata(old.pod.metadata, of: bytes)
    guard !oldObject.isMirror else { return [] }
    return try Self(
      from: oldObject, isWorkload ? ObjectMetadata(old.template?.metadata, of: bytes) : nil,
      to: ObjectMetadata(new.pod.metadata, of: bytes),
      isWorkload ? ObjectMetadata(new.template?.metadata, of: bytes) : nil
    ).warnings
  }
}
