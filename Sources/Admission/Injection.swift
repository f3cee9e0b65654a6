import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch

/// What is added to a Pod. It only adds: what the user wrote stays unchanged.
struct Injection {
  private static let annotations = JSONPointer("metadata", "annotations")
  private static let markPlace = annotations.appending(AnnotationKey.injected)
  private static let volumes = List(JSONPointer("spec", "volumes"))
  private static let containers = List(JSONPointer("spec", "containers"))
  private static let initContainers = List(JSONPointer("spec", "initContainers"))
  private static let pullSecrets = List(JSONPointer("spec", "imagePullSecrets"))

  /// The place of an array, and the place behind its last element.
  private struct List {
    let array: JSONPointer
    let end: JSONPointer

    init(_ array: JSONPointer) {
      self.array = array
      end = array.appending("-")
    }
  }

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
    namesUser = settings.sidecarUser == .fixed && !object.podMetadata.isGivenUser
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
    if hasAnnotations {
      patch.add(Self.markPlace) { $0.string(SidecarContainer.mark) }
    } else {
      patch.add(Self.annotations) { $0.object { $0.member(AnnotationKey.injected, SidecarContainer.mark) } }
    }
    append(admin.bootstrap?.usesFiles == true ? 3 : 2, to: Self.volumes, isThere: pod.hasVolumes, &patch) {
      switch $0 {
      case 0: writeVolume(&$1)
      case 1: writeStatusVolume(&$1)
      default: writeAdminVolume(&$1)
      }
    }
    if let bootstrap = admin.bootstrap {
      let container = Self.containers.array.appending(String(postgres.index))
      let variables = bootstrap.variables
      append(variables.count, to: List(container.appending("env")), isThere: postgres.container.hasEnvironment, &patch)
      {
        let (name, key) = variables[$0]
        if bootstrap.usesFiles {
          $1.variable(name, "\(SidecarContainer.adminPath)/\(key)")
        } else {
          $1.variable(name, of: bootstrap.secret, key: key)
        }
      }
      if bootstrap.usesFiles {
        append(1, to: List(container.appending("volumeMounts")), isThere: postgres.container.hasMounts, &patch) {
          $1.mount(SidecarContainer.adminVolumeName, at: SidecarContainer.adminPath, readOnly: true)
        }
      }
    }
    let (list, isThere) =
      switch settings.sidecarMode {
      case .native: (Self.initContainers, pod.hasInitContainers)
      case .classic: (Self.containers, true)
      }
    append(1, to: list, isThere: isThere, &patch) { writeContainer(&$1) }
    if let secret = settings.imagePullSecret, !pod.pullSecrets.contains(secret) {
      append(1, to: Self.pullSecrets, isThere: pod.hasPullSecrets, &patch) { _, writer in
        writer.object { $0.member("name", secret) }
      }
    }
    return patch
  }

  /// Adds elements at an array's end, or adds the array. `write` gets an element's number and writes the element.
  private func append(
    _ count: Int, to list: List, isThere: Bool, _ patch: inout PatchWriter,
    _ write: (Int, inout JSONWriter) -> Void
  ) {
    guard isThere else {
      patch.add(list.array) { writer in
        writer.array { writer in for element in 0..<count { write(element, &writer) } }
      }
      return
    }
    for element in 0..<count { patch.add(list.end) { write(element, &$0) } }
  }
}
