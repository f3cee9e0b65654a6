import Admission
import Contract
import DatabaseSpec
import Declarations
import Instances
import JSONBytes
import KubernetesAPI

/// Reviews manifests as the webhook would. It also finds what the controller would report about other objects in the files.
struct OfflineReview {
  private let objects: LocalObjects
  private let networkPolicies: LocalNetworkPolicies
  /// What connections are compared with.
  private let customers: [String: [String: ReadDeclaration]]
  /// Decides about the Pods of workloads.
  private let chain: AdmissionChain
  private let chainsOfFiles: [String: AdmissionChain]
  private let secretUses: @Sendable (_ namespace: String, _ name: String) -> [SecretUse]
  /// The manifests as they were probably meant, in their order.
  let manifests: [Manifest]
  private let disabledNamespaces: Set<String>
  /// Errors for which the API server itself would refuse them, and which the webhook does not see.
  private let earlier: [[Finding]]

  init(_ given: [Manifest]) {
    let mended = given.map(\.mended)
    let manifests = mended.map(\.manifest)
    self.manifests = manifests
    earlier = mended.map { manifest, faults in
      faults.map { Finding(severity: .error, manifest: manifest, field: $0.field, message: $0.message) }
        + StrayKeys(manifest).findings
    }
    disabledNamespaces = Manifest.disabledNamespaces(manifests)
    objects = LocalObjects(manifests)
    networkPolicies = LocalNetworkPolicies(manifests)
    customers = Self.customers(manifests, objects)
    var uses: [String: [String: [SecretUse]]] = [:]
    for labelled in manifests.compactMap(LabelledManifest.init) {
      let result = labelled.result
      guard let declaration = result.readable else { continue }
      for (secret, use) in SecretUse.all(in: declaration) {
        uses[labelled.manifest.namespace, default: [:]][secret, default: []].append(use)
      }
    }
    let all = uses
    secretUses = { namespace, name in all[namespace]?[name] ?? [] }
    var settings = AdmissionSettings(secretUses: secretUses)
    let services = Dictionary(grouping: manifests.filter { $0.kind == "Service" && $0.apiVersion == "v1" }) {
      $0.namespace
    }.mapValues { $0.map { ServiceFacts($0.object) } }
    settings.services = { services[$0] ?? [] }
    chain = .offline(settings: settings)
    // The objects of one file are applied together, so they are compared. Another file may replace this one.
    chainsOfFiles = Dictionary(grouping: manifests, by: \.file).mapValues { manifests in
      let declaring = Self.declaring(manifests)
      settings.declaring = { namespace, customer in declaring[namespace]?[customer] ?? [] }
      return .offline(settings: settings)
    }
  }

  /// What declares, by namespace and customer.
  private static func declaring(_ manifests: [Manifest]) -> [String: [String: [DeclaringObject]]] {
    manifests.reduce(into: [:]) { found, manifest in
      let kind = GroupVersionKind(apiVersion: manifest.apiVersion, kind: manifest.kind)
      // Without a name, an object cannot be told from itself.
      guard LabelledManifest(manifest) != nil, let name = manifest.object["metadata"]?["name"]?.string,
        let declared = DeclaredPostgres(manifest.object, kind: kind, namespace: manifest.namespace), declared.declares
      else { return }
      found[manifest.namespace, default: [:]][declared.customer, default: []].append(
        DeclaringObject(kind: manifest.kind, name: name))
    }
  }

  /// The manifests that concern Postern, each with all findings about it.
  func all() async throws(CommandError) -> [ReviewedManifest] {
    var reviewed: [ReviewedManifest] = []
    for (manifest, earlier) in zip(manifests, earlier) {
      let isOurs = concerns(manifest)
      guard isOurs || !earlier.isEmpty else { continue }
      let findings = isOurs ? try await self.findings(for: manifest) : []
      reviewed.append(ReviewedManifest(manifest: manifest, findings: earlier + findings))
    }
    return reviewed
  }

  /// Whether the manifest is a customer's Postgres, connects to one, or is a Secret that Postern takes something from.
  private func concerns(_ manifest: Manifest) -> Bool {
    guard manifest.kind == "Secret" else {
      return LabelledManifest(manifest) != nil || !ConnectingManifest.all(in: manifest).isEmpty
    }
    return manifest.object["metadata"]?["labels"]?[AnnotationKey.customerLabel] != nil
      || !secretUses(manifest.namespace, manifest.name).isEmpty
  }

