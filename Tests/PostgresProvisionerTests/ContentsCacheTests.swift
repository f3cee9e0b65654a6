import DatabaseSpec
import Foundation
import LibPQ
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@testable import PostgresProvisioner

/// Which databases a pass logs in to, where it knows what was in them: counted, not timed.
@Suite(.blocking) struct ContentsCacheTests {
  /// A bench whose passes remember, and which counts logins, with databases that have a script and a reader each.
  private static func bench(
    _ installation: PostgresInstallation, configuration: [String] = []
  ) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation, configuration: ["log_connections=on"] + configuration)
    bench.known = ContentsCache()
    for number in 1...3 {
      try bench.user("user\(number)")
      try bench.database(
        "user\(number)_db", owner: "user\(number)", scripts: [bench.script("001", "CREATE TABLE t ()")])
    }
    try bench.user("reader", grants: ["user1_db": .read, "user2_db": .read, "user3_db": .read])
    #expect(bench.pass().outcome == .converged)
    return bench
  }

  /// What a pass says, and the databases that it logs in to, beside `postgres`.
  private static func pass(_ bench: ProvisionerBench) -> (report: PassReport, logins: [String]) {
    let seen = bench.server.log.utf8.count
    let report = bench.pass()
    let lines = String(decoding: bench.server.log.utf8.dropFirst(seen), as: UTF8.self).split(separator: "\n")
    let logins = lines.compactMap { line -> String? in
      guard line.contains("connection authorized"), let range = line.firstRange(of: "database=") else { return nil }
      return String(line[range.upperBound...].prefix { $0 != " " })
    }
    return (report, logins.filter { $0 != "postgres" })
  }

  private static let quiet = PassReport(outcome: .converged)

  /// Makes passes until one looks into no database: what a session has written is counted a little later.
  private static func settle(_ bench: ProvisionerBench) -> Bool {
    eventually {
      let (report, logins) = pass(bench)
      return report == quiet && logins.isEmpty
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func databasesThatNobodyWroteToAreNotLoggedInTo(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    #expect(Self.settle(bench))
    // Who reads alone does not count, whatever it reads.
    #expect(try bench.value("SELECT count(*) FROM t", in: "user2_db", as: "reader") == "0")
    #expect(Self.pass(bench).logins == [])

    // By hand, in one of them: that one is looked into, and put right.
    try bench.server.connect(database: "user2_db").execute("REVOKE SELECT ON t FROM reader")
    var applied: [String] = []
    var logins: Set<String> = []
    let isSeen = eventually {
      let pass = Self.pass(bench)
      logins.formUnion(pass.logins)
      applied += pass.report.applied
      return !applied.isEmpty
    }
    #expect(isSeen)
    #expect(applied == ["grant name=reader database=user2_db level=read"])
    #expect(logins == ["user2_db"])
    #expect(try bench.value("SELECT count(*) FROM t", in: "user2_db", as: "reader") == "0")
    #expect(Self.settle(bench))
  }

  @Test(arguments: PostgresInstallation.all)
  func whereTheDeclarationIsAnotherOneThatDatabaseIsLookedInto(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    #expect(Self.settle(bench))
    try bench.user("reader", grants: ["user1_db": .read, "user2_db": .write, "user3_db": .read])
    let granting = Self.pass(bench)
    #expect(granting.report.applied == ["grant name=reader database=user2_db level=write"])
    // Looked into, granted, and looked into once more.
    #expect(granting.logins == ["user2_db", "user2_db", "user2_db"])
    #expect(Self.settle(bench))

    bench.desired.spec.databases[2].scripts.append(bench.script("002", "CREATE TABLE u ()"))
    let running = Self.pass(bench)
    #expect(running.report.applied.count == 1)
    #expect(Set(running.logins) == ["user3_db"])
    #expect(Self.settle(bench))

    // What a user may do by a role that it is given is another matter, too.
    try bench.server.connect().execute("CREATE ROLE clerk; GRANT clerk TO user1")
    #expect(Self.pass(bench).logins == ["user1_db"])
    #expect(Self.settle(bench))

    // A role of the same name is another one.
    for number in 1...3 { try bench.server.connect(database: "user\(number)_db").execute("DROP OWNED BY reader") }
    try bench.server.connect().execute("DROP ROLE reader")
    let again = Self.pass(bench)
    #expect(again.report.outcome == .converged)
    #expect(Set(again.logins).count == 3)
    #expect(try bench.value("SELECT count(*) FROM t", in: "user3_db", as: "reader") == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func afterARestartAResetOrACrashItIsLookedIntoAnew(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    #expect(Self.settle(bench))
    let all: Set = ["user1_db", "user2_db", "user3_db"]
    try bench.server.restart()
    #expect(Set(Self.pass(bench).logins) == all)
    #expect(Self.settle(bench))
    _ = try bench.value("SELECT pg_stat_reset()", in: "user3_db")
    #expect(Self.pass(bench).logins == ["user3_db"])
    #expect(Self.settle(bench))
    // The server's processes start anew, and statistics are lost; the server itself says that it has run all the time.
    let query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    let process = try #require(try bench.value(query))
    kill(pid_t(try #require(Int32(process))), SIGKILL)
    // The server takes logins until it has noticed.
    let isBack = eventually {
      guard let present = try? bench.value(query) else { return false }
      return present != process
    }
    #expect(isBack)
    #expect(Set(Self.pass(bench).logins) == all)
    #expect(Self.settle(bench))
  }

  @Test(arguments: PostgresInstallation.all)
  func whereTheServerDoesNotCountAllAreLookedInto(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, configuration: ["track_counts=off"])
    for _ in 0..<3 { #expect(Self.pass(bench).logins.count == 3) }
  }

  @Test(arguments: PostgresInstallation.all)
  func whatIsNotAsDeclaredIsLookedIntoAgainAndAWarningStays(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    #expect(Self.settle(bench))
    try bench.server.connect(database: "user1_db").execute("CREATE TABLE hidden ()")
    let isToldWithoutALook = eventually {
      let (report, logins) = Self.pass(bench)
      return logins.isEmpty && report.problems.count == 1
    }
    #expect(isToldWithoutALook)
    try bench.database(
      "user2_db", owner: "user2", extensions: [Extension(name: try PostgresName("no such thing"))],
      scripts: [bench.script("001", "CREATE TABLE t ()")])
    for _ in 0..<3 {
      let (report, logins) = Self.pass(bench)
      #expect(report.outcome == .incomplete)
      #expect(logins == ["user2_db"])
    }
  }

  // MARK: Turns

  /// A cache and what would be read; each pass says which databases it looks into.
  private static func names(_ count: Int) throws -> [PostgresName] {
    try (0..<count).map { try PostgresName("db\($0)") }
  }

  private static func pass(_ cache: ContentsCache, _ names: [PostgresName], writes: Int) -> [PostgresName] {
    cache.passBegins()
    var state = ObservedState(serverVersion: 180_000, administrator: Postern.database)
    for name in names {
      state.databases[name] = DatabaseState(owner: name)
      state.databases[name]?.writes = writes
    }
    let server = state
    let spec = InstanceSpec(customer: "acme")
    let looked = cache.recall(names, &state) { ContentsQuestions($0, nil, Grantees(spec, Records()), server) }
    for (name, _) in looked { state.databases[name]?.contents = DatabaseContents() }
    #expect(names.allSatisfy { state.databases[$0]?.contents != nil })
    cache.note(looked, state, unsettled: [])
    return looked.map { $0.name }
  }

  @Test(arguments: [(1, 1), (20, 20), (60, 20), (1000, 167)])
  func databasesThatAreWrittenToAllTheTimeAreLookedIntoInTurns(_ count: Int, _ most: Int) throws {
    let cache = ContentsCache()
    let names = try Self.names(count)
    #expect(Self.pass(cache, names, writes: 0).count == count)
    for round in 1...4 {
      var seen: Set<PostgresName> = []
      for number in 0..<(count + most - 1) / most {
        let looked = Self.pass(cache, names, writes: round * 10 + number)
        #expect(looked.count <= most)
        seen.formUnion(looked)
      }
      #expect(seen.count == count)
    }
  }

  @Test(arguments: [1, 3, 100, 1000])
  func eachIsLookedIntoOnceInAWhileAndNotAllAtOnce(_ count: Int) throws {
    let cache = ContentsCache()
    let names = try Self.names(count)
    #expect(Self.pass(cache, names, writes: 0).count == count)
    var seen: [PostgresName: Int] = [:]
    for _ in 0..<72 {
      let looked = Self.pass(cache, names, writes: 0)
      #expect(looked.count <= (count + 35) / 36 + 1)
      for name in looked { seen[name, default: 0] += 1 }
    }
    #expect(seen.count == count)
    #expect(seen.values.allSatisfy { $0 <= 2 })
  }
}
