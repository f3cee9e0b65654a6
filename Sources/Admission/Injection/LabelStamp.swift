import Contract
import JSONBytes
import KubernetesAPI

/// The customer's label that Postern has put into a Pod template. It is removed together with the workload's own label:
/// nobody else wrote it, so whoever removes the workload's label does not expect another one.
struct LabelStamp {
  /// Whether the template still has the label of the workload's former customer, while the workload now has another one
  /// or none.
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
    guard !object.selectsByCustomer, try !Self.isWritten(in: object.metadata.lastApplied) else {
      isStale = false
      return
    }
    isStale = try !Self.isOwned(subject.review.object?.pod.metadata?.managedFields, of: subject.review.bytes)
  }

  /// Whether somebody has written the label into the template, as by `kubectl apply --server-side`. The API server notes
  /// who writes which fields before it calls webhooks, so what they add is nobody's (Kubernetes docs, "Server-Side Apply",
  /// "Field management").
  private static func isOwned(_ managedFields: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let managedFields else { return false }
    let path = ["fieldsV1", "f:spec", "f:template", "f:metadata", "f:labels", "f:\(AnnotationKey.customerLabel)"]
    var reader = JSONReader(managedFields, of: bytes)
    var isOwned = false
    _ = try reader.elements { reader throws(JSONError) in
      if try has(path[...], &reader) { isOwned = true }
    }
    return isOwned
  }

  /// Whether an object has a member at this path.
  private static func has(_ path: ArraySlice<String>, _ reader: inout JSONReader) throws(JSONError) -> Bool {
    guard let name = path.first else {
      try reader.skip()
      return true
    }
    guard try reader.peek() == .object else {
      try reader.skip()
      return false
    }
    var isFound = false
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.text(key) == name {
        isFound = try has(path.dropFirst(), &reader)
      } else {
        try reader.skip()
      }
    }
    return isFound
  }

  /// Whether the manifest that kubectl last applied has the label in its template. Then the label belongs to the
  /// manifest's author.
  private static func isWritten(in manifest: String?) throws(JSONError) -> Bool {
    guard let manifest else { return false }
    let bytes = Array(manifest.utf8)
    var reader = JSONReader(bytes)
    do throws(JSONError) {
      guard let slices = try ObjectSlices(&reader) else { return false }
      return try ObjectMetadata(slices.template?.metadata, of: bytes).customer != nil
    } catch {
      // An annotation that is not a manifest proves nothing.
      return false
    }
  }
}

extension CustomerObject {
  /// Whether the workload selects its Pods by the label. Then the label cannot be removed.
  fileprivate var selectsByCustomer: Bool {
    guard let selector = spec.selector else { return false }
    return String(decoding: bytes[selector.range], as: UTF8.self).contains(AnnotationKey.customerLabel)
  }
}
