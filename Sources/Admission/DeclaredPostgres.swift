import Contract
package import Declarations
package import JSONBytes
package import KubernetesAPI

/// What an existing or future object says about a customer's Postgres. The same code reads it that decides about
/// reviews.
package struct DeclaredPostgres: Equatable, Sendable {
  /// The label `postern.io/customer` of the object, else of its Pod template.
  package let customer: String
  /// Whether it declares what the instance holds; otherwise it only has the customer's label.
  package let declares: Bool
  /// Whether it has the webhook's mark and a container with the sidecar's name. The mark alone may have been copied.
  package let isInjected: Bool
  /// Whether it says or shows that it is Postgres, or has the sidecar. The webhook leaves the Pods of what does not alone, as an
  /// application's under a label that stands on everything.
  package let isKnown: Bool
  /// The declaration, with the settings of its Pods; nil where there are errors.
  package let declaration: Declaration?
  /// All errors, one line each.
  package let problems: [String]
  /// The port that Postgres listens on.
  package let port: Int
  /// The Pod that connection Secrets are for, as its StatefulSet's Service names it; nil where there is only one
  /// server, or where replication makes all of them copies of one.
  package let chosenReplica: String?
  /// What a Service must select to reach its Pods.
  package let podLabels: PodLabels
  /// Whether its Pods have no password source of their own and so take the superuser from Secret `<customer>-pg-admin`.
  package let usesGeneratedAdmin: Bool

  /// Reads a Deployment, a StatefulSet or a Pod. Nil where Postern has nothing to do with it: it has no customer, is to
  /// be left alone, is being deleted, is a mirror Pod, uses the node's network, or is a Pod that is not ``isKnown``.
  package init?(_ object: JSONValue, kind: GroupVersionKind, namespace: String) {
    self.init(object.bytes, kind: kind, namespace: namespace)
  }

  /// Reads the bytes that the API server writes.
  package init?(_ bytes: [UInt8], kind: GroupVersionKind, namespace: String) {
    do throws(JSONError) {
      var reader = JSONReader(bytes)
      guard let slices = try ObjectSlices(&reader),
        let object = try CustomerObject(slices, kind, namespace: namespace, of: bytes), let podSlices = object.pod
      else { return nil }
      let isKnown = if object.saysSomething { true } else { try PodReading(podSlices, object).choice != nil }
      guard isKnown || object.role == .workload else { return nil }
      let pod = try PodReading(podSlices, object, isThere: true)
      guard let choice = pod.choice else { return nil }
      self.init(object, pod, choice, isKnown: isKnown)
    } catch {
      // The API server does not store such objects.
      return nil
    }
  }

  private init(_ object: CustomerObject, _ pod: PodReading, _ choice: PostgresChoice, isKnown: Bool) {
    self.isKnown = isKnown
    let reading = DeclarationReading(object)
    let settings = reading.podSettings
    problems = (reading.findings.causes + choice.findings.causes).map { "\($0.field): \($0.message)" }
    customer = object.customer
    declares = object.declares
    isInjected = if case .injected = pod { true } else { false }
    port = settings?.port ?? choice.postgres?.port ?? 5432
    chosenReplica = Replicas(object).chosen(isReplicated: object.isReplicated)
    podLabels = PodLabels(object)
    usesGeneratedAdmin = pod.usesGeneratedAdmin(given: settings?.adminSecret)
    guard problems.isEmpty, var declaration = reading.content, let settings else {
      self.declaration = nil
      return
    }
    declaration.adminSecret = settings.adminSecret
    declaration.host = object.metadata.setting(AnnotationKey.host) ?? settings.host
    declaration.makesService = declaration.makesService || settings.makesService
    declaration.isReplicated = object.isReplicated
    declaration.tls.mode =
      object.metadata.setting(AnnotationKey.sslMode).flatMap(ClientTLS.Mode.init(rawValue:)) ?? settings.tls.mode
    declaration.tls.rootCert = object.metadata.setting(AnnotationKey.sslRootCert) ?? settings.tls.rootCert
    declaration.retain = object.metadata.setting(AnnotationKey.retain) != "false" && settings.retain
    self.declaration = declaration
  }
}
