import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// What Postern can do with a Pod, or with the Pods of a template. The webhook, the controller and the offline commands
/// all use it.
enum PodReading {
  /// Nothing is done with it; the reason, for a warning.
  case leftAlone(String)
  /// It has the sidecar.
  case injected(InjectedPod)
  /// The sidecar can be added, unless there are errors.
  case injectable(InjectablePod)

  /// - Parameter isThere: whether the Pod already runs. Then less is needed to decide which container is Postgres.
  init(_ slices: PodSlices, _ object: CustomerObject, isThere: Bool = false) throws(JSONError) {
    guard try !slices.spec.usesHostNetwork(object.bytes) else {
      self = .leftAlone("left alone: with hostNetwork, loopback is the node's, and the sidecar would share it")
      return
    }
    guard try !slices.spec.isForWindows(object.bytes) else {
      self = .leftAlone("left alone: the Pod is for Windows, and the sidecar is a program for Linux")
      return
    }
    guard !object.isOfOtherKind else {
      self = .leftAlone(
        "left alone: Postern serves Deployments, StatefulSets and bare Pods, and this one is of a \(quoted(object.maker ?? ""))"
      )
      return
    }
    let metadata = object.podMetadata
    let customer = metadata.customer ?? object.customer
    let containers = try PodContainers(
      slices.spec, claims: object.role == .workload ? object.spec.volumeClaimTemplates : nil, of: object.bytes)
    let isInjected = metadata.isInjected && containers.hasSidecar
    let choice = try PostgresChoice(
      containers, metadata, field: object.podField, takesOnlyOne: isThere || isInjected)
    if isInjected {
      let fault = try InjectedSidecar.fault(in: slices, customer: customer, field: object.podField, of: object.bytes)
      let admin = ObjectName.admin(customer: customer)
      self = .injected(
        InjectedPod(
          fault: fault, choice: choice,
          usesGeneratedAdmin: containers.hasAdminVolume || choice.postgres?.container.refers(to: admin) == true))
    } else if let absence = choice.absence, !object.saysSomething, !containers.hasSidecar {
      self = .leftAlone("left alone: \(absence)")
    } else {
      self = .injectable(try InjectablePod(containers, choice, metadata, customer: customer, field: object.podField))
    }
  }

  /// Which container is Postgres; nil where the Pod is left alone.
  var choice: PostgresChoice? {
    switch self {
    case .leftAlone: nil
    case .injected(let pod): pod.choice
    case .injectable(let pod): pod.choice
    }
  }

  /// Whether the Pod has no password source of its own and so takes the superuser from the generated Secret. If it
  /// already has the sidecar, the injection has given Postgres the password source and a volume for it.
  func usesGeneratedAdmin(given secret: String?) -> Bool {
    guard secret == nil, choice?.postgres != nil else { return false }
    switch self {
    case .leftAlone: return false
    case .injected(let pod): return pod.usesGeneratedAdmin
    case .injectable(let pod):
      return pod.containers.hasSidecar ? pod.containers.hasAdminVolume : pod.admin?.bootstrap != nil
    }
  }
}

/// A Pod that has the webhook's mark and a container with the sidecar's name.
final class InjectedPod {
  /// Why that container is not a sidecar; nil where it is one.
  let fault: StatusCause?
  let choice: PostgresChoice
  /// Whether Postgres gets its superuser's password from the injection.
  let usesGeneratedAdmin: Bool

  init(fault: StatusCause?, choice: PostgresChoice, usesGeneratedAdmin: Bool) {
    self.fault = fault
    self.choice = choice
    self.usesGeneratedAdmin = usesGeneratedAdmin
  }
}

/// A Pod without the sidecar, with everything that the injection needs to know of it. A class, because copies would
/// retain every part of it.
final class InjectablePod {
  let containers: PodContainers
  let choice: PostgresChoice
  /// Nil where it is not known which container is Postgres.
  let admin: AdminAccess?
  /// Errors in its names and in its superuser's sources. ``choice`` has its own findings.
  let findings: Findings
  /// Settings that cannot work. A new object is refused for them.
  let restrictions: [StatusCause]

  /// Why the image's entry point ends, or keeps no data. Whoever applies a workload does not see the answers about its Pods, for
  /// which this is not asked.
  func imageWarnings() throws(JSONError) -> [String] {
    guard let postgres = choice.postgres else { return [] }
    return try [postgres.misplacedData()].compactMap(\.self) + postgres.doubleVariables()
  }

  init(
    _ containers: PodContainers, _ choice: PostgresChoice, _ metadata: ObjectMetadata, customer: String, field: String
  ) throws(JSONError) {
    self.containers = containers
    var findings = containers.nameClashes(field: field)
    guard let postgres = choice.postgres else {
      (self.choice, self.findings, admin, restrictions) = (choice, findings, nil, [])
      return
    }
    let admin = try AdminAccess(
      postgres, prefix: field, customer: customer, adminSecret: metadata.setting(AnnotationKey.adminSecret))
    findings += admin.findings
    if let program = postgres.arguments.waitingProgram {
      findings.warn(
        "container \(quoted(postgres.container.name)) runs \(program), and nothing is provisioned until Postgres runs in it"
      )
    }
    if let number = postgres.doubtfulVersion {
      findings.warn(
        "the image's tag begins with \(number): if that is Postgres's version, it is too old (Postern keeps "
          + "\(ChosenPostgres.oldestVersion) and newer)")
    }
    if postgres.isPortUnknown, metadata.setting(AnnotationKey.port) == nil {
      findings.warn("the port cannot be told, \(postgres.port) is taken; set \(AnnotationKey.port)")
    }
    if postgres.hearsLoopback == nil {
      findings.warn("whether Postgres listens on loopback cannot be told: write localhost in listen_addresses as well")
    }
    if postgres.isPortGuessed, metadata.setting(AnnotationKey.port) == nil {
      findings.warn(
        "\(postgres.port) is taken for Postgres's port, as the container's ports have it; if that is wrong, set "
          + AnnotationKey.port)
    }
    if let text = metadata.setting(AnnotationKey.statusPort), let number = Int(text),
      containers.declares(port: number) || number == postgres.port
    {
      findings.refuse(
        "\(field)metadata.annotations[\(AnnotationKey.statusPort)]",
        "\(number) is a port of the Pod's own containers; take another one, or \(StatusPort.none)")
    }
    (self.choice, self.findings, self.admin) = (choice, findings, admin)
    restrictions = postgres.restrictions(field) + admin.restrictions
  }
}
