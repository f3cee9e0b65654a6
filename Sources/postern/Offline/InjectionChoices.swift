import Admission

/// How manifests are injected without a cluster.
struct InjectionChoices {
  let settings: AdmissionSettings
  /// Whether Secrets are made. A password that no Secret holds is different each time.
  var withSecrets = true
  /// What is there already: its passwords are taken, and it is not printed.
  var existing: [Manifest] = []
  /// The namespace of manifests that name none.
  var namespace: String?

  /// The manifests in the namespace that was chosen.
  func settled(_ manifests: [Manifest]) -> [Manifest] {
    namespace.map { namespace in manifests.map { $0.settled(in: namespace) } } ?? manifests
  }

  /// What is there, in the namespace that the manifests are taken to be in.
  func existingSecrets(for manifests: [Manifest]) throws(CommandError) -> [Manifest] {
    let secrets = settled(existing.filter { $0.kind == "Secret" })
    let namespaces = Set(secrets.compactMap(\.ownNamespace))
    guard namespace == nil, !namespaces.isEmpty,
      manifests.contains(where: { LabelledManifest($0) != nil && $0.ownNamespace == nil })
    else { return secrets }
    guard namespaces.count == 1 else {
      throw .refused(
        "the Secrets are of namespaces \(namespaces.sorted().joined(separator: ", ")), and the manifests name none; name"
          + " theirs with --namespace")
    }
    // A cluster names the namespace of all it gives.
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
