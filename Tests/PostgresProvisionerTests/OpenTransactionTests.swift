import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// What a transaction has made nobody else sees before it ends, and it ends after the pass.
@Suite(.blocking) struct OpenTransactionTests {
  /// How such a transaction waits, and how it ends.
  struct Ending: Sendable {
    var waits = "SELECT 1"
    var ends: String
    var leavesObjects = true
  }

  static let endings = [
    Ending(ends: "COMMIT"), Ending(ends: "ROLLBACK", leavesObjects: false),
    Ending(waits: "PREPARE TRANSACTION 'late'", ends: "COMMIT PREPARED 'late'"),
    Ending(waits: "SAVEPOINT s; CREATE TABLE gone (a int); ROLLBACK TO s", ends: "COMMIT"),
  ]

  /// One of each kind that default privileges are about.
  private static let objects = """
    CREATE TABLE mig (a int); CREATE SEQUENCE q; CREATE SCHEMA s; CREATE TABLE s.t (a int);
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
    """

  private static func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation, configuration: ["max_prepared_transactions=5"])
    for name in ["old", "new"] { try bench.user(name) }
    try bench.user("writer", grants: ["d": .write])
    for name in ["d", "other"] { try bench.database(name, owner: "old") }
    #expect(bench.pass().problems == [])
    return bench
  }

  /// The rights of the role on objects of the current database, as words.
  private static let rights = """
    SELECT string_agg(DISTINCT e.privilege_type, ' ') FROM (
      SELECT relacl AS acl FROM pg_class UNION ALL SELECT proacl FROM pg_proc UNION ALL SELECT nspacl FROM pg_namespace
      UNION ALL SELECT defaclacl FROM pg_default_acl) o
    CROSS JOIN LATERAL aclexplode(o.acl) e WHERE e.grantee = 'writer'::regrole
    """

  @Test(arguments: PostgresInstallation.all, endings)
  func aRightIsTakenBackFromWhatIsCommittedLater(_ installation: PostgresInstallation, _ ending: Ending) throws {
    let bench = try Self.bench(installation)
    for level in [Grant.Level.read, nil] {
      let session = try bench.connect(to: "d", as: "old")
      try session.execute("BEGIN; \(Self.objects); \(ending.waits)")
      try bench.user("writer", grants: level.map { ["d": $0] } ?? [:])
      for _ in 0..<2 {
        let report = bench.pass()
        #expect(report.problems.map(\.item) == ["grant to writer on d"])
        #expect(report.problems.allSatisfy { $0.isFailure && $0.hint?.contains("end it") == true })
        #expect(
          report.problems.first?.message.contains(ending.waits.hasPrefix("PREPARE") ? "'late'" : "user old") == true)
      }
      #expect(try bench.value("SELECT level FROM postern.managed_grant WHERE role = 'writer'") == "write")
      try session.execute(ending.ends)
      #expect(bench.pass().problems == [])
      let read = ending.leavesObjects ? "EXECUTE SELECT USAGE" : "SELECT USAGE"
      #expect(try bench.value(Self.rights, in: "d") == (level == nil ? nil : read))
      #expect(
        try bench.value("SELECT string_agg(level, '') FROM postern.managed_grant WHERE role = 'writer'")
          == level?.rawValue)
      #expect(bench.pass() == PassReport(outcome: .converged))
      try bench.server.connect(database: "d").execute(
        "DROP TABLE IF EXISTS mig; DROP SEQUENCE IF EXISTS q; DROP SCHEMA IF EXISTS s CASCADE; DROP FUNCTION IF EXISTS f"
      )
      try bench.user("writer", grants: ["d": .write])
      #expect(bench.pass().problems == [])
    }
  }

  /// The grant is removed, and a smaller one is declared later.
  @Test(arguments: PostgresInstallation.all)
  func aRightThatWasRemovedMeanwhileDoesNotComeBackWithASmallerOne(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    let session = try bench.connect(to: "d", as: "old")
    try session.execute("BEGIN; \(Self.objects)")
    try bench.user("writer")
    #expect(bench.pass().outcome == .incomplete)
    try bench.user("writer", grants: ["d": .read])
    try session.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(Self.rights, in: "d") == "EXECUTE SELECT USAGE")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// The rights of users are changed beside a script that runs.
  @Test(arguments: PostgresInstallation.all)
  func aRightIsTakenBackFromWhatPosternsOwnScriptMakes(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    let gate = try bench.server.connect(database: "d")
    try gate.execute("SELECT pg_advisory_lock(7)")
    try bench.database(
      "d", owner: "old", scripts: [bench.script("1", "CREATE TABLE mig (a int); SELECT pg_advisory_lock(7)")])
    let volume = try bench.volume()
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(try sidecar.wait { try bench.isWaiting() }, "\(sidecar.log)")
    try bench.user("writer", grants: ["d": .read])
    try bench.fill(volume)
    #expect(sidecar.wait { sidecar.log.contains("is not taken back altogether") }, "\(sidecar.log)")
    try gate.execute("SELECT pg_advisory_unlock(7)")
    #expect(
      try sidecar.wait { try bench.value("SELECT level FROM postern.managed_grant") == "read" }, "\(sidecar.log)")
    #expect(try bench.sqlState("INSERT INTO mig VALUES (1)", in: "d", as: "writer") == SQLState.insufficientPrivilege)
    #expect(try bench.value("SELECT count(*) FROM mig", in: "d", as: "writer") == "0")
  }

  /// What another database's transactions do, or those that make nothing for the user, is waited for by nobody.
  @Test(arguments: PostgresInstallation.all)
  func otherTransactionsHoldNothingUp(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    let busy = try bench.connect(to: "d", as: "old")
    try busy.execute("CREATE TABLE t (a int)")
    #expect(bench.pass().problems == [])
    try busy.execute("BEGIN; INSERT INTO t VALUES (1)")
    let elsewhere = try bench.connect(to: "other", as: "old")
    try elsewhere.execute("BEGIN; CREATE TABLE t (a int); GRANT SELECT ON t TO writer; PREPARE TRANSACTION 'elsewhere'")
    try elsewhere.execute("BEGIN; CREATE TABLE u (a int); GRANT SELECT ON u TO writer")
    try bench.user("writer", grants: ["d": .read])
    #expect(bench.pass().problems == [])
    try bench.user("writer")
    try bench.database("d", owner: "new")
    // No table's owner changes beside its writers.
    try busy.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT relowner::regrole FROM pg_class WHERE relname = 't'", in: "d") == "new")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all, endings)
  func anOwnerChangesWhenNothingOfTheOldOnesIsOpen(_ installation: PostgresInstallation, _ ending: Ending) throws {
    let bench = try Self.bench(installation)
    try bench.user("writer")
    let session = try bench.connect(to: "d", as: "old")
    try session.execute("BEGIN; \(Self.objects); \(ending.waits)")
    try bench.database("d", owner: "new")
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.problems.map(\.item) == ["database d"])
      #expect(report.problems.first?.message.hasPrefix("still belongs to old, not new: an open transaction") == true)
    }
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'd'") == "old")
    try session.execute(ending.ends)
    #expect(bench.pass().problems == [])
    let owned = """
      SELECT count(*) FROM pg_shdepend WHERE deptype = 'o'
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND refobjid =
      """
    #expect(try bench.value("\(owned) 'old'::regrole AND classid <> 'pg_default_acl'::regclass", in: "d") == "0")
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'd'") == "new")
    #expect(try (bench.value("SELECT to_regclass('mig')", in: "d") != nil) == ending.leavesObjects)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// The rights were not yet looked at when the record said that they were taken back.
  @Test(arguments: PostgresInstallation.all)
  func aRightIsTakenBackInADatabaseThatIsRenamedMeanwhile(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.connect(to: "d", as: "old").execute("CREATE TABLE t (a int)")
    #expect(bench.pass().problems == [])
    bench.desired.spec.databases[0].name = try PostgresName("e")
    bench.desired.spec.databases[0].renamedFrom = try PostgresName("d")
    try bench.user("writer", grants: ["e": .read])
    #expect(bench.pass().problems == [])
    #expect(try bench.value(Self.rights, in: "e") == "SELECT USAGE")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
