import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// What Postern does not take back with a grant: what a role may do with its own objects, and what others granted.
@Suite(.blocking) struct OwnRightsTests {
  private static let use =
    "CREATE TABLE mine (a serial); INSERT INTO mine DEFAULT VALUES; SELECT * FROM mine; TRUNCATE mine; DROP TABLE mine;"

  @Test(arguments: PostgresInstallation.all)
  func aGranteeWhoBecomesTheOwnerHasAllRightsOnWhatItMakes(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("app", grants: ["d": .write])
    try bench.user("ro", grants: ["d": .read])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.user("app")
    try bench.database("d", owner: "app")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.sqlState(Self.use, in: "d", as: "app") == nil)
    #expect(try bench.sqlState("CREATE SCHEMA s; CREATE TABLE s.t (a int)", in: "d", as: "app") == nil)
    #expect(
      try bench.sqlState(
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f FROM PUBLIC; SELECT f()",
        in: "d", as: "app") == nil)
    #expect(try bench.sqlState("SELECT", in: "d", as: "app") == nil)
  }

  /// Its grant is lowered, and then taken back.
  @Test(arguments: PostgresInstallation.all)
  func theOwnerOfASchemaKeepsItsRightsThere(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("app", grants: ["d": .write])
    try bench.user("ro", grants: ["d": .read])
    try bench.database(
      "d", owner: "shop", schemas: [Schema(name: try PostgresName("app"), owner: try PostgresName("app"))])
    #expect(bench.pass().problems == [])
    // Somebody has made the owner's own entries explicit.
    try bench.connect(to: "d", as: "app").execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    for grants: [String: Grant.Level] in [["d": .read], [:]] {
      try bench.user("app", grants: grants)
      #expect(bench.pass().problems == [])
      #expect(bench.pass() == PassReport(outcome: .converged))
      #expect(try bench.sqlState(Self.use, in: "d", as: "app") == nil)
      #expect(
        try bench.sqlState(
          "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT f(); DROP FUNCTION f()", in: "d",
          as: "app") == nil)
    }
  }

  /// Default privileges that an owner has made for one schema go with the grant, as those for all schemas do.
  @Test(arguments: PostgresInstallation.all)
  func defaultPrivilegesOfASchemaGoWithTheGrant(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    for name in ["app", "other"] { try bench.user(name, grants: ["d": .write]) }
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("S x"))])
    #expect(bench.pass().problems == [])
    let owner = try bench.connect(to: "d", as: "shop")
    for schema in ["", "IN SCHEMA public", "IN SCHEMA \"S x\""] {
      try owner.execute("ALTER DEFAULT PRIVILEGES \(schema) GRANT ALL ON TABLES TO app, other")
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
    try bench.user("app", grants: ["d": .read])
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    try owner.execute("CREATE TABLE t (a int); CREATE TABLE \"S x\".u (a int)")
    for table in ["t", "\"S x\".u"] {
      let insert = "INSERT INTO \(table) VALUES (1)"
      #expect(try bench.sqlState(insert, in: "d", as: "app") == SQLState.insufficientPrivilege)
      #expect(try bench.sqlState(insert, in: "d", as: "other") == nil)
      #expect(try bench.value("SELECT count(*) FROM \(table)", in: "d", as: "app") == "1")
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// The owner of today, whose grant of yesterday was never taken back, gives the database away.
  @Test(arguments: PostgresInstallation.all)
  func theNextOwnerGetsAllRightsOfTheOneWhoIsKeptOut(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("app", grants: ["d": .write])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("ALTER DATABASE d OWNER TO app")
    try bench.user("app")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.sqlState(Self.use, in: "d", as: "shop") == nil)
    #expect(try bench.value("SELECT datacl::text LIKE '%shop=CTc/shop%' FROM pg_database WHERE datname = 'd'") == "t")
    #expect(try bench.sqlState("SELECT", in: "d", as: "app") == SQLState.insufficientPrivilege)
  }

  @Test(arguments: PostgresInstallation.all)
  func whatARoleThatPosternDoesNotManageGrantedStays(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("rw", grants: ["d": .write])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE ROLE dba; CREATE TABLE theirs (a int); ALTER TABLE theirs OWNER TO dba; SET ROLE dba;
      GRANT SELECT, INSERT ON theirs TO rw; ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO rw
      """)
    func granted() throws -> String? {
      try bench.value(
        """
        SELECT concat(relacl::text, (SELECT defaclacl FROM pg_default_acl WHERE defaclrole = 'dba'::regrole))
        FROM pg_class WHERE relname = 'theirs'
        """, in: "d")
    }
    let before = try granted()
    #expect(before?.contains("rw=ar/dba") == true)
    for grants: [String: Grant.Level] in [["d": .read], [:]] {
      try bench.user("rw", grants: grants)
      _ = bench.pass()
      #expect(bench.pass().outcome == .converged)
      #expect(try granted() == before)
    }
  }

  /// It owned a schema, whose owner is another one now, and it keeps its table.
  @Test(arguments: PostgresInstallation.all)
  func whatPosternGrantedOnAFormerMakersObjectsIsTakenBack(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "audit"] { try bench.user(name) }
    try bench.user("rw", grants: ["d": .write])
    let name = try PostgresName("s")
    try bench.database("d", owner: "shop", schemas: [Schema(name: name, owner: try PostgresName("audit"))])
    #expect(bench.pass().problems == [])
    try bench.connect(to: "d", as: "audit").execute("CREATE TABLE s.t (a int)")
    #expect(try bench.value("SELECT has_table_privilege('rw', 's.t', 'INSERT')", in: "d") == "t")
    try bench.database("d", owner: "shop", schemas: [Schema(name: name)])
    #expect(bench.pass().outcome == .converged)
    try bench.user("rw")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT has_table_privilege('rw', 's.t', 'INSERT')", in: "d") == "f")
    #expect(try bench.value("SELECT count(*) FROM pg_default_acl", in: "d") == "0")
  }

  /// Default privileges cannot tell a routine that runs as its owner from another one.
  @Test(arguments: PostgresInstallation.all)
  func aReaderMayNotCallANewRoutineThatWritesForItsOwner(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("ro", grants: ["d": .read])
    try bench.user("rw", grants: ["d": .write])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    let shop = try bench.connect(to: "d", as: "shop")
    try shop.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    try shop.execute(
      """
      CREATE FUNCTION definer() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1'
      """)
    #expect(try bench.sqlState("SELECT definer()", in: "d", as: "ro") == SQLState.insufficientPrivilege)
    #expect(try bench.sqlState("SELECT definer()", in: "d", as: "rw") == nil)
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.sqlState("SELECT plain()", in: "d", as: "ro") == nil)
    #expect(try bench.sqlState("SELECT definer()", in: "d", as: "ro") == SQLState.insufficientPrivilege)
    // Who could write and may only read from now on loses it, and keeps the others.
    try bench.user("rw", grants: ["d": .read])
    #expect(bench.pass().outcome == .converged)
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.sqlState("SELECT plain()", in: "d", as: "rw") == nil)
    #expect(try bench.sqlState("SELECT definer()", in: "d", as: "rw") == SQLState.insufficientPrivilege)
  }
}
