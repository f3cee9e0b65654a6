package import JSONBytes

/// An AdmissionReview with a request (`admission.k8s.io/v1`, Kubernetes docs, Dynamic Admission Control). The contents
/// of the objects are kept as slices of ``bytes``; decoding them into types would lose unknown fields.
package struct AdmissionReview: Sendable {
  /// The only version that is read and answered.
  package static let apiVersion = "admission.k8s.io/v1"

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
}
