package import JSONBytes

/// An AdmissionReview with a request (`admission.k8s.io/v1`, Kubernetes docs, Dynamic Admission Control). What the
/// objects hold is kept as slices of ``bytes``; nothing is decoded into types that would lose unknown fields.
package struct AdmissionReview: Sendable {
  /// The one version that is read and answered.
  package static let apiVersion = "admission.k8s.io/v1"

  /// What is being done to an object.
  package enum Operation: String, Sendable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  /// The whole document, checked.
  package let bytes: [UInt8]
  /// `request.uid`, which the answer must repeat.
  package let uid: String
  /// `request.kind`: of the object, converted for this webhook where need be.
  package let kind: GroupVersionKind
  /// `request.subResource`; nil for the object itself.
  package let subResource: String?
  /// `request.name`; empty where the API server has yet to generate it.
  package let name: String
  /// `request.namespace`; empty for cluster-scoped objects.
  package let namespace: String
  /// `request.operation`; nil for one that this version does not know.
  package let operation: Operation?
  /// `request.object`; nil for DELETE.
  package let object: ObjectSlices?
  /// `request.oldObject`; nil for CREATE.
  package let oldObject: ObjectSlices?
  /// `request.options`, such as `CreateOptions`.
  package let options: JSONSlice?
}
