import Contract
public import Declarations
public import JSONBytes
public import KubernetesAPI

/// What an object that is in the cluster, or is to be, says of a customer's Postgres: told by the code that decides
/// about reviews.
public struct DeclaredPostgres: Equatable, Sendable {
  /// The label `postern.io/customer` of the object, else of its Pod template.
  public let customer: String
  /// Whether it says what the instance holds; otherwise it only is the customer's.
  public let declares: Bool
  /// The webhook's mark is on it, and a container of the sidecar's name in it. The mark alone may have come with a copy.
  public let isInjected: Bool
  /// What it declares, with what its Pods say of themselves; nil where something is wrong.
  public let declaration: Declaration?
  /// All that is wrong, a line each.
  public let problems: [String]
  /// The port that Postgres listens on.
  public let port: Int
  /// Whether its Pods take the superuser from Secret `<customer>-pg-admin`, having no source of their own.
  public let usesGeneratedAdmin: Bool

  /// Reads a Deployment, a StatefulSet or a Pod. Nil where Postern has nothing to do with it: nobody's, to be left
  /// alone, on its way out, a Pod of the node's, or on the node's network.
  public init?(_ object: JSONValue, kind: GroupVersionKind, namespace: String) {
    let bytes = review(for: object, kind: kind, namespace: namespace, uid: "persisted")
    do {
      guard let subject = try Subject(AdmissionReview(decoding: bytes)), let slices = subject.pod else { return nil }
      let pod = try PodContainers(slices.spec, of: bytes)
      guard !pod.usesHostNetwork else { return nil }
      try self.init(subject, pod)
    } catch {
      // The API server holds no such objects.
      return nil
    }
  }

  private init(_ subject: Subject, _ pod: PodContainers) throws(JSONError) {
    let reading = DeclarationReading(subject)
    let place = subject.template ?? subject.object
    // A classic sidecar stands among the containers.
    let choice = PostgresChoice(
      pod.containers.filter { $0.name != SidecarContainer.name }, named: place.setting(AnnotationKey.container),
      field: subject.podField)
    let problems = (reading.causes + choice.causes).map { "\($0.field): \($0.message)" }
    customer = subject.customer
    declares = subject.object.declares || subject.template?.declares == true
    isInjected = subject.object.isInjected && pod.hasSidecar
    self.problems = problems
    port = reading.podSettings?.port ?? choice.container?.port ?? 5432
    usesGeneratedAdmin = try Self.usesGeneratedAdmin(pod, choice, reading.podSettings, customer: subject.customer)
    guard problems.isEmpty, var declaration = reading.content, let settings = reading.podSettings else {
      self.declaration = nil
      return
    }
    declaration.adminSecret = settings.adminSecret
    declaration.host = subject.object.setting(AnnotationKey.host) ?? settings.host
    declaration.retain = subject.object.setting(AnnotationKey.retain) != "false" && settings.retain
    self.declaration = declaration
  }

  /// Where the sidecar is in already, Postgres has its password source from the injection, and a volume for it.
  private static func usesGeneratedAdmin(
    _ pod: PodContainers, _ choice: PostgresChoice, _ settings: Declaration?, customer: String
  ) throws(JSONError) -> Bool {
    guard settings?.adminSecret == nil, let postgres = choice.container else { return false }
    if pod.hasSidecar { return pod.hasAdminVolume }
    return try AdminAccess(postgres, at: choice.index, customer: customer, adminSecret: nil).bootstrap != nil
  }
}
