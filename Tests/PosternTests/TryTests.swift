import Foundation
import LibPQ
import TestThreads
import Testing

/// `postern try`, as a person at a terminal uses it.
@Suite(.blocking, .serialized) struct TryTests {
  @Test(arguments: [
    ("labelled-deployment.yaml", ["keycloak → keycloak_db", "dolibarr → dolibarr_db"]),
    ("labelled-statefulset.yaml", ["shop → orders", "analyst → orders"]),
    ("labelled-pod.yaml", ["solo → solo_db"]),
    ("label-only-deployment.yaml", ["solo → solo_db"]),
    ("psql-sidecar-labelled.yaml", ["keycloak → keycloak_db", "dolibarr → dolibarr_db"]),
  ])
  func onceProvisions(manifest: String, connections: [String]) throws {
    let answer = try Program.run(["try", Program.fixture(manifest), "--once"])
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains("converged"))
    for connection in connections { #expect(answer.output.contains(connection)) }
  }

  /// A Pod whose Postgres gets its superuser's name and password from various sources.
  private static func pod(_ container: String, annotations: String = "", volumes: String = "", objects: String = "")
    -> String
  {
    """
    apiVersion: v1
    kind: Pod
    metadata:
      name: db
      labels: {postern.io/customer: acme}
      annotations: {postern.io/users: shop, postern.io/databases: orders\(annotations)}
    spec:
      containers: [{name: postgres, image: "\(container)}]
      volumes: [\(volumes)]
    ---
    apiVersion: v1
    kind: Secret
    metadata: {name: cred}
    stringData: {password: "pw of the superuser\\n", user: root}
    \(objects)
    """
  }
  private static let cred = "{name: cred, secret: {secretName: cred}}"

