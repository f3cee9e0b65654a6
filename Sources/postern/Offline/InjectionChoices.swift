import Admission

/// How manifests are injected without a cluster.
struct InjectionChoices {
  let settings: AdmissionSettings
  /// Whether Secrets are made. A password that is in no Secret is different each time.
  var withSecrets = true
  /// Existing objects: their passwords are used, and they are not printed.
  var existing: [Manifest] = []
  /// The namespace of manifests that name none.
  var namespace: String?

  /// The existing objects, in the namespace of the manifests.
  func existingSecrets(for manifests: [Manifest]) throws(CommandError) -> [Manifest] {
    let secrets = existing.filter { $0.kind == "Secret" }.settled(in: namespace)
    let namespaces = Set(secrets.compactMap(\.ownNamespace))
    guard namespace == nil, !namespaces.isEmpty,
      manifests.contains(where: { LabelledManifest($0) != nil && $0.ownNamespace == nil })
    else { return secrets }
    guard namespaces.count == 1 else {
      throw .refused(
        "the Secrets are of namespaces \(namespaces.sorted().joined(separator: ", ")), and the manifests name none; name"
          + " theirs with --namespace")
    }
    // Objects from a cluster always name their namespace.
    return secrets + secrets.map { $0.withoutNamespace }
  }
}

extension Manifest {
  fileprivate var withoutNamespace: Manifest {
    var manifest = self
    manifest.object = InjectedManifests.withoutNamespace(object)
    return manifest
  }
}
