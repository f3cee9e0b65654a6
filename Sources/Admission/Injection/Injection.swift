import Contract
import Declarations
import JSONPatch

/// What is added to a Pod. It only adds: what the user wrote stays unchanged.
struct Injection {
  let customer: String
  let port: Int
  let gatesReadiness: Bool
  /// The port of the sidecar's status; nil: the status is only in its file.
  let statusPort: Int?
  let pod: PodContainers
  let postgres: ChosenPostgres
  let admin: AdminAccess
  let settings: AdmissionSettings
  let resources: SidecarResources
  /// Whether the sidecar names its user even where Postgres names none.
  let namesUser: Bool

  /// Nil where it is not known which container is Postgres.
  init?(
    _ pod: InjectablePod, _ object: CustomerObject, _ declared: Declaration, _ settings: AdmissionSettings
  ) {
    guard let postgres = pod.choice.postgres, let admin = pod.admin else { return nil }
    customer = object.customer
    port = declared.port ?? postgres.port
    gatesReadiness = declared.gateReadiness
    statusPort = Self.statusPort(declared.statusPort ?? settings.statusPort, besides: pod.containers, port)
    self.pod = pod.containers
    self.postgres = postgres
    self.admin = admin
    self.settings = settings
    resources = SidecarResources(settings.sidecarResources, in: pod.containers, declared)
    namesUser = settings.namesUser(in: object.podMetadata)
  }

  /// The chosen port. If it is the default and a container uses it, the next one that no container uses.
  private static func statusPort(_ choice: StatusPortChoice, besides pod: PodContainers, _ postgres: Int) -> Int? {
    guard case .number(let number) = choice else { return nil }
    let candidates = number == StatusPort.number ? StatusPort.range : number...number
    return candidates.first { $0 != postgres && !pod.declares(port: $0) }
  }

  /// The operations, in an order in which only Postgres's own index is needed, and no earlier operation changes that.
  func patch(hasAnnotations: Bool) -> PatchWriter {
    var patch = PatchWriter()
    patch.add(.injected, hasAnnotations: hasAnnotations)
    patch.append(0..<(admin.bootstrap?.usesFiles == true ? 3 : 2), to: .volumes, isThere: pod.hasVolumes) {
      switch $0 {
      case 0: writeVolume(&$1)
      case 1: writeStatusVolume(&$1)
      default: writeAdminVolume(&$1)
      }
    }
    if let bootstrap = admin.bootstrap {
      let container = postgres.place.pointer
      patch.append(
        bootstrap.variables, to: ArrayPlace(container.appending("env")), isThere: postgres.container.hasEnvironment
      ) {
        let (name, key) = $0
        guard let key else { return $1.variable(name, "") }
        if bootstrap.usesFiles {
          $1.variable(name, "\(SidecarContainer.adminPath)/\(key)")
        } else {
          $1.variable(name, of: bootstrap.secret, key: key)
        }
      }
      if bootstrap.usesFiles {
        patch.append(
          CollectionOfOne(SidecarContainer.adminVolumeName), to: ArrayPlace(container.appending("volumeMounts")),
          isThere: postgres.container.hasMounts
        ) {
          $1.mount($0, at: SidecarContainer.adminPath, readOnly: true)
        }
      }
    }
    switch settings.sidecarMode {
    // Init containers behind Postgres may wait for what the sidecar makes.
    case .native where postgres.place.isInit: patch.add(postgres.place.next) { writeContainer(&$0) }
    case .native:
      patch.append(CollectionOfOne(()), to: .initContainers, isThere: pod.hasInitContainers) { writeContainer(&$1) }
    case .classic: patch.append(CollectionOfOne(()), to: .containers, isThere: true) { writeContainer(&$1) }
    }
    patch.appendPullSecret(settings, to: pod)
    return patch
  }
}
