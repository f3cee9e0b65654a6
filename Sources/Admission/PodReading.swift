import Contract
import JSONBytes
import KubernetesAPI

/// What Postern can do with a Pod, or with those that a template makes: read once, whoever asks.
enum PodReading {
  /// Nothing is done with it; why, for a warning.
  case leftAlone(String)
  /// The sidecar is in.
  case injected(InjectedPod)
  /// The sidecar can be put in, but for what is found wrong.
  case injectable(InjectablePod)

  /// - Parameter customer: the customer that the Pod's own label names.
  init(
    _ slices: PodSlices, _ metadata: ObjectMetadata, customer: String, field: String, of bytes: [UInt8]
  ) throws(JSONError) {
    guard try !slices.spec.usesHostNetwork(bytes) else {
      self = .leftAlone("left alone: with hostNetwork, loopback is the node's, and the sidecar would share it")
      return
    }
    let containers = try PodContainers(slices.spec, of: bytes)
    guard metadata.isInjected, containers.hasSidecar else {
      self = .injectable(try InjectablePod(containers, metadata, customer: customer, field: field))
      return
    }
    let fault = try InjectedSidecar.fault(in: slices, customer: customer, field: field, of: bytes)
    let choice = PostgresChoice(
      containers.containers, named: metadata.setting(AnnotationKey.container), field: field)
    self = .injected(InjectedPod(fault: fault, choice: choice, hasAdminVolume: containers.hasAdminVolume))
  }

  /// Which container is Postgres; nil where the Pod is left alone.
  var choice: PostgresChoice? {
    switch self {
    case .leftAlone: nil
    case .injected(let pod): pod.choice
    case .injectable(let pod): pod.choice
    }
  }

  /// Whether the Pod takes the superuser from the Secret that is generated, having no source of its own. Where the sidecar
  /// is in already, Postgres has its password source from the injection, and a volume for it.
  func usesGeneratedAdmin(given secret: String?) -> Bool {
    guard secret == nil, choice?.container != nil else { return false }
    switch self {
    case .leftAlone: return false
    case .injected(let pod): return pod.hasAdminVolume
    case .injectable(let pod):
      return pod.containers.hasSidecar ? pod.containers.hasAdminVolume : pod.admin?.bootstrap != nil
    }
  }
}

/// A Pod that bears the webhook's mark, and has a container of the sidecar's name.
struct InjectedPod {
  /// Why that container is no sidecar; nil where it is one.
  let fault: StatusCause?
  let choice: PostgresChoice
  /// Whether the volume that Postgres has its superuser's password from is the injection's.
  let hasAdminVolume: Bool
}

/// A Pod without the sidecar, and all that the injection needs to know of it.
struct InjectablePod {
  let containers: PodContainers
  let choice: PostgresChoice
  /// Nil where it cannot be told which container is Postgres.
  let admin: AdminAccess?
  /// What is wrong with its names, and with its superuser's sources; ``choice`` has findings of its own.
  let findings: Findings

  init(
    _ containers: PodContainers, _ metadata: ObjectMetadata, customer: String, field: String
  ) throws(JSONError) {
    self.containers = containers
    choice = PostgresChoice(containers.containers, named: metadata.setting(AnnotationKey.container), field: field)
    var findings = containers.nameClashes(field: field)
    if let postgres = choice.container {
      let admin = try AdminAccess(
        postgres, at: choice.index, prefix: field, customer: customer,
        adminSecret: metadata.setting(AnnotationKey.adminSecret))
      findings += admin.findings
      self.admin = admin
    } else {
      admin = nil
    }
    self.findings = findings
  }
}
