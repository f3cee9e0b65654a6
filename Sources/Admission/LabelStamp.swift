import Contract
import JSONBytes
import KubernetesAPI

/// The customer's label that Postern has put into a Pod template. It goes where the workload's own goes: nobody else wrote
/// it, and whoever takes the workload's label off would look for another in vain.
struct LabelStamp {
  /// Whether the template still has the label of whose the workload was, and the workload is another's now, or nobody's.
  let isStale: Bool

  init(_ subject: Subject) throws(JSONError) {
    let object = subject.object
    guard object.role == .workload, let old = subject.oldObject?.customer, let template = object.template,
      subject.oldTemplate?.customer == old, template.customer == old, object.metadata.customer != old,
      !template.isInjected
    else {
      isStale = false
      return
    }
    isStale = try !Self.isWritten(in: object.metadata.lastApplied) && !object.selectsByCustomer
  }

  /// Whether the manifest that kubectl applied last has the label in its template: then it is its author's.
  private static func isWritten(in manifest: String?) throws(JSONError) -> Bool {
    guard let manifest else { return false }
    let bytes = Array(manifest.utf8)
    var reader = JSONReader(bytes)
    do throws(JSONError) {
      guard let slices = try ObjectSlices(&reader) else { return false }
      return try ObjectMetadata(slices.template?.metadata, of: bytes).customer != nil
    } catch {
      // What is no manifest tells nothing.
      return false
    }
  }
}

extension CustomerObject {
  /// Whether the workload finds its Pods by the label, which it then cannot do without.
  fileprivate var selectsByCustomer: Bool {
    guard let selector = spec.selector else { return false }
    return String(decoding: bytes[selector.range], as: UTF8.self).contains(AnnotationKey.customerLabel)
  }
}
