import Admission
import Contract
import DatabaseSpec
import Declarations
import FoundationEssentials
import Instances
import JSONBytes
import Logging
import PostgresProvisioner
import PrometheusText
import Randomness
import ThrowawayPostgres
import WebhookServer

/// What `postern try` runs on this machine: a webhook, a Postgres and a sidecar. One manifest goes through all of them. A
/// trial prints nothing; each step returns its result.
final class Trial {
  let file: String
  private let postgresBin: String?
  private let workspace: TrialWorkspace
  private let server: WebhookServer
  let chain: AdmissionChain
  private var postgres: PostgresServer?
  private var sidecar: SidecarProcess?
  private var current: AppliedManifest?
  /// When the file had been saved that was applied last.
  private var modification: Date?
  /// The sidecar's status before the file was applied last.
  private var earlierStatus: Status?
  /// Generated passwords. They stay the same for the whole trial, as Secrets do in a cluster.
  private var madeObjects = LocalObjects()
  /// All objects, as the API server would hold them.
  private var cluster = LocalObjects()
  private var layout = LocalKubelet.Layout(mounts: [], environment: [:])
  /// The server that the Pod's Postgres container would make. After it was made, changes of the variables have no
  /// effect.
  private var wanted: TrialServer?

  /// Starts the webhook.
  init(file: String, postgresBin: String?, folder: String?) async throws(CommandError) {
    self.file = file
    self.postgresBin = postgresBin
    guard file != "-" else { throw .refused("try watches a file; name one instead of -") }
    _ = try Self.labelled(in: ManifestReader().sound(file))
    _ = try SidecarProcess.program()
    workspace = try TrialWorkspace(folder: folder)
    do throws(CommandError) {
      let certificate = try workspace.makeCertificate()
      server = try await Self.startWebhook(certificate: certificate.certificate, privateKey: certificate.key)
      let client = try WebhookClient(
        host: "127.0.0.1", port: server.port, serverName: TrialWorkspace.serverName, trusting: certificate.certificate)
      chain = AdmissionChain { path, review throws(CommandError) in try await client.post(review, to: path) }
    } catch {
      workspace.remove()
      throw error
    }
  }

  /// Ends what runs and leaves nothing behind.
  func end() async {
    sidecar?.end()
    postgres?.stop()
    await server.shutdown()
    workspace.remove()
  }

  /// What each user can connect to, and the port of the throwaway Postgres; nil before it runs.
  var connections: (users: [UserConnection], port: Int)? {
    guard let current, let postgres else { return nil }
    return (current.objects.connections, postgres.port)
  }

  /// Does what follows a `kubectl apply`: the webhook decides, the controller's objects are made, the volume is written.
  func apply() async throws(CommandError) -> AppliedManifest {
    modification = workspace.modification(of: file)
    earlierStatus = workspace.status
    let manifests = try ManifestReader().sound(file)
    let labelled = try Self.labelled(in: manifests)
    let instance = try await AdmittedInstance.admit(labelled, replacing: current?.instance, through: chain)
    let applied = try makeObjects(for: instance, given: LocalObjects(manifests))
    current = applied
    return applied
  }

  /// Waits until the file is saved, and applies it; nil if the user interrupts first.
  func applyNextChange(unless interruption: Interruption) async throws(CommandError) -> AppliedManifest? {
    while !interruption.isOver {
      try? await Task.sleep(for: .milliseconds(100))
      let now = workspace.modification(of: file)
      if now != nil, now != modification { return try await apply() }
    }
    return nil
  }

  /// Starts the throwaway Postgres.
  func startPostgres() throws(CommandError) -> PostgresServer {
    let installation = try TrialWorkspace.installation(postgresBin)
    do {
      let server = try PostgresServer(
        installation, superuser: wanted?.superuser ?? "postgres",
        password: wanted?.password ?? SecureRandom.password(), trustsSuperuser: wanted?.trustsLoopback ?? true)
      postgres = server
      return server
    } catch {
      throw .refused("\(error)")
    }
  }

  /// Starts the sidecar. `onLine` gets each line of its log.
  func startSidecar(once: Bool, onLine: @escaping @Sendable (String) -> Void) throws(CommandError) {
    var environment = layout.environment
    if let postgres { environment[SidecarVariable.port] = String(postgres.port) }
    environment[SidecarVariable.volume] = layout.local(VolumeLayout.mountPath)
    environment[SidecarVariable.statusFile] = workspace.statusFile.path
    sidecar = try SidecarProcess(environment: environment, once: once, onLine: onLine)
  }

  /// Waits until the sidecar has ended by itself.
  /// - Returns: whether everything is provisioned; nil if the user interrupts first.
  func waitForSidecar(unless interruption: Interruption) async -> Bool? {
    while sidecar?.isRunning == true {
      guard !interruption.isOver else { return nil }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return await sidecar?.exit() == 0
  }

  /// Waits until the sidecar has finished its first pass.
  func waitForFirstPass(unless interruption: Interruption) async throws(CommandError) {
    try await wait(.seconds(120), unless: interruption) {
      $0.outcome == .converged || $0.outcome == .incomplete || $0.outcome == .standby
    }
  }

  /// Waits until the sidecar has a new status since the file was applied last. A failure that lasts does not change the
  /// status, so the wait has a limit.
  func waitForPass(unless interruption: Interruption) async throws(CommandError) {
    let earlier = earlierStatus
    try await wait(.seconds(10), unless: interruption) { $0 != earlier }
  }
}

extension Trial {
  private static func startWebhook(certificate: String, privateKey: String) async throws(CommandError) -> WebhookServer
  {
    var configuration = ServerConfiguration(port: 0, certificateFile: certificate, privateKeyFile: privateKey)
    configuration.host = "127.0.0.1"
    configuration.drainTime = .zero
    do throws(ServerError) {
      return try await AdmissionService.start(
        configuration, admission: AdmissionSettings(), registry: PrometheusRegistry(AdmissionService.families),
        health: ServerHealth(), logger: Logger(label: "postern"), reviewed: { _, _ in })
    } catch {
      throw .refused(error.message)
    }
  }

