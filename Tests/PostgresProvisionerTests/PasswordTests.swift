import DatabaseSpec
import Foundation
import LibPQ
import Linux
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct PasswordTests {
  /// Passwords of people, generators and attackers.
  private static let passwords = [
    String(decoding: (1...127).map { UInt8($0) }, as: UTF8.self), String(repeating: "p", count: 1000),
    String(repeating: "\u{1F418}", count: 1000), "md5" + String(repeating: "a", count: 32),
    "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
      + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "'; DROP ROLE shop; --", "\\", "\\'", "$$", "$1", "\"", " ", "  leading and trailing  ", "%s%n", "new\nline\r\n",
    "e\u{301}", "\u{e9}", "\u{2168}", "soft\u{AD}hyphen", "\u{A0}", "\u{5D0}1", "\u{378}", "-", "null", "NULL",
  ]

  @Test(arguments: PostgresInstallation.all)
  func anyTextIsAPasswordAndNoOtherIs(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for (index, password) in Self.passwords.enumerated() { try bench.user("u\(index)", password: password) }
    try bench.database("orders", owner: "u0")
    bench.desired.spec.users = bench.desired.spec.users.map { user in
      var user = user
      user.grants = user.name.text == "u0" ? [] : [Grant(database: bench.desired.spec.databases[0].name, level: .read)]
      return user
    }
    #expect(bench.pass().problems == [])
    for (index, password) in Self.passwords.enumerated() {
      #expect(try bench.value("SELECT 1", in: "orders", as: "u\(index)", password: password) == "1", "u\(index)")
      let other = password + "x"
      #expect(
        try bench.sqlState("SELECT", in: "orders", as: "u\(index)", password: other) == SQLState.invalidPassword)
    }
    // A new process derives all verifiers again, and finds none changed.
    let again = ProvisionerBench(besides: bench)
    #expect(again.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func aChangedPasswordLeavesNoTraceInTheServer(_ installation: PostgresInstallation) throws {
    let preload = "shared_preload_libraries=pg_stat_statements"
    let library = installation.programs.appending(path: "../lib/pg_stat_statements.so").standardized.path
    let hasStatistics = FileManager.default.fileExists(atPath: library)
    let bench = try ProvisionerBench(
      installation,
      configuration: [
        "log_statement=all", "log_min_duration_statement=0", "log_transaction_sample_rate=1", "log_duration=on",
        "log_lock_waits=on", "deadlock_timeout=10ms", "debug_print_parse=on", "log_parser_stats=on",
        "log_error_verbosity=verbose",
      ] + (hasStatistics ? [preload] : []))
    if hasStatistics { try bench.server.connect().execute("CREATE EXTENSION pg_stat_statements") }
    try bench.user("shop", password: "first-4711")
    try bench.database("orders", owner: "shop")
    bench.desired.adminPassword = try Password(bench.server.password)
    #expect(bench.pass().problems == [])
    try bench.user("shop", password: "second-4712")
    bench.desired.adminPassword = try Password("admin-4713")
    #expect(bench.pass().problems == [])
    let connection = try bench.connect(to: "postgres", as: "postgres", password: "admin-4713")
    let stored = try connection.query("SELECT rolpassword FROM pg_authid WHERE rolname IN ('shop', 'postgres')")
    let verifiers = try (0..<2).map { row in try #require(stored.value(row, 0)) }
    let log = bench.server.log
    let statements =
      hasStatistics ? try connection.query("SELECT string_agg(query, ';') FROM pg_stat_statements").value(0, 0) : ""
    for (index, secret) in (verifiers + ["first-4711", "second-4712", "admin-4713"]).enumerated() {
      let isLogged = log.contains(secret)
      let isCounted = try #require(statements).contains(secret)
      #expect(!isLogged, "secret \(index)")
      #expect(!isCounted, "secret \(index)")
    }
    let isSeen = log.contains("PASSWORD 'SCRAM") || bench.log.contains { $0.contains("SCRAM") || $0.contains("-471") }
    #expect(!isSeen)
    // Postern's other statements stay in the log.
    let isAudited = log.contains("CREATE ROLE")
    #expect(isAudited)
  }

  /// The statement is delayed, so that there is time to look at it.
  @Test(arguments: PostgresInstallation.all)
  func nobodySeesAVerifierInPgStatActivity(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let volume = try SidecarVolume()
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "first"], adminPassword: server.password)
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus { $0.isReady }, "\(sidecar.log)")
    let holder = try server.connect()
    try holder.execute("BEGIN; ALTER ROLE shop CONNECTION LIMIT 9")
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "second"], adminPassword: server.password)
    let watcher = try server.connect()
    let query =
      "SELECT coalesce(query, '') FROM pg_stat_activity WHERE application_name = 'postern' AND state <> 'idle'"
    var seen: [String] = []
    let isHeldUp = try sidecar.wait {
      let rows = try watcher.query(query)
      seen += (0..<rows.rowCount).compactMap { rows.value($0, 0) }
      let waiting = "SELECT FROM pg_locks WHERE NOT granted"
      return try watcher.query(waiting).rowCount > 0
    }
    #expect(isHeldUp, "\(sidecar.log)")
    let rows = try watcher.query(query)
    seen += (0..<rows.rowCount).compactMap { rows.value($0, 0) }
    #expect(seen.contains { !$0.isEmpty } || rows.rowCount > 0)
    #expect(!seen.contains { $0.contains("SCRAM") || $0.contains("PASSWORD") })
    try holder.execute("ROLLBACK")
    #expect(
      sidecar.wait { (try? Connection(server.settings(user: "shop", password: "second", database: "shop_db"))) != nil })
  }
}
