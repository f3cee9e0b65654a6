import JSONBytes

extension Array<Manifest> {
  /// The manifests, in this namespace where they name none; nil: as they are.
  func settled(in namespace: String?) -> [Manifest] {
    namespace.map { namespace in map { $0.settled(in: namespace) } } ?? self
  }
}

extension Manifest {
  /// The manifest in this namespace, if it names none and its kind is namespaced. A file does not show whether a custom
  /// resource is namespaced; `kubectl apply --namespace` treats it as such.
  func settled(in namespace: String) -> Manifest {
    guard ownNamespace == nil, isNamespaced, case .object(var root) = object else { return self }
    var metadata = JSONObject()
    if case .object(let own)? = root["metadata"] { metadata = own }
    metadata["namespace"] = .string(namespace)
    root["metadata"] = .object(metadata)
    var settled = self
    settled.object = .object(root)
    settled.text = nil
    return settled
  }

  /// Whether it has a namespaced kind of Kubernetes' own.
  private var isNamespaced: Bool {
    let isOwn = !group.contains(".") || group.hasSuffix(".k8s.io")
    return isOwn && !Self.clusterWide.contains(kind)
  }

  /// Kubernetes' own kinds that are not namespaced (`kubectl api-resources --namespaced=false`, 1.36).
  private static let clusterWide: Set = [
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle", "CSIDriver",
    "CSINode", "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "DeviceTaintRule", "FlowSchema",
    "IPAddress",
    "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
    "Namespace", "Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice",
    "RuntimeClass", "SelfSubjectAccessReview", "SelfSubjectReview", "SelfSubjectRulesReview", "ServiceCIDR",
    "StorageClass", "StorageVersion", "StorageVersionMigration", "SubjectAccessReview", "TokenReview",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    "VolumeAttachment", "VolumeAttributesClass",
  ]
}
