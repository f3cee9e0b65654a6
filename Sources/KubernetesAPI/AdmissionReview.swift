package import JSONBytes

/// An AdmissionReview with a request (`admission.k8s.io/v1`, Kubernetes docs, Dynamic Admission Control). The contents
/// of the objects are kept as slices of ``bytes``; decoding them into types would lose unknown fields. A class, because all
/// stages hand it on, and copies would retain every part of it.
package final class AdmissionReview: Sendable {
  /// The only version that is read and answered.
  package static let apiVersion = "admission.k8s.io/v1"

  /// The most bytes of what an answer repeats. No name in Kubernetes has more (DNS subdomain, RFC 1123), but a forged
  /// review can say megabytes.
  package static let maximumNameBytes = 253

  /// The operation on the object.
  package enum Operation: String, Sendable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  /// The whole document, which has been checked.
  package let bytes: [UInt8]
  /// `request.uid`, which the answer must repeat.
  package let uid: String
  /// `request.kind`: the object's kind. The API server may have converted the object to it for this webhook.
  package let kind: GroupVersionKind
  /// `request.subResource`; nil for the object itself.
  package let subResource: String?
  /// `request.name`; empty where the API server has not generated it yet.
  package let name: String
  /// `request.namespace`; empty for cluster-scoped objects.
  package let namespace: String
  /// `request.operation`; nil for an operation that this program does not know.
  package let operation: Operation?
  /// `request.object`; nil for DELETE.
  package let object: ObjectSlices?
  /// `request.oldObject`; nil for CREATE.
  package let oldObject: ObjectSlices?
  /// `request.options`, such as `CreateOptions`.
  package let options: JSONSlice?

  /// Reads a review in one pass. All of it is checked; values that no decision depends on are skipped. Only the object's
  /// name may be of any length, as the API server checks it after admission.
  package init(decoding bytes: [UInt8]) throws(ReviewError) {
    let request = try Request.reading(bytes)
    guard let uid = request.uid, !uid.isEmpty else { throw .missing(member: "uid") }
    guard let kind = request.kind else { throw .missing(member: "kind") }
    guard let operation = request.operation else { throw .missing(member: "operation") }
    if Self.isTooLong(uid) { throw .tooLong(member: "uid") }
    if Self.isTooLong(kind.kind) || Self.isTooLong(kind.group) || Self.isTooLong(kind.version) {
      throw .tooLong(member: "kind")
    }
    if let namespace = request.namespace, Self.isTooLong(namespace) { throw .tooLong(member: "namespace") }
    self.bytes = bytes
    self.uid = uid
    self.kind = kind
    subResource = request.subResource.flatMap { $0.isEmpty ? nil : $0 }
    name = request.name ?? ""
    namespace = request.namespace ?? ""
    self.operation = Operation(rawValue: operation)
    object = request.object
    oldObject = request.oldObject
    options = request.options
  }

  private static func isTooLong(_ text: String) -> Bool { text.utf8.count > maximumNameBytes }
}