  @Test(arguments: [
    // A mount with slashes at its end, and a mount of a single file.
    pod(
      #"postgres:17", env: [{name: POSTGRES_PASSWORD_FILE, value: /run/cred/password}], volumeMounts: [{name: cred, mountPath: /run/cred//}]"#,
      volumes: cred),
    pod(
      #"postgres:17", env: [{name: POSTGRES_PASSWORD_FILE, value: /run/pw}], volumeMounts: [{name: cred, mountPath: /run/pw, subPath: password}]"#,
      volumes: cred),
    pod(
      #"postgres:17", env: [{name: POSTGRES_PASSWORD_FILE, value: /run/c/x/pw}], volumeMounts: [{name: cred, mountPath: /run/c/}]"#,
      volumes: "{name: cred, secret: {secretName: cred, items: [{key: password, path: x/pw}]}}"),
    // Bitnami's image requires a password on loopback, and its superuser is not the user of POSTGRESQL_USERNAME.
    pod(
      #"bitnami/postgresql:17", env: [{name: POSTGRESQL_USERNAME, value: app}, {name: POSTGRESQL_PASSWORD, value: app}, {name: POSTGRESQL_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: cred, key: password}}}]"#
    ),
    // The last object of envFrom that has the key, and a name that is composed of variables.
    pod(
      #"postgres:17", envFrom: [{configMapRef: {name: one}}, {configMapRef: {name: two}}, {secretRef: {name: three}}], env: [{name: A, value: ro}, {name: POSTGRES_USER, value: $(A)ot}]"#,
      objects: """
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {POSTGRES_PASSWORD: one}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {POSTGRES_PASSWORD: two}}
        ---
        {apiVersion: v1, kind: Secret, metadata: {name: three}, stringData: {OTHER: x}}
        """),
    // What Postern gives goes before what envFrom sets, and is not beside it.
    pod(
      #"postgres:17", envFrom: [{secretRef: {name: three}}]"#, annotations: ", postern.io/admin-secret: other",
      objects: """
        ---
        {apiVersion: v1, kind: Secret, metadata: {name: three}, stringData: {POSTGRES_PASSWORD: x, POSTGRES_USER: root}}
        ---
        {apiVersion: v1, kind: Secret, metadata: {name: other}, stringData: {username: root, password: z9}}
        """),
    // A Secret that the file does not contain is made up, for both containers.
    pod(#"postgres:17", env: [{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: absent, key: p}}}]"#),
    pod(#"postgres:17", envFrom: [{secretRef: {name: absent}}]"#),
  ])
  func makesThePostgresThatThePodWouldHave(manifest: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "pod-\(UUID().uuidString).yaml")
    try Data(manifest.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let answer = try Program.run(["try", file.path, "--once"])
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
  }

  @Test(arguments: [
    // Postgres has one superuser, and the sidecar is given another.
    (
      pod(
        #"postgres:17", env: [{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: cred, key: password}}}]"#,
        annotations: ", postern.io/admin-secret: other",
        objects:
          "---\n{apiVersion: v1, kind: Secret, metadata: {name: other}, stringData: {username: other, password: x}}"),
      "other"
    ),
    // Bitnami's image requires a password on loopback.
    (
      pod(
        #"bitnami/postgresql:17", env: [{name: POSTGRESQL_PASSWORD, valueFrom: {secretKeyRef: {name: cred, key: password}}}]"#,
        annotations: ", postern.io/admin-secret: other",
        objects:
          "---\n{apiVersion: v1, kind: Secret, metadata: {name: other}, stringData: {username: postgres, password: x}}"),
      "password"
    ),
    (
      pod(
        #"postgres:17", env: [{name: POSTGRES_PASSWORD_FILE, value: /run/other/password}], volumeMounts: [{name: cred, mountPath: /run/cred}]"#,
        volumes: cred),
      "the file that POSTGRES_PASSWORD_FILE names is not there"
    ),
    (
      pod(
        #"postgres:17", envFrom: [{configMapRef: {name: one}}]"#,
        objects: "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {POSTGRES_PASSWORD: one}}"
      )
      .replacing("POSTGRES_PASSWORD: one", with: "POSTGRES_PASSWORD: ''"),
      "gets no password for its superuser: POSTGRES_PASSWORD would hold it"
    ),
  ])
  func failsWhereThePodWould(manifest: String, message: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "pod-\(UUID().uuidString).yaml")
    try Data(manifest.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let answer = try Program.run(["try", file.path, "--once"])
    #expect(answer.status == 1, "\(answer.output)\(answer.errors)")
    #expect((answer.output + answer.errors).contains(message), "\(answer.output)\(answer.errors)")
    #expect(!answer.errors.contains("pw of the superuser"))
  }

  /// A trial of a copy of the example, which the test may edit.
  private func trial(of manifest: String, by launcher: [String] = []) throws -> (trial: RunningProgram, file: URL) {
    let file = FileManager.default.temporaryDirectory.appending(path: "trial-\(UUID().uuidString).yaml")
    try Data(manifest.utf8).write(to: file)
    let trial = try RunningProgram(["try", file.path], by: launcher)
    try trial.waitFor("first provisioning") { $0.contains("Watching") }
    return (trial, file)
  }

  /// The last printed connection of this user.
  private func settings(of user: String, in output: String) throws -> ConnectionSettings {
    let line = try #require(output.split(separator: "\n").last { $0.contains("  \(user) → ") })
    let uri = try #require(URLComponents(string: String(line.split(separator: " ").last ?? "")))
    return ConnectionSettings(
      port: try #require(uri.port), user: try #require(uri.user), password: uri.password,
      database: String(uri.path.dropFirst()))
  }

  private func canLogIn(_ settings: ConnectionSettings) -> Bool {
    do throws(PostgresError) {
      _ = try Connection(settings)
      return true
    } catch { return false }
  }

  @Test func savingTheFileAppliesItLive() throws {
    let example = try String(contentsOf: Program.package.appending(path: "Examples/acme.yaml"), encoding: .utf8)
    let (trial, file) = try trial(of: example)
    defer { try? FileManager.default.removeItem(at: file) }
    let old = try settings(of: "analyst", in: trial.output)
    #expect(try Connection(old).query("SELECT count(*) FROM invoice").value(0, 0) == "2")
    #expect(throws: PostgresError.self) { try Connection(old).execute("DELETE FROM invoice") }

    var text = example.replacing("change-me-live", with: "another password")
    try Data(text.utf8).write(to: file)
    try trial.waitFor("changed password") { $0.contains("another%20password") }
    #expect(canLogIn(try settings(of: "analyst", in: trial.output)))
    #expect(!canLogIn(old))

    text = text.replacing("      - name: shop\n", with: "      - name: shop\n      - name: reports\n")
    try Data(text.utf8).write(to: file)
    try trial.waitFor("new user's role") { $0.contains("create role  name=reports") }

    let beforeTypo = trial.output.count
    try Data(text.replacing("owner: shop", with: "ownr: shop").utf8).write(to: file)
    try trial.waitFor("refusal") { $0.dropFirst(beforeTypo).contains("nothing was changed") }
    #expect(trial.output.contains(#"unknown key "ownr" in a database; did you mean "owner"?"#))

    text = text.replacing("      - name: reports\n", with: "")
    try Data(text.utf8).write(to: file)
    try trial.waitFor("locked role") { $0.contains("lock role  name=reports") }
    #expect(trial.output.contains(#"Warning: postern: user "reports" will be locked"#))

    #expect(trial.terminate() == 0)
    #expect(!canLogIn(try settings(of: "analyst", in: trial.output)), "the throwaway Postgres still runs")
  }

  enum Moment { case start, script, watching, command }

  /// By Ctrl-C, by whoever has waited long enough, and by a terminal that is closed, from the first file on.
  @Test(arguments: [SIGINT, SIGQUIT, SIGTERM, SIGHUP], [Moment.start, .script, .watching, .command])
  func whateverEndsItNothingIsLeft(signal: Int32, moment: Moment) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "left-\(UUID().uuidString)")
    let file = folder.appendingPathExtension("yaml")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    defer { for url in [folder, file] { try? FileManager.default.removeItem(at: url) } }
    let sql = moment == .script ? "SELECT pg_sleep(600)" : "SELECT 1"
    let manifest = """
      apiVersion: v1
      kind: Pod
      metadata:
        name: db
        labels: {postern.io/customer: acme}
        annotations:
          postern.io/users: shop
          postern.io/databases: "[{name: orders, scripts: [{name: s, sql: \(sql)}]}]"
      spec: {containers: [{name: postgres, image: "postgres:17", env: [{name: POSTGRES_PASSWORD, value: x}]}]}
      """
    try Data(manifest.utf8).write(to: file)
    let more =
      moment == .watching ? [] : moment == .command ? ["--", "sh", "-c", "echo begun; exec sleep 600"] : ["--once"]
    let trial = try RunningProgram(["try", file.path] + more, environment: ["TMPDIR": folder.path])
    switch moment {
    case .start:
      try trial.waitFor("its first file") { _ in
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty) == false
      }
    case .script: try trial.waitFor("the script") { $0.contains("running script") }
    case .watching: try trial.waitFor("the end of the first pass") { $0.contains("Watching") }
    case .command: try trial.waitFor("the command") { $0.contains("begun") }
    }
    // The terminal sends its signals to the command, too.
    let isTerminals = signal == SIGINT || signal == SIGQUIT
    kill(moment == .command && isTerminals ? -trial.processIdentifier : trial.processIdentifier, signal)
    let status = trial.waitForEnd()
    #expect(status == (moment == .watching ? 0 : moment == .command ? 1 : 128 + signal), "\(trial.output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
      (try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8))?.contains(folder.path) == true
        || (try? String(contentsOfFile: "/proc/\(name)/environ", encoding: .utf8))?.contains(folder.path) == true
    }
    #expect(processes == [])
  }

  /// What nohup has it ignore does not end it.
  @Test func itOutlivesItsTerminalWhereItIsToldTo() throws {
    let example = try String(contentsOf: Program.package.appending(path: "Examples/acme.yaml"), encoding: .utf8)
    let (trial, file) = try trial(of: example, by: ["/usr/bin/nohup"])
    defer { try? FileManager.default.removeItem(at: file) }
    kill(trial.processIdentifier, SIGHUP)
    let text = example.replacing("      - name: shop\n", with: "      - name: shop\n      - name: reports\n")
    try Data(text.utf8).write(to: file)
    try trial.waitFor("new user's role") { $0.contains("create role  name=reports") }
    #expect(trial.terminate() == 0)
  }

  @Test func noPasswordIsInTheSidecarsLog() throws {
    let answer = try Program.run(["try", Program.fixture("labelled-deployment.yaml"), "--once"])
    let log = answer.output.split(separator: "\n").filter { $0.hasPrefix("  20") }
    #expect(!log.isEmpty)
    let passwords = answer.output.split(separator: "\n").compactMap { line -> String? in
      line.firstRange(of: "postgresql://").flatMap { URLComponents(string: String(line[$0.lowerBound...]))?.password }
    }
    #expect(passwords.count == 2)
    for password in passwords { #expect(!log.contains { $0.contains(password) }) }
  }

  @Test func refusesAsKubectlPrintsIt() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "broken-\(UUID().uuidString).yaml")
    try Data(CheckTests.broken.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let answer = try Program.run(["try", file.path, "--once"])
    #expect(answer.status == 1)
    #expect(answer.errors.contains(#"The Deployment "acme" is invalid:"#))
    #expect(answer.errors.contains("* metadata.annotations[postern.io/users][1].password: "))
    #expect(!(answer.output + answer.errors).contains("hunter2"))
  }

  @Test(arguments: [
    (["-"], "error: try watches a file; name one instead of -\n"),
    (["/no/such.yaml"], "error: /no/such.yaml: cannot be read: there is no such file\n"),
    (
      [Program.fixture("psql-sidecar.yaml")],
      "error: nothing has the label postern.io/customer; to make Deployment postgres-deployment a customer's Postgres,"
        + " add \"postern.io/customer: <name>\" to its metadata.labels\n"
    ),
    (
      [Program.fixture("labelled-pod.yaml"), "--postgres-bin", "/no/such"],
      "error: /no/such holds no postgres program that runs; --postgres-bin names the folder of initdb\n"
    ),
    (
      [Program.fixture("labelled-pod.yaml"), "--folder", "/proc"],
      "error: cannot write in /proc; name another folder with --folder\n"
    ),
  ])
  func saysInOneLineWhatIsWrong(arguments: [String], error: String) throws {
    let answer = try Program.run(["try", "--once"] + arguments)
    #expect(answer.status == 1)
    #expect(answer.errors == error)
  }
}
