import DatabaseSpec
import Instances
import ThrowawayPostgres

/// Prints the result of each step of a trial.
struct TrialReport {
  let file: String
  let console: Console

  /// Prints what happened when the file was applied for the first time.
  func decided(_ applied: AppliedManifest) {
    remarks(applied)
    let (instance, objects) = (applied.instance, applied.objects)
    let manifest = instance.labelled.manifest
    console.heading("Admission", "the real webhook, over TLS: POST /mutate, POST /validate")
    console.print("  \(manifest.kind) \(manifest.name) in namespace \(manifest.namespace): allowed")
    console.print("  its Pod: injected with")
    for line in instance.additions { console.print("    + \(line)") }
    for warning in instance.warnings { console.print("  Warning: \(warning)") }
    let names = [objects.spec, objects.passwords].map { "\($0.kind.rawValue) \($0.name)" }
    console.heading("Objects", "what the controller makes beside it")
    let secrets = objects.lasting.map { "Secret \($0.name)" }
    console.print("  \((names + secrets).joined(separator: ", "))")
  }

  /// Prints what happened when a change was applied.
  func updated(_ applied: AppliedManifest) {
    remarks(applied)
    let manifest = applied.instance.labelled.manifest
    console.print()
    for warning in applied.instance.warnings { console.print("Warning: \(warning)") }
    console.print("\(manifest.kind) \(manifest.name) configured")
  }

  /// Prints why a change was not applied.
  func refused(_ error: CommandError) {
    for line in error.lines { console.error(line) }
    if error.status == .refused { console.error("nothing was changed; save the file again when it is right") }
  }

  /// Prints the heading of the sidecar's log.
  func sidecarStarts(on server: PostgresServer) {
    let version = "PostgreSQL \(server.installation.majorVersion), throwaway, port \(server.port)"
    console.heading("Sidecar", "kubectl logs -c postern        (\(version))")
  }

  /// Prints how each user connects.
  func connections(_ connections: (users: [UserConnection], port: Int)?) {
    guard let connections else { return }
    console.heading("Connections", "key uri of each user's Secret; good while this Postgres runs")
    if connections.users.isEmpty { console.print("  none: no user may use a database yet") }
    for connection in connections.users {
      let names = "\(connection.user.text) → \(connection.database.text)"
      let padding = String(repeating: " ", count: max(0, 28 - names.count))
      console.print("  \(names)\(padding)  \(connection.uri(host: "127.0.0.1", port: connections.port))")
    }
  }

  /// Prints what runs with whose environment.
  func runs(_ application: TrialApplication, _ command: [String]) {
    console.heading("Application", "\(application.name): \(command.joined(separator: " "))")
  }

  /// Prints that the file is watched from now on.
  func watches() {
    console.heading("Watching \(file)", "save a change and it is applied; Ctrl-C ends it")
    whatToTry()
  }

  /// Prints what to do after a trial that has ended by itself.
  func next() {
    console.heading("Next", "stay, and change it live")
    console.print("  postern try \(file)        keeps running and applies the file whenever you save it:")
    whatToTry()
  }

  private func remarks(_ applied: AppliedManifest) {
    for problem in applied.objects.problems { console.error("warning: \(problem.message)") }
    for secret in applied.madeUp {
      let keys = secret.keys.joined(separator: ", ")
      console.error("note: Secret \(secret.name) is not in \(file); made one up for this trial (\(keys))")
    }
  }

  private func whatToTry() {
    console.print("    add a user          - name: reports, with grants: {<database>: read}")
    console.print("    change a password   edit stringData.password of the Secret that a user's passwordFrom names")
    console.print("    remove a user       delete its entry: it is locked; with ensure: absent it is dropped")
    console.print("    make a typo         ownr: shop — and read what comes back")
  }
}
