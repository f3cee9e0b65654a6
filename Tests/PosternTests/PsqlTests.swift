import Foundation
import LibPQ
import TestThreads
import Testing
import TestSupport
import ThrowawayPostgres

@testable import postern

/// `postern psql` and `postern plan` in a cluster: a real psql and a real Postgres, with an API server between them that
/// forwards as a kubelet does.
@Suite(.blocking) struct PsqlTests {
  @Test(arguments: PostgresInstallation.all)
  func psqlIsOpenedWithTheLoginOfTheUsersSecret(_ installation: PostgresInstallation) async throws {
    let cluster = try await ForwardedCluster.start(installation)
    let question = "SELECT current_user || ' ' || current_database() || ' ' || coalesce(host(inet_client_addr()), '-')"
    let cases: [(arguments: [String], answer: String)] = [
      (["acme"], "shop orders 127.0.0.1"), (["acme", "web", "postgres"], "web postgres 127.0.0.1"),
      (["acme", "shop", "postgres", "-n", "shop", "--pod", "acme-0"], "shop postgres 127.0.0.1"),
    ]
    for (arguments, wanted) in cases {
      let misleading = [
        "PGHOST": "nowhere", "PGHOSTADDR": "192.0.2.1", "PGSERVICE": "x", "PGSSLMODE": "verify-full", "PGUSER": "x",
      ]
      let answer = try await cluster.run(["psql"] + arguments + ["--", "-XAtc", question], environment: misleading)
      #expect(answer.status == 0 && answer.output == wanted + "\n", "\(answer)")
    }
    let ending = try await cluster.run(["psql", "acme", "--", "-X", "-v", "ON_ERROR_STOP=1", "-c", "SELECT 1/0"])
    #expect(ending.status == 1 && ending.errors.contains("division by zero"), "\(ending)")
    let script = try await cluster.run(["psql", "acme", "--", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "/dev/null/none"])
    #expect(script.status == 1, "\(script)")
    let many = try await cluster.run([
      "psql", "acme", "--", "-XAtc", "SELECT repeat('x', 1000) FROM generate_series(1, 5000)",
    ])
    #expect(many.output.utf8.count == 1001 * 5000, "\(many.errors)")
    await cluster.stop()
  }

  @Test func noPasswordIsOnACommandLineAndEverySignalReachesPsql() async throws {
    let cluster = try await ForwardedCluster.start(.newest)
    let program = try RunningProgram(
      [
        "psql", "acme", "--", "-XAtq", "-c", #"\! tr '\0' ' ' < /proc/$PPID/cmdline; echo pid=$PPID."#, "-c",
        "SELECT pg_sleep(600)",
      ],
      environment: ["KUBECONFIG": cluster.kubeconfig.path])
    try await ForwardedCluster.apart { try program.waitFor("the shell") { $0.contains(/pid=[0-9]+\./) } }
    #expect(program.output.contains("psql") && !program.output.contains("ter 2"), "\(program.output)")
    let own = try String(contentsOfFile: "/proc/\(program.processIdentifier)/cmdline", encoding: .utf8)
    #expect(own.contains("acme") && !own.contains("ter 2"))
    let psql = try #require(program.output.firstMatch(of: /pid=([0-9]+)\./).flatMap { Int32($0.output.1) })
    let group = { (id: Int32) in getpgid(id) }
    #expect(group(psql) == group(program.processIdentifier))
    // A terminal's interrupt goes to both, and is psql's business.
    kill(program.processIdentifier, SIGINT)
    #expect(kill(psql, 0) == 0)
    program.askToEnd()
    #expect(try await ForwardedCluster.apart { program.waitForEnd() } == 128 + SIGTERM)
    #expect(kill(psql, 0) != 0)
    await cluster.stop()
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    var path: String?
    var code: Int?
    let message: String
    var environment: [String: String] = [:]
    var testDescription: String { message }
  }

