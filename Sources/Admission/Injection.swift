import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch

/// What is added to a Pod. It only ever adds: what the user wrote stays as it is.
struct Injection {
  static let containerName = "postern"
  static let volumeName = "postern"
  static let statusVolumeName = "postern-status"
  static let adminVolumeName = "postern-admin"
  /// Where the sidecar keeps its status file; its root file system is read-only.
  static let statusPath = "/run/postern"
  /// The value of `postern.io/injected`: the version of what is added.
  static let mark = "v1"
  /// Whom the sidecar runs as where Postgres's own user is not told, or is root: the "nonroot" of distroless images.
  static let defaultUser = 65532

  let customer: String
  let port: Int
  let gatesReadiness: Bool
  let pod: PodContainers
  let postgres: Container
  /// The Postgres container's place in `spec.containers`.
  let index: Int
  let admin: AdminAccess
  let settings: AdmissionSettings

  /// Writes one element of an array.
  private typealias Part = (inout JSONWriter) -> Void

  /// The operations, in an order that needs no index but Postgres's own, which nothing before them moves.
  func patch(hasAnnotations: Bool) -> PatchWriter {
    var patch = PatchWriter()
    let annotations = JSONPointer("metadata", "annotations")
    if hasAnnotations {
      patch.add(annotations.appending(AnnotationKey.injected)) { $0.string(Self.mark) }
    } else {
      patch.add(annotations) { $0.object { $0.member(AnnotationKey.injected, Self.mark) } }
    }
    var volumes: [Part] = [writeVolume, writeStatusVolume]
    if admin.bootstrap != nil { volumes.append(writeAdminVolume) }
    append(volumes, to: JSONPointer("spec", "volumes"), isThere: pod.hasVolumes, &patch)
    if let bootstrap = admin.bootstrap {
      let container = JSONPointer("spec", "containers", String(index))
      let variables = bootstrap.variables.map { variable -> Part in
        { writer in writer.variable(variable.name, variable.value) }
      }
      append(variables, to: container.appending("env"), isThere: postgres.hasEnvironment, &patch)
      let mount: Part = { writer in
        writer.mount(Self.adminVolumeName, at: AdminAccess.bootstrapPath, readOnly: true)
      }
      append([mount], to: container.appending("volumeMounts"), isThere: postgres.hasMounts, &patch)
    }
    switch settings.sidecarMode {
    case .native:
      append([writeContainer], to: JSONPointer("spec", "initContainers"), isThere: pod.hasInitContainers, &patch)
    case .classic: append([writeContainer], to: JSONPointer("spec", "containers"), isThere: true, &patch)
    }
    return patch
  }

  /// Adds elements behind an array's last, or the array.
  private func append(
    _ elements: [Part], to array: JSONPointer, isThere: Bool, _ patch: inout PatchWriter
  ) {
    guard isThere else {
      patch.add(array) { writer in
        writer.array { for element in elements { element(&$0) } }
      }
      return
    }
    for element in elements { patch.add(array.appending("-"), element) }
  }
}
