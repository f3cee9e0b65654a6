import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch
import KubernetesAPI

/// The init container that waits until databases take the Pod's logins. It runs before the user's own init containers,
/// which may be migrations, and after those that keep running, which may be the Pod's way into the network.
struct WaitContainer {
  private let awaited: [(volume: String, connection: DeclaredConnection)]
  private let position: Int
  private let pod: PodContainers
  private let settings: AdmissionSettings
  private let resources: SidecarResources
  private let namesUser: Bool
  private let userBeforeProxy: Int?
  private let hasInitContainers: Bool

  /// Nil where nothing is waited for, or the Pod has it already.
  init?(_ plan: ConnectPlan, _ target: ConnectTarget, _ settings: AdmissionSettings) throws(JSONError) {
    let containers = plan.pod.initContainers
    guard let mesh = plan.mesh, !containers.contains(where: { $0.name == ServiceBinding.waitContainer }) else {
      return nil
    }
    awaited = plan.awaited
    let others = containers.firstIndex { !$0.keepsRunning && !Mesh.initContainers.contains($0.name) }
    position = containers[..<(others ?? containers.count)].lastIndex(where: \.keepsRunning).map { $0 + 1 } ?? 0
    hasInitContainers = plan.pod.hasInitContainers
    pod = try PodContainers(target.pod.spec, claims: nil, of: target.bytes)
    self.settings = settings
    let amounts = Declaration(spec: InstanceSpec(customer: ""))
    resources = SidecarResources(settings.sidecarResources, in: pod, amounts)
    namesUser = settings.namesUser(in: target.metadata)
    userBeforeProxy = mesh.userBeforeProxy
  }

  func add(to patch: inout PatchWriter) {
    let list = ArrayPlace.initContainers.array
    if hasInitContainers {
      patch.add(list.appending(String(position))) { write(&$0) }
    } else {
      patch.add(list) { writer in writer.array { write(&$0) } }
    }
    patch.appendPullSecret(settings, to: pod)
  }

  private func folder(_ connection: DeclaredConnection) -> String { "\(ServiceBinding.root)/\(connection.name)" }

  private func write(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", ServiceBinding.waitContainer)
      writer.member("image", settings.sidecarImage)
      if let policy = settings.imagePullPolicy { writer.member("imagePullPolicy", policy.rawValue) }
      writer.key("args")
      writer.strings(ServiceBinding.waitArguments + awaited.map { folder($0.connection) })
      writer.part(#","resources":{"#)
      writer.amounts("requests", resources.requests)
      writer.amounts("limits", resources.limits)
      writer.part(#"},"volumeMounts":["#)
      for (volume, connection) in awaited { writer.mount(volume, at: folder(connection), readOnly: true) }
      writer.part("]")
      writer.endOfContainer(user: user)
    }
  }

  /// The Pod's own user, because files of Secrets may be readable to nobody else; never root.
  private var user: Int? {
    if let userBeforeProxy { return userBeforeProxy }
    if let user = pod.identity.user, user > 0 { return user }
    return pod.ownUser(isNamed: namesUser)
  }
}