  /// Everything that is wrong, each once: what one review refuses does not hide what another would say.
  private func findings(for manifest: Manifest) async throws(CommandError) -> [Finding] {
    var findings: [Finding] = []
    func add(_ severity: Finding.Severity, _ field: String, _ message: String) {
      let finding = Finding(severity: severity, manifest: manifest, field: field, message: message)
      if !findings.contains(finding) { findings.append(finding) }
    }
    if let (severity, message) = manifest.passedOver(disabledNamespaces) {
      add(severity, "metadata.namespace", message)
    }
    /// The object as it would be stored; nil where it is refused.
    func admitted(
      _ object: JSONValue, by chain: AdmissionChain, below field: String = ""
    ) async throws(CommandError) -> JSONValue? {
      switch try await chain.admit(object, namespace: manifest.namespace) {
      case .denied(let denial):
        for cause in denial.below(field).causes { add(.error, cause.field, cause.message) }
        if denial.causes.isEmpty { add(.error, "", denial.message) }
        for warning in denial.warnings { add(.warning, "", warning) }
        return nil
      case .admitted(let object, let warnings):
        for warning in warnings { add(.warning, "", warning) }
        return object
      }
    }
    let stored = try await admitted(manifest.object, by: chainsOfFiles[manifest.file] ?? chain)
    let labelled = LabelledManifest(manifest)
    for connecting in ConnectingManifest.all(in: manifest) {
      if !connecting.hasPod {
        for (field, message) in connecting.errors { add(.error, field, message) }
        add(
          .warning, connecting.annotationField,
          "what these Pods are like is not seen here, so containers are not checked")
      } else if labelled == nil, !connecting.path.isEmpty {
        _ = try await admitted(connecting.pod, by: chain, below: connecting.field)
      }
      for (field, message) in problems(of: connecting) { add(.error, field, message) }
      for (field, message) in doubts(of: connecting) { add(.warning, field, message) }
      if let hook = connecting.hookBeforeAll, connecting.connections.contains(where: { isDeclared($0, in: manifest) }) {
        add(
          .warning, "metadata.annotations[\(hook)]",
          "it runs before the Postgres of this file is applied, whose Secret it waits for; make it a hook that runs later, or none"
        )
      }
    }
    guard let labelled else { return findings }
    let isPod = manifest.kind == "Pod"
    var version: Int?
    if let stored, let pod = isPod ? stored : try await admitted(LabelledManifest.pod(of: stored), by: chain) {
      for (field, message) in superusers(of: labelled, in: pod) { add(.error, field, message) }
      if let image = PostgresImage(pod: pod) {
        version = image.version
        if let warning = UnseenPort.warning(of: pod, image, objects, namespace: manifest.namespace) {
          add(.warning, "", warning)
        }
      }
      if let warning = networkPolicies.warning(of: pod, in: manifest.namespace) { add(.warning, "", warning) }
    }
    let result = labelled.result
    for conflict in conflicts(of: result, in: manifest.namespace) { add(.error, "", conflict) }
    for (severity, message) in scripts(of: labelled, serverVersion: version) {
      add(severity, labelled.annotationField(AnnotationKey.databases), message)
    }
    if let declaration = result.readable {
      for problem in objects.conflicts(with: declaration.spec, namespace: manifest.namespace) {
        add(.warning, "", problem.message)
      }
    }
    return findings
  }

  /// Customers that the files do not declare where the Pod is, but elsewhere, or by a similar name. The cluster may have them.
  private func doubts(of connecting: ConnectingManifest) -> [(field: String, message: String)] {
    let namespace = connecting.manifest.namespace
    return connecting.connections.compactMap { connection in
      let (name, own) = (connection.customer, customers[namespace] ?? [:])
      guard own[name] == nil else { return nil }
      let others = customers.filter { $0.value[name] != nil }.keys.sorted()
      let message: String
      if let other = others.first {
        message =
          "customer \"\(name)\" is in namespace \(other), and this is for \(namespace): a Pod has no Secret of another namespace"
      } else if let near = Suggestion.nearest(to: name, among: own.keys.sorted()) {
        message = "no customer \"\(name)\" is in these files; did you mean \"\(near)\"?"
      } else {
        return nil
      }
      return (connecting.annotationField + connection.path, message)
    }
  }

