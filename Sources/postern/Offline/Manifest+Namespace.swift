import JSONBytes

extension Manifest {
  /// The same in this namespace, where it names none and is of a kind that lives in one. What a custom resource is, no file
  /// says: `kubectl apply --namespace` puts it there.
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

  /// Whether it is of a kind of Kubernetes' own that lives in a namespace.
  private var isNamespaced: Bool {
    let isOwn = !group.contains(".") || group.hasSuffix(".k8s.io")
    return isOwn && !Self.clusterWide.contains(kind)
  }

  /// The kinds of Kubernetes' own that live in no namespace (`kubectl api-resources --namespaced=false`, 1.36).
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
