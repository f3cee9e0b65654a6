import Contract
import Admission
import Controller
import DatabaseSpec
import Declarations
import Foundation
import Logging
import OpenSSL
import PostgresProvisioner
import PrometheusText
import ThrowawayPostgres
import UnixSignals
import WebhookServer

/// One `postern try`: a webhook, a Postgres and a sidecar on this machine, and the manifest that goes through them.
final class Trial {
  let file: String
  let console: Console
  let workspace: TrialWorkspace
  let server: WebhookServer
  let chain: AdmissionChain
  private let postgresBin: String?
  private var postgres: PostgresServer?
  private var sidecar: SidecarProcess?
  private var current: AdmittedInstance?
  private var provisioned: InstanceObjects?
  private var interruption: Interruption?
  /// Passwords that were made stay for the whole trial, as Secrets do in a cluster.
  private var madeObjects = LocalObjects()

  init(file: String, postgresBin: String?, folder: String?, console: Console) async throws {
    self.file = file
    self.console = console
    self.postgresBin = postgresBin
    guard file != "-" else { throw TrialFailure("try watches a file; name one instead of -") }
    _ = try Self.labelled(in: ManifestReader().read([file]))
    _ = try SidecarProcess.program()
    workspace = try TrialWorkspace(folder: folder)
    do {
      let certificate = try workspace.makeCertificate()
      var configuration = ServerConfiguration(
        port: 0, certificateFile: certificate.certificate, privateKeyFile: certificate.key)
      configuration.host = "127.0.0.1"
      configuration.drainTime = .zero
      do {
        server = try await AdmissionService.start(
          configuration, admission: AdmissionSettings(), registry: PrometheusRegistry(AdmissionService.families),
          isReady: { true }, logger: Logger(label: "postern"), reviewed: { _, _ in })
      } catch {
        throw TrialFailure(error.message)
      }
      let client = try WebhookClient(
        host: "127.0.0.1", port: server.port, serverName: TrialWorkspace.serverName, trusting: certificate.certificate)
      chain = AdmissionChain { path, review in try await client.post(review, to: path) }
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

  // MARK: The way

  func runOnce() async throws {
    let (instance, objects) = try await apply()
    let sidecar = try start(instance, objects: objects, once: true)
    let status = sidecar.waitUntilExit()
    try printConnections(objects)
    guard status == 0 else {
      throw TrialFailure("not everything could be provisioned; the sidecar's log above says what and why")
    }
    console.heading("Next", "stay, and change it live")
    console.print("  postern try \(file)        keeps running and applies the file whenever you save it:")
    printWhatToTry()
  }

  func runUntilInterrupted() async throws {
    let (instance, objects) = try await apply()
    sidecar = try start(instance, objects: objects, once: false)
    let interruption = Interruption()
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let listening = Task { for await _ in signals { interruption.happened() } }
    defer { listening.cancel() }
    self.interruption = interruption
    try await waitForPass(within: .seconds(120)) {
      $0.outcome == .converged || $0.outcome == .incomplete || $0.outcome == .standby
    }
    try printConnections(objects)
    console.heading("Watching \(file)", "save a change and it is applied; Ctrl-C ends it")
    printWhatToTry()
    try await followChanges()
    console.print()
  }

  private func followChanges() async throws {
    var seen = workspace.modification(of: file)
    while interruption?.isOver != true {
      try await Task.sleep(for: .milliseconds(100))
      let now = workspace.modification(of: file)
      guard now != seen, now != nil else { continue }
      seen = now
      do {
        let status = workspace.status
        let before = provisioned
        let (_, objects) = try await apply()
        guard objects != before else { continue }
        try await waitForPass { $0 != status }
        try printConnections(objects)
      } catch let failure as TrialFailure {
        for line in failure.lines { console.error(line) }
        console.error("nothing was changed; save the file again when it is right")
      } catch let error as ManifestError {
        console.error("error: \(error)")
      }
    }
  }

  /// One `kubectl apply`: the webhook decides, the controller's objects are made, the volume is laid out.
  private func apply() async throws -> (AdmittedInstance, InstanceObjects) {
    let manifests = try ManifestReader().read([file])
    let labelled = try Self.labelled(in: manifests)
    let instance = try await AdmittedInstance.admit(labelled, replacing: current, through: chain)
    let objects = try makeObjects(for: instance, given: LocalObjects(manifests))
    if current == nil { printDecision(instance, objects) } else { printUpdate(instance) }
    current = instance
    provisioned = objects
    return (instance, objects)
  }

  private func makeObjects(for instance: AdmittedInstance, given: LocalObjects) throws -> InstanceObjects {
    let manifest = instance.labelled.manifest
    guard let sidecar = instance.sidecar, let described = instance.instance else {
      throw TrialFailure(
        "\(manifest.kind) \(manifest.name) is left alone by the webhook: \(instance.warnings.first ?? "it says so")")
    }
    var cluster = given.merging(madeObjects)
    let objects: InstanceObjects
    do throws(FlatFileError) {
      objects = try InstanceObjects.make(
        for: described, from: cluster.sources(namespace: manifest.namespace),
        generate: Password.generated)
    } catch {
      throw TrialFailure(lines: error.messages.map { "error: \($0)" })
    }
    for problem in objects.problems { console.error("warning: \(problem.message)") }
    for object in [objects.admin, objects.spec, objects.passwords].compactMap(\.self) + objects.users {
      cluster.apply(object)
      if object.kind == .secret, object.name != objects.passwords.name { madeObjects.apply(object) }
    }
    for missing in LocalKubelet.missingSecrets(
      of: sidecar, in: instance.pod, objects: cluster, namespace: manifest.namespace)
    {
      console.error(
        "note: Secret \(missing.name) is not in \(file); made one up for this trial (\(missing.keys.joined(separator: ", ")))"
      )
      var data: [String: [UInt8]] = [:]
      for key in missing.keys {
        data[key] = Array((key.contains("user") ? "postgres" : try SecureRandom.password()).utf8)
      }
      cluster.addSecret(missing.name, namespace: manifest.namespace, data: data)
      madeObjects.addSecret(missing.name, namespace: manifest.namespace, data: data)
    }
    layout = try LocalKubelet(folder: workspace.folder)
      .layOut(sidecar, in: instance.pod, objects: cluster, namespace: manifest.namespace)
    return objects
  }

  private var layout = LocalKubelet.Layout(mounts: [], environment: [:])

  private func start(_ instance: AdmittedInstance, objects: InstanceObjects, once: Bool) throws -> SidecarProcess {
    let admin = TrialAdmin(layout: layout)
    let server = try startPostgres(admin)
    var environment = layout.environment
    environment[SidecarVariable.port] = String(server.port)
    environment[SidecarVariable.volume] = layout.local(VolumeLayout.mountPath)
    environment[SidecarVariable.statusFile] = workspace.statusFile.path
    let version = "PostgreSQL \(server.installation.majorVersion), throwaway, port \(server.port)"
    console.heading("Sidecar", "kubectl logs -c postern        (\(version))")
    let console = console
    return try SidecarProcess(environment: environment, once: once) { console.print("  \($0)") }
  }

  private func startPostgres(_ admin: TrialAdmin) throws -> PostgresServer {
    do {
      let installation = try TrialWorkspace.installation(postgresBin)
      let server = try PostgresServer(
        installation, superuser: admin.user, password: admin.password ?? SecureRandom.password(),
        trustsSuperuser: true)
      postgres = server
      return server
    } catch let error as PostgresServerError {
      throw TrialFailure(error.description)
    }
  }

  /// Waits until the sidecar's status is such; a change that leaves it as it is (a failure that lasts) ends the wait
  /// after a while.
  private func waitForPass(within limit: Duration = .seconds(10), until isReached: (Status) -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while interruption?.isOver != true, ContinuousClock.now < deadline {
      if let status = workspace.status, isReached(status) { return }
      guard sidecar?.isRunning == true else {
        throw TrialFailure("the sidecar has ended; its log above says why")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private static func labelled(in manifests: [Manifest]) throws(TrialFailure) -> LabelledManifest {
    let labelled = manifests.compactMap(LabelledManifest.init)
    guard let first = labelled.first else { throw TrialFailure(LabelledManifest.noneFound(among: manifests)) }
    guard labelled.count == 1 else {
      let places = labelled.map(\.manifest.place).joined(separator: ", ")
      throw TrialFailure("one customer's Postgres at a time; labelled are \(places)")
    }
    return first
  }

  // MARK: What is printed

  private func printDecision(_ instance: AdmittedInstance, _ objects: InstanceObjects) {
    let manifest = instance.labelled.manifest
    console.heading("Admission", "the real webhook, over TLS: POST /mutate, POST /validate")
    console.print("  \(manifest.kind) \(manifest.name) in namespace \(manifest.namespace): allowed")
    console.print("  its Pod: injected with")
    for line in instance.additions { console.print("    + \(line)") }
    for warning in instance.warnings { console.print("  Warning: \(warning)") }
    let names = [objects.spec, objects.passwords].map { "\($0.kind.rawValue) \($0.name)" }
    console.heading("Objects", "what the controller makes beside it")
    let secrets = ([objects.admin].compactMap(\.self) + objects.users).map { "Secret \($0.name)" }
    console.print("  \((names + secrets).joined(separator: ", "))")
  }

  private func printUpdate(_ instance: AdmittedInstance) {
    let manifest = instance.labelled.manifest
    console.print()
    for warning in instance.warnings { console.print("Warning: \(warning)") }
    console.print("\(manifest.kind) \(manifest.name) configured")
  }

  private func printConnections(_ objects: InstanceObjects) throws {
    guard let port = postgres?.port else { return }
    console.heading("Connections", "key uri of each user's Secret; good while this Postgres runs")
    if objects.connections.isEmpty { console.print("  none: no user may use a database yet") }
    for connection in objects.connections {
      let names = "\(connection.user.text) → \(connection.database.text)"
      console.print(
        "  \(names.padding(toLength: max(28, names.count), withPad: " ", startingAt: 0))  \(connection.uri(host: "127.0.0.1", port: port))"
      )
    }
  }

  private func printWhatToTry() {
    console.print("    add a user          - name: reports, with grants: {<database>: read}")
    console.print("    change a password   edit stringData.password of the Secret that a user's passwordFrom names")
    console.print("    remove a user       delete its entry: it is locked; with ensure: absent it is dropped")
    console.print("    make a typo         ownr: shop — and read what comes back")
  }
}