  private func isDeclared(_ connection: DeclaredConnection, in manifest: Manifest) -> Bool {
    manifests.contains { other in
      other.file == manifest.file && other.namespace == manifest.namespace
        && LabelledManifest(other)?.customer == connection.customer
    }
  }

  /// Connections that cannot work with what the files declare for their customers.
  private func problems(of connecting: ConnectingManifest) -> [(field: String, message: String)] {
    connecting.connections.flatMap { connection in
      let field = connecting.annotationField + connection.path
      let known = customers[connecting.manifest.namespace]?[connection.customer]
      return (known.map { connection.problems(with: $0.declaration, outline: $0.outline) } ?? []).map { (field, $0) }
    }
  }

  /// A declaration, or as much of it as could be read.
  private struct ReadDeclaration {
    var declaration: Declaration
    var outline: DeclarationOutline?
  }

  /// What the manifests declare, by namespace and customer.
  private static func customers(
    _ manifests: [Manifest], _ objects: LocalObjects
  ) -> [String: [String: ReadDeclaration]] {
    var customers: [String: [String: ReadDeclaration]] = [:]
    for labelled in manifests.compactMap(LabelledManifest.init) {
      let result = labelled.result
      guard var declaration = result.readable, labelled.declares else { continue }
      let namespace = labelled.manifest.namespace
      if result.declaration != nil, let source = declaration.usersFrom,
        let bytes = objects.secret(source.name, namespace: namespace)?[source.key],
        let file = FlatFile.parse(bytes, source: source).file, let merged = declaration.adding(file).declaration
      {
        declaration = merged
        declaration.usersFrom = nil
      }
      customers[namespace, default: [:]][labelled.customer] = ReadDeclaration(
        declaration: declaration, outline: result.outline)
    }
    return customers
  }

  /// Users who are the superuser, whose name is in a Secret or ConfigMap of the files.
  private func superusers(of labelled: LabelledManifest, in pod: JSONValue) -> [(field: String, message: String)] {
    guard let sidecar = pod.podContainer(SidecarContainer.name) else {
      return []
    }
    let namespace = labelled.manifest.namespace
    let file = "\(VolumeLayout.mountPath)/\(VolumeLayout.adminUsernameFile)"
    for source in MountedSource.all(at: file, in: sidecar, of: pod) {
      guard let bytes = objects.data(of: source.kind, source.object, namespace: namespace)?[source.key] else {
        continue
      }
      let name = String(decoding: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...], as: UTF8.self)
      let superuser = DeclaredSuperuser(name, by: "\(source.kind.noun) \(source.object)")
      return superuser.faults(in: labelled.result).map {
        (labelled.annotationField(AnnotationKey.users) + $0.path, $0.message)
      }
    }
    return []
  }

  /// What the controller, and then Postgres, would say of scripts in ConfigMaps of the files. Those in Secrets are found at the
  /// Secret.
  private func scripts(of labelled: LabelledManifest, serverVersion: Int?) -> [(Finding.Severity, String)] {
    guard let spec = labelled.result.readable?.spec else { return [] }
    var found: [(Finding.Severity, String)] = []
    for database in spec.databases {
      for script in database.scripts {
        guard case .configMap(let source) = script.content,
          let data = objects.configMap(source.name, namespace: labelled.manifest.namespace)
        else { continue }
        guard let bytes = data[source.key] else {
          let keys = InstanceSources.list(data.keys)
          found.append(
            (.warning, "script \"\(script.name)\": ConfigMap \(source.name) has no key \(source.key); it has \(keys)"))
          continue
        }
        guard let sql = String(validating: bytes, as: UTF8.self) else {
          found.append(
            (
              .error,
              "script \"\(script.name)\": \(source.key) of ConfigMap \(source.name) is not UTF-8; save it as UTF-8"
            ))
          continue
        }
        let findings = scriptFindings(
          sql, of: script, from: source, for: database.name, in: spec, serverVersion: serverVersion, field: "")
        found += findings.causes.map { (.error, $0.message) } + findings.warnings.map { (.warning, $0) }
      }
    }
    return found
  }

  /// Contradictions between the annotations and the flat file, if the flat file is among the manifests and can be read.
  private func conflicts(of result: DeclarationResult, in namespace: String) -> [String] {
    guard let source = result.readable?.usersFrom,
      let bytes = objects.secret(source.name, namespace: namespace)?[source.key],
      let file = FlatFile.parse(bytes, source: source).file
    else { return [] }
    return result.conflicts(with: file).map(\.message)
  }
}
