public import JSONBytes

/// An AdmissionReview with a request (`admission.k8s.io/v1`, Kubernetes docs, Dynamic Admission Control). What the
/// objects hold is kept as slices of ``bytes``; nothing is decoded into types that would lose unknown fields.
public struct AdmissionReview: Sendable {
  /// The one version that is read and answered.
  public static let apiVersion = "admission.k8s.io/v1"

  /// What is being done to an object.
  public enum Operation: String, Sendable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  /// The whole document, checked.
  public let bytes: [UInt8]
  /// `request.uid`, which the answer must repeat.
  public let uid: String
  /// `request.kind`: of the object, converted for this webhook where need be.
  public let kind: GroupVersionKind
  /// `request.subResource`; nil for the object itself.
  public let subResource: String?
  /// `request.name`; empty where the API server has yet to generate it.
  public let name: String
  /// `request.namespace`; empty for cluster-scoped objects.
  public let namespace: String
  /// `request.operation`; nil for one that this version does not know.
  public let operation: Operation?
  /// `request.object`; nil for DELETE.
  public let object: ObjectSlices?
  /// `request.oldObject`; nil for CREATE.
  public let oldObject: ObjectSlices?
  /// `request.options`, such as `CreateOptions`.
  public let options: JSONSlice?
}