  private static func labelled(in manifests: [Manifest]) throws(CommandError) -> LabelledManifest {
    let labelled = manifests.compactMap(LabelledManifest.init)
    guard let first = labelled.first else { throw .refused(LabelledManifest.noneFound(among: manifests)) }
    guard labelled.count == 1 else {
      let places = labelled.map(\.manifest.place).joined(separator: ", ")
      throw .refused("one customer's Postgres at a time; labelled are \(places)")
    }
    return first
  }

  private func makeObjects(
    for instance: AdmittedInstance, given: LocalObjects
  ) throws(CommandError) -> AppliedManifest {
    let manifest = instance.labelled.manifest
    guard let sidecar = instance.sidecar, let described = instance.instance else {
      throw .refused(
        "\(manifest.kind) \(manifest.name) is left alone by the webhook: \(instance.warnings.first ?? "it says so")")
    }
    var cluster = given.merging(madeObjects)
    let objects = try cluster.made(for: described, declaredBy: manifest, generate: Password.generated)
    for object in [objects.admin, objects.spec, objects.passwords].compactMap(\.self) + objects.users {
      cluster.apply(object)
      if object.kind == .secret, object.name != objects.passwords.name { madeObjects.apply(object) }
    }
    let image = PostgresImage(pod: instance.pod)
    let container = instance.pod.podContainer(image?.container)
    var missing: [(name: String, keys: [String])] = []
    for (needing, expected) in [
      (sidecar, []), (container ?? sidecar, image?.passwordVariables(applicationUser: nil) ?? []),
    ] {
      let own = LocalKubelet.missingSecrets(
        of: needing, in: instance.pod, objects: cluster, namespace: manifest.namespace, expected: expected)
      for secret in own {
        let data = try Self.madeUp(keys: secret.keys)
        cluster.addSecret(secret.name, namespace: manifest.namespace, data: data)
        madeObjects.addSecret(secret.name, namespace: manifest.namespace, data: data)
      }
      missing += own
    }
    self.cluster = cluster
    layout = try layOut(sidecar, of: instance, cluster)
    if postgres == nil, let image, let container {
      wanted = try TrialServer(image, environment: try layOut(container, of: instance, cluster).environment)
    }
    return AppliedManifest(
      instance: instance, objects: objects, madeUp: missing, hasChanges: objects != current?.objects)
  }

  private func layOut(
    _ container: JSONValue, of instance: AdmittedInstance, _ objects: LocalObjects
  ) throws(CommandError) -> LocalKubelet.Layout {
    try layOut(container, of: instance.pod, in: instance.labelled.manifest.namespace, objects)
  }

  /// The folder of the trial.
  var folder: URL { workspace.folder }

  /// What this machine's clients see: the users' Secrets lead to the throwaway, which has no certificate.
  func localObjects() throws(CommandError) -> (objects: LocalObjects, of: LabelledManifest) {
    guard let current, let postgres, var instance = current.instance.instance else {
      throw .refused("nothing runs yet")
    }
    let labelled = current.instance.labelled
    instance.declaration.host = "127.0.0.1"
    instance.declaration.tls = ClientTLS()
    instance.port = postgres.port
    var objects = cluster
    let made = try cluster.made(for: instance, declaredBy: labelled.manifest, generate: Password.generated)
    for secret in made.users { objects.replace(secret) }
    return (objects, labelled)
  }

  func layOut(
    _ container: JSONValue, of pod: JSONValue, in namespace: String, _ objects: LocalObjects
  ) throws(CommandError) -> LocalKubelet.Layout {
    do {
      return try LocalKubelet(folder: workspace.folder)
        .layOut(container, in: pod, objects: objects, namespace: namespace)
    } catch {
      throw .refused("cannot write in \(workspace.folder.path): \(error)")
    }
  }

  private static func madeUp(keys: [String]) throws(CommandError) -> [String: [UInt8]] {
    var data: [String: [UInt8]] = [:]
    do throws(RandomError) {
      for key in keys { data[key] = Array((key.contains("user") ? "postgres" : try SecureRandom.password()).utf8) }
    } catch {
      throw .refused(error.message)
    }
    return data
  }

  private func wait(
    _ limit: Duration, unless interruption: Interruption, until isReached: (Status) -> Bool
  ) async throws(CommandError) {
    let deadline = ContinuousClock.now + limit
    while !interruption.isOver, ContinuousClock.now < deadline {
      if let status = workspace.status, isReached(status) { return }
      guard sidecar?.isRunning == true else { throw .refused("the sidecar has ended; its log above says why") }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }
}
