import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// To which users' objects a grant applies, and what is reported about the objects of others.
@Suite(.blocking) struct MakerTests {
  @Test(arguments: PostgresInstallation.all)
  func whatAMemberOfTheOwnerMakesIsTheOwnersAndTheReadersToRead(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("deployers", memberOf: ["shop"])
    try bench.user("deployer", memberOf: ["deployers"])
    try bench.user("ro", grants: ["d": .read])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    let deployer = try bench.connect(to: "d", as: "deployer")
    try deployer.execute(
      "CREATE TABLE t (a serial); INSERT INTO t DEFAULT VALUES; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS a")
    for table in ["t", "s.t"] {
      #expect(try bench.value("SELECT a FROM \(table)", in: "d", as: "ro") == "1")
      #expect(try bench.value("SELECT a FROM \(table)", in: "d", as: "shop") == "1")
      #expect(try bench.sqlState("DELETE FROM \(table)", in: "d", as: "shop") == nil)
      #expect(try bench.sqlState("DELETE FROM \(table)", in: "d", as: "ro") == SQLState.insufficientPrivilege)
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
    // If the default privileges were revoked by hand, rights on objects that were made meanwhile are granted as well.
    try deployer.execute("ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM shop, ro; CREATE TABLE u AS SELECT 2 AS a")
    #expect(bench.pass().problems == [])
    for user in ["shop", "ro"] { #expect(try bench.value("SELECT a FROM u", in: "d", as: user) == "2") }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatAThirdRoleOrASuperuserMadeIsToldUntilItIsGone(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("ro", grants: ["d": .read])
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE seen (a int)")])
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE ROLE third; CREATE TABLE theirs (a serial); ALTER TABLE theirs OWNER TO third; CREATE VIEW root AS SELECT 1;
      CREATE TABLE open (a int); GRANT SELECT ON open TO PUBLIC
      """)
    for _ in 1...2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(
        report.problems.map(\.message) == [
          "postgres owns 1 tables, views or sequences in it that the database's owner, or who has grants, cannot read "
            + "(public.root)",
          "third owns 2 tables, views or sequences in it that the database's owner, or who has grants, cannot read "
            + "(public.theirs_a_seq, public.theirs)",
        ])
    }
    try bench.server.connect(database: "d").execute("DROP VIEW root; ALTER TABLE theirs OWNER TO shop")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func theOwnerOfADeclaredSchemaCanComeToIt(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "auditor"] { try bench.user(name) }
    try bench.database(
      "d", owner: "shop", schemas: [Schema(name: try PostgresName("audit"), owner: try PostgresName("auditor"))])
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("CREATE TABLE audit.t (a int)", in: "d", as: "auditor") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// A user who had a grant and becomes the owner can still log in.
  @Test(arguments: PostgresInstallation.all)
  func aGranteeWhoBecomesTheOwnerCanLogIn(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("heir", grants: ["d": .write])
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 1 AS a")])
    #expect(bench.pass().problems == [])
    try bench.user("heir")
    try bench.database("d", owner: "heir", scripts: bench.desired.spec.databases[0].scripts)
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT a FROM t", in: "d", as: "heir") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// It may use what its members make all the while, also where its application is never without a transaction.
  @Test(arguments: PostgresInstallation.all)
  func aGranteeWhoBecomesTheOwnerKeepsWhatItsMembersMake(_ installation: PostgresInstallation) throws {
    let bench = try Self.benchOfTeam(installation, grant: .write)
    let application = try bench.connect(to: "d", as: "team")
    try application.execute("BEGIN; CREATE TEMP TABLE mine (a int)")
    try bench.user("team")
    try bench.database("d", owner: "team", schemas: bench.desired.spec.databases[0].schemas)
    for _ in 0..<2 {
      _ = bench.pass()
      #expect(try bench.value("SELECT a FROM s.t", in: "d", as: "team") == "1")
    }
    try application.execute("COMMIT")
    _ = bench.pass()
    #expect(try bench.value("SELECT a FROM s.t", in: "d", as: "team") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// As where a pass was killed right behind the change: what the grant gave and what the owner must have are not the same.
  @Test(arguments: PostgresInstallation.all)
  func aGranteeWhomSomebodyMadeTheOwnerKeepsWhatItsMembersMake(_ installation: PostgresInstallation) throws {
    let bench = try Self.benchOfTeam(installation, grant: .read)
    try bench.server.connect(database: "d").execute("ALTER DATABASE d OWNER TO team")
    try bench.user("team")
    try bench.database("d", owner: "team", schemas: bench.desired.spec.databases[0].schemas)
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT a FROM s.t", in: "d", as: "team") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// A database of another owner in which `team` has a grant, and its member `dev` a schema `s` with a table `t`.
  private static func benchOfTeam(
    _ installation: PostgresInstallation, grant: Grant.Level
  ) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("legacy")
    try bench.user("team", grants: ["d": grant])
    try bench.user("dev", memberOf: ["team"])
    try bench.database(
      "d", owner: "legacy", schemas: [Schema(name: try PostgresName("s"), owner: try PostgresName("dev"))])
    #expect(bench.pass().problems == [])
    try bench.connect(to: "d", as: "dev").execute("CREATE TABLE s.t AS SELECT 1 AS a")
    return bench
  }

  /// Everybody may call a routine unless its owner says otherwise; one that runs as its owner may write.
  @Test(arguments: PostgresInstallation.all)
  func whatAMereReaderMayCallThatRunsAsItsOwnerIsTold(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("ro", grants: ["d": .read])
    try bench.user("rw", grants: ["d": .write])
    let sql = """
      CREATE TABLE t (a int);
      CREATE FUNCTION f(int) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO t VALUES ($1)';
      CREATE PROCEDURE p() LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM t';
      CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
      CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'
      """
    try bench.database("d", owner: "shop", scripts: [bench.script("1", sql)])
    let message =
      "users whose grant is read may call 2 SECURITY DEFINER routines of shop, which do what shop may "
      + "(public.f(integer), public.p())"
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map(\.message) == [message])
    }
    // What its owner keeps for itself is given to who may write, and not to who may read.
    try bench.connect(to: "d", as: "shop").execute(
      "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA public FROM PUBLIC, ro, rw")
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("SELECT f(1)", in: "d", as: "rw") == nil)
    #expect(try bench.sqlState("SELECT f(1)", in: "d", as: "ro") == SQLState.insufficientPrivilege)
    #expect(try bench.sqlState("SELECT mine()", in: "d", as: "ro") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// A grant is about the schemas of the owner and of makers alone.
  @Test(arguments: PostgresInstallation.all)
  func aSchemaThatMayNotBeUsedIsToldUntilItMay(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("ro", grants: ["d": .read])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    let admin = try bench.server.connect(database: "d")
    try admin.execute(
      """
      CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE app.u (a int); ALTER TABLE app.t OWNER TO shop;
      ALTER TABLE app.u OWNER TO shop; CREATE SCHEMA nothing; CREATE SCHEMA mine AUTHORIZATION shop; CREATE TABLE mine.t (a int);
      ALTER TABLE mine.t OWNER TO shop; CREATE TABLE mine.p (a int) PARTITION BY LIST (a); CREATE SCHEMA parts;
      CREATE TABLE parts.p PARTITION OF mine.p DEFAULT; ALTER TABLE mine.p OWNER TO shop; ALTER TABLE parts.p OWNER TO shop
      """)
    func told() -> [String] {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      return report.problems.map { "\($0.item): \($0.message)" }
    }
    let message =
      "database d: postgres owns 1 schemas in it of which the database's owner, or who has grants, may read tables, views or "
      + "sequences, but not use the schema (app)"
    for _ in 1...2 { #expect(told() == [message]) }
    try admin.execute("GRANT USAGE ON SCHEMA app TO shop")
    #expect(told() == [message])
    try admin.execute("ALTER SCHEMA app OWNER TO shop")
    #expect(told() == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT count(*) FROM app.t", in: "d", as: "ro") == "0")
  }

  /// A schema's owner may connect for as long as the schema is declared to be that user's.
  @Test(arguments: PostgresInstallation.all)
  func whoOwnsASchemaNoMoreCannotConnectByIt(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "analyst", "twice", "reader"] {
      try bench.user(name, grants: name == "reader" ? ["d": .read] : [:])
    }
    func declare(_ owners: [(schema: String, owner: String)]) throws {
      try bench.database(
        "d", owner: "shop",
        schemas: try owners.map { Schema(name: try PostgresName($0.schema), owner: try PostgresName($0.owner)) })
    }
    try declare([("lab", "analyst"), ("one", "twice"), ("two", "twice"), ("three", "reader")])
    #expect(bench.pass().problems == [])
    try declare([("lab", "shop"), ("one", "shop"), ("two", "twice"), ("three", "shop")])
    #expect(
      bench.pass().applied.filter { $0.hasPrefix("revoke connect") } == ["revoke connect name=analyst database=d"])
    for (user, isIn) in [("analyst", false), ("twice", true), ("reader", true)] {
      #expect(
        try bench.sqlState("SELECT", in: "d", as: user) == (isIn ? nil : SQLState.insufficientPrivilege), "\(user)")
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
    // Who never owned one keeps what an administrator has given.
    try bench.server.connect().execute("GRANT CONNECT ON DATABASE d TO analyst")
    try declare([("lab", "twice"), ("two", "shop")])
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("SELECT", in: "d", as: "analyst") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// An open transaction keeps the record of the grant, and so what a pass does to take it back.
  @Test(arguments: PostgresInstallation.all)
  func aSchemasOwnerWhoLosesAGrantKeepsTheRightToConnect(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("analyst", grants: ["d": .read])
    try bench.database(
      "d", owner: "shop", schemas: [Schema(name: try PostgresName("lab"), owner: try PostgresName("analyst"))],
      scripts: [bench.script("1", "CREATE TABLE t ()")])
    #expect(bench.pass().problems == [])
    let session = try bench.connect(to: "d", as: "shop")
    try session.execute("BEGIN; CREATE TABLE u ()")
    try bench.user("analyst")
    let report = bench.pass()
    #expect(report.applied == ["revoke name=analyst database=d level=read"])
    #expect(report.problems.map(\.item) == ["grant to analyst on d"])
    #expect(report.problems.first?.message.contains("an open transaction has made something") == true)
    try session.execute("COMMIT")
    let last = bench.pass()
    #expect(last.problems == [])
    #expect(last.applied == ["revoke name=analyst database=d level=read"])
    #expect(try bench.sqlState("SELECT", in: "d", as: "analyst") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