  @Test(arguments: [
    Refusal(arguments: ["nobody"], message: #"no Pod of customer "nobody" runs in namespace shop"#),
    Refusal(arguments: ["acme,x"], message: #""acme,x" can be no customer's name"#),
    Refusal(
      arguments: ["acme", "--pod", "acme-7"],
      message: #"no Pod "acme-7" of customer "acme" runs in namespace shop; there are: acme-0"#),
    Refusal(arguments: ["acme", "crm"], message: "there is no Secret shop/acme-pg-user-crm"),
    Refusal(arguments: ["acme"], path: "/pods", code: 403, message: "you may not list pods in namespace shop"),
    Refusal(
      arguments: ["acme"], path: "/acme-pg-user-shop", code: 403,
      message: "you may not get Secret shop/acme-pg-user-shop"),
    Refusal(
      arguments: ["acme"], path: "/acme-pg-spec", code: 403,
      message: "the users of customer \"acme\" are not known; name one"),
    Refusal(arguments: ["acme"], message: "there is no psql on the PATH", environment: ["PATH": "/nonexistent"]),
  ]) func whatCannotBeDoneIsSaid(_ refusal: Refusal) async throws {
    let cluster = try await ForwardedCluster.start(.newest) { request in
      guard let path = refusal.path, let code = refusal.code, request.path.hasSuffix(path) else { return nil }
      return .status(code, "Forbidden", "no")
    }
    let answer = try await cluster.run(["psql"] + refusal.arguments, environment: refusal.environment)
    #expect(answer.status == 1 && answer.errors.contains(refusal.message), "\(answer)")
    #expect(!answer.errors.contains("ter 2") && !answer.errors.contains("t0ken"))
    await cluster.stop()
  }

  /// The API server answers what is no port-forward of the user's as it answers any other request.
  @Test func aForwardThatIsRefusedIsToldBeforePsqlEnds() async throws {
    let cluster = try await ForwardedCluster.start(.newest)
    let text = try String(contentsOf: cluster.kubeconfig, encoding: .utf8).replacing("t0ken", with: "other")
    try Data(text.utf8).write(to: cluster.kubeconfig)
    let answer = try await cluster.run(["psql", "acme", "--", "-c", "SELECT 1"])
    #expect(answer.status == 2 && answer.errors.contains("portforward: 404"), "\(answer)")
    await cluster.stop()
  }

  private let manifest = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: acme
      labels: {postern.io/customer: acme}
      annotations:
        postern.io/users: |
          - name: shop
          - name: web
            passwordFrom: {secret: acme-pg-user-web, key: password}
        postern.io/databases: |
          - name: orders
            owner: shop
    spec:
      serviceName: acme
      selector: {matchLabels: {app: acme}}
      template:
        metadata: {labels: {app: acme}}
        spec:
          containers:
            - name: postgres
              image: postgres:17
    """

  @Test(arguments: PostgresInstallation.all)
  func aPlanAsksTheServerInTheClusterWithTheSuperusersSecret(_ installation: PostgresInstallation) async throws {
    let cluster = try await ForwardedCluster.start(installation)
    let file = cluster.kubeconfig.path + ".yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Data(manifest.utf8).write(to: URL(filePath: file))
    let plan = try await cluster.run(["plan", file])
    #expect(plan.status == 3 && plan.output.contains("REVOKE") && !plan.output.contains("CREATE DATABASE"), "\(plan)")
    // Both passwords are the Secrets', and so the server's.
    #expect(!plan.output.contains("PASSWORD") && plan.errors.isEmpty, "\(plan)")
    try Data(manifest.replacing("name: web", with: "name: crm").utf8).write(to: URL(filePath: file))
    let other = try await cluster.run(["plan", file, "-n", "shop", "--pod", "acme-0"])
    #expect(other.output.contains(#"CREATE ROLE "crm""#), "\(other)")
    for answer in [plan, other] {
      for secret in ["ter 2", "t0ken", cluster.postgres.password, "'other'"] {
        #expect(!(answer.output + answer.errors).contains(secret))
      }
    }
    let elsewhere = try await cluster.run(["plan", file, "-n", "other"])
    #expect(elsewhere.status == 1 && elsewhere.errors.contains("no Pod of customer"), "\(elsewhere)")
    let both = try await cluster.run(["plan", file, "-n", "shop", "--url", "postgresql://x@127.0.0.1/x"])
    #expect(both.status == 64 && both.errors.contains("--url"), "\(both)")
    await cluster.stop()
  }

  @Test(arguments: [SIGINT, SIGTERM]) func aPlanThatIsEndedLeavesNothing(signal: Int32) async throws {
    let cluster = try await ForwardedCluster.start(.newest)
    let folder = FileManager.default.temporaryDirectory.appending(path: "p-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "acme.yaml")
    try Data(manifest.utf8).write(to: file)
    func left() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
    // Whoever logs in waits.
    let lock = try cluster.postgres.connect()
    try lock.execute("BEGIN; LOCK pg_authid")
    let program = try RunningProgram(
      ["plan", file.path],
      environment: ["KUBECONFIG": cluster.kubeconfig.path, "XDG_RUNTIME_DIR": folder.path, "TMPDIR": folder.path])
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    #expect(try await eventually { try lock.query(waiting).value(0, 0) != "0" })
    #expect(try left().count == 2, "\(program.output)")
    kill(program.processIdentifier, signal)
    #expect(try await ForwardedCluster.apart { program.waitForEnd() } == 128 + signal)
    #expect(try left() == ["acme.yaml"])
    await cluster.stop()
  }

  @Test func aPlanWithoutTheSuperusersSecretIsRefused() async throws {
    let cluster = try await ForwardedCluster.start(.newest) { request in
      request.path.hasSuffix("/acme-super") ? .status(403, "Forbidden", "no") : nil
    }
    let file = cluster.kubeconfig.path + ".yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Data(manifest.utf8).write(to: URL(filePath: file))
    let answer = try await cluster.run(["plan", file])
    #expect(answer.status == 1 && answer.errors.contains("you may not get Secret shop/acme-super"), "\(answer)")
    await cluster.stop()
  }

  @Test func aShellCompletesTheCustomersNames() async throws {
    let cluster = try await ForwardedCluster.start(.newest)
    let words = ["---completion", "psql", "--", "positional@0", "2", "0", "postern", "psql", "ac"]
    let answer = try await cluster.run(words)
    #expect(answer.output.contains("acme"), "\(answer)")
    let plugin = FileManager.default.temporaryDirectory.appending(path: "complete-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: plugin, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: plugin) }
    let program = plugin.appending(path: "kubectl_complete-postern")
    try FileManager.default.createSymbolicLink(
      at: program, withDestinationURL: Program.products.appending(path: "postern"))
    for (words, wanted) in [
      (["psql", ""], "acme\n:4\n"), (["psql", "-n", "shop", "a"], "acme\n:4\n"), (["status", "b"], ":4\n"),
      (["psql", "acme", ""], ":0\n"), (["check", ""], ":0\n"), (["psql", "-"], ":0\n"),
    ] {
      let environment = ["KUBECONFIG": cluster.kubeconfig.path]
      let answer = try await ForwardedCluster.apart {
        try Program.run(words, program: program, environment: environment)
      }
      #expect(answer.output == wanted, "\(words) \(answer)")
    }
    await cluster.stop()
  }
}
