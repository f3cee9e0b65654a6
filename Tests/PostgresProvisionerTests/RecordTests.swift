import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Which roles Postern manages: the records say it, they survive a dump, and they distinguish customers.
@Suite(.blocking) struct RecordTests {
  private static let records =
    "SELECT string_agg(name || ' ' || customer, ', ' ORDER BY name) FROM postern.managed_role"

  /// The records and roles as pg_dumpall and psql restore them: everything gets another OID.
  private static func restore(_ bench: ProvisionerBench, roles: [String]) throws {
    let connection = try bench.server.connect()
    try connection.execute(
      """
      CREATE TABLE kept AS SELECT * FROM postern.managed_role; DROP TABLE postern.managed_role;
      CREATE TABLE postern.managed_role
        (name text COLLATE "C" PRIMARY KEY, role oid NOT NULL, made boolean NOT NULL, customer text, home oid);
      INSERT INTO postern.managed_role SELECT * FROM kept; DROP TABLE kept
      """)
    for role in roles {
      try connection.execute("ALTER ROLE \(role) RENAME TO gone; CREATE ROLE \(role) LOGIN")
      for database in ["postgres", "d"] {
        try bench.server.connect(database: database).execute("REASSIGN OWNED BY gone TO \(role); DROP OWNED BY gone")
      }
      try connection.execute("DROP ROLE gone")
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func aDumpKeepsThemALeaverIsStillLockedAndARoleThatPosternMadeIsItsOwn(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "leaver", "stays"] { try bench.user(name) }
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try Self.restore(bench, roles: ["shop", "leaver", "stays"])
    try bench.remove("leaver")
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(report.applied.contains("lock role name=leaver"))
    #expect(!report.applied.contains { $0.hasPrefix("adopt") || $0.hasPrefix("leave") })
    #expect(bench.pass() == PassReport(outcome: .converged))
    bench.desired.spec.removedUsers = .drop
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")

    // A role that somebody creates again on the same server is not Postern's.
    try bench.remove("stays")
    try bench.server.connect().execute("DROP ROLE stays; CREATE ROLE stays LOGIN")
    #expect(bench.pass().applied == ["leave role name=stays"])
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'stays'") == "t")
  }

  @Test(arguments: PostgresInstallation.all)
  func thoseOfVersion01AreCompleted(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "leaver"] { try bench.user(name) }
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("ALTER TABLE postern.managed_role DROP COLUMN customer, DROP COLUMN home")
    try bench.remove("leaver")
    try bench.user("late")
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(report.applied.contains("lock role name=leaver"))
    #expect(try bench.value(Self.records) == "late acme, shop acme")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func twoCustomersOnOneServerDoNotTouchEachOthersUsers(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "both"] { try bench.user(name) }
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    let other = ProvisionerBench(besides: bench)
    other.desired = DesiredState(spec: InstanceSpec(customer: "globex", removedUsers: .drop), specHash: "")
    try other.user("both", password: "another")
    try other.user("theirs")
    try other.user("shop", ensure: .absent)
    let report = other.pass()
    #expect(report.applied.filter { $0.contains("role") } == ["create role name=theirs"])
    #expect(report.problems.map(\.item) == ["user both", "user shop"])
    #expect(report.problems.allSatisfy { $0.message.contains("is the customer acme's on this server") })
    #expect(try bench.value("SELECT 1", in: "d", as: "shop") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value(Self.records) == "both acme, shop acme, theirs globex")
  }

  /// The one whose user owns it keeps it, however often both make their passes.
  @Test(arguments: PostgresInstallation.all)
  func twoCustomersDoNotTakeADatabaseFromEachOther(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("reader", grants: ["d": .read])
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 'ours' AS word")])
    #expect(bench.pass().problems == [])
    let other = ProvisionerBench(besides: bench)
    other.desired = DesiredState(spec: InstanceSpec(customer: "globex", removedUsers: .drop), specHash: "")
    try other.user("theirs")
    // As if they were its own, without the grant.
    try other.user("reader", password: "another")
    try other.user("spy", grants: ["d": .write])
    try other.database(
      "d", owner: "theirs", extensions: [Extension(name: try PostgresName("plpgsql"))],
      schemas: [Schema(name: try PostgresName("s"))], scripts: [other.script("2", "CREATE TABLE u (a int)")])
    try other.database("e", owner: "theirs")
    other.desired.spec.databases.append(
      Database(name: try PostgresName("copy"), owner: try PostgresName("theirs"), template: try PostgresName("d")))
    let before = try bench.value("SELECT concat(datdba::regrole, ' ', datacl) FROM pg_database WHERE datname = 'd'")
    for pass in 0..<2 {
      let report = other.pass()
      #expect(report.outcome == .incomplete)
      #expect(
        report.problems.map { "\($0.item): \($0.message)" } == [
          "user reader: is the customer acme's on this server, and is left as it is",
          "database d: is the customer acme's on this server, whose user shop owns it, and is left as it is",
          "database copy: is to be a copy of d, which is the customer acme's on this server",
        ])
      #expect(report.problems.allSatisfy { $0.hint != nil })
      #expect(report.applied.contains("create database name=e owner=theirs") == (pass == 0))
      #expect(bench.pass() == PassReport(outcome: .converged))
    }
    #expect(
      try bench.value("SELECT concat(datdba::regrole, ' ', datacl) FROM pg_database WHERE datname = 'd'") == before)
    #expect(try bench.value("SELECT word FROM t", in: "d", as: "reader") == "ours")
    #expect(try bench.value("SELECT count(*) FROM pg_namespace WHERE nspname = 's'", in: "d") == "0")
    #expect(try bench.sqlState("SELECT", in: "d", as: "spy") == SQLState.insufficientPrivilege)
    // The administrator gives it over, and it is the other one's to refuse.
    try bench.server.connect().execute("ALTER DATABASE d OWNER TO theirs")
    #expect(other.pass().problems.filter(\.isFailure).map(\.item) == ["user reader"])
    #expect(
      bench.pass().problems.map(\.message) == [
        "is the customer globex's on this server, whose user theirs owns it, and is left as it is"
      ])
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'd'") == "theirs")
  }

  /// A database to which a grantee with grant option has let everybody connect.
  private func benchWithAnOpenDatabase(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "friend", "stranger"] { try bench.user(name) }
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.connect(to: "d", as: "shop").execute("GRANT CONNECT ON DATABASE d TO friend WITH GRANT OPTION")
    try bench.connect(to: "d", as: "friend").execute("GRANT CONNECT ON DATABASE d TO PUBLIC")
    #expect(try bench.sqlState("SELECT", in: "d", as: "stranger") == nil)
    return bench
  }

  @Test(arguments: PostgresInstallation.all)
  func aDatabaseThatSomebodyElseHasOpenedIsClosed(_ installation: PostgresInstallation) throws {
    let bench = try benchWithAnOpenDatabase(installation)
    #expect(bench.pass().applied == ["close database to others name=d grantor=friend"])
    #expect(try bench.sqlState("SELECT", in: "d", as: "stranger") == SQLState.insufficientPrivilege)
    #expect(try bench.sqlState("SELECT", in: "d", as: "friend") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// What a superuser now does with that database counts as done by its owner.
  @Test(arguments: PostgresInstallation.all, [false, true])
  func oneThatASuperuserOfTodayHadOpenedIsToldWithWhatClosesIt(
    _ installation: PostgresInstallation, isAdministrator: Bool
  ) throws {
    let bench = try benchWithAnOpenDatabase(installation)
    try bench.remove("friend")
    bench.desired.spec.removedUsers = .keep
    let admin = try bench.server.connect()
    try admin.execute("ALTER ROLE friend SUPERUSER")
    if isAdministrator { bench.administrator = bench.server.settings(user: "friend", password: "friend-secret") }
    let report = bench.pass()
    #expect(report.outcome == .converged && report.applied == [], "\(report)")
    let problem = try #require(report.problems.first)
    #expect(problem.message.hasPrefix("everybody can connect to it: friend allowed that"))
    let hint = try #require(problem.hint)
    let statements = try #require(hint.firstMatch(of: #/as another superuser: (BEGIN; .*; COMMIT)$/#)).1
    for statement in statements.split(separator: "; ") { try admin.execute(String(statement)) }
    #expect(try bench.value("SELECT rolsuper FROM pg_roles WHERE rolname = 'friend'") == "t")
    #expect(try bench.sqlState("SELECT", in: "d", as: "stranger") == SQLState.insufficientPrivilege)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// A role that somebody makes a superuser is not locked, and not forgotten either.
  @Test(arguments: PostgresInstallation.all, [(RemovedUsers.lock, "locked"), (.drop, "dropped")])
  func aLeaverThatHasBecomeASuperuserIsToldUntilItIsNoneAnyMore(
    _ installation: PostgresInstallation, _ removal: (rule: RemovedUsers, word: String)
  ) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "leaver"] { try bench.user(name) }
    bench.desired.spec.removedUsers = removal.rule
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("ALTER ROLE leaver SUPERUSER")
    try bench.remove("leaver")
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.outcome == .converged && report.applied == [])
      #expect(report.problems.map(\.item) == ["user leaver"])
      #expect(report.problems.first?.message.contains("and not \(removal.word),") == true)
      let hint = #"ALTER ROLE "leaver" NOSUPERUSER, and it is \#(removal.word); or, "#
      #expect(report.problems.first?.hint?.hasPrefix(hint) == true)
    }
    try bench.server.connect().execute("ALTER ROLE leaver NOSUPERUSER")
    #expect(bench.pass().applied.contains(removal.rule == .drop ? "drop role name=leaver" : "lock role name=leaver"))
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// Declared again, it has what is declared then, and no rights of before to lose.
  @Test(arguments: PostgresInstallation.all)
  func aSuperuserThatIsPosternsOwnIsForgottenAsTheHintSays(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("boss", grants: ["d": .write], memberOf: ["shop"])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    let admin = try bench.server.connect()
    try admin.execute("ALTER ROLE boss SUPERUSER")
    try bench.remove("boss")
    bench.administrator = bench.server.settings(user: "boss", password: "boss-secret")
    let problem = try #require(bench.pass().problems.first)
    let hint = try #require(problem.hint)
    let statements = try #require(hint.wholeMatch(of: #/where it is to stay, in the database postgres: (.*)/#)).1
    try admin.execute(String(statements))
    for table in ["managed_role", "managed_grant", "managed_membership"] {
      #expect(try bench.value("SELECT count(*) FROM postern.\(table) t WHERE t::text ~ 'boss'") == "0")
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// What `pg_restore --no-owner` leaves, and a superuser that is none any more.
  @Test(arguments: PostgresInstallation.all)
  func thoseOfSomebodyElseAreTakenOverAsTheHintSays(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t (n int)"), bench.script("2", "SELECT 1")])
    #expect(bench.pass().problems == [])
    let statements = ["SCHEMA postern", "TABLE postern.script", "FUNCTION postern.record_script(text, text)"]
    let inD = try bench.server.connect(database: "d")
    for statement in statements { try inD.execute("ALTER \(statement) OWNER TO shop") }
    var problem = try #require(bench.pass().problems.first { $0.item == "database d" })
    #expect(problem.hint?.hasSuffix("; otherwise rename it: all scripts then run again") == true)
    var hint = try #require(problem.hint)
    for statement in statements {
      let sql = #"ALTER \#(statement) OWNER TO "postgres""#
      #expect(hint.contains(sql), "\(hint)")
      try inD.execute(sql)
    }
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))

    try bench.server.connect().execute(
      """
      CREATE ROLE boss SUPERUSER; ALTER SCHEMA postern OWNER TO boss; ALTER TABLE postern.managed_role OWNER TO boss;
      ALTER ROLE boss NOSUPERUSER
      """)
    problem = try #require(bench.pass().problems.first { $0.item == "server" })
    hint = try #require(problem.hint)
    let advised = #/in postgres, (.*); otherwise rename it/#
    let sql = String(try #require(hint.firstMatch(of: advised)).1)
    #expect(sql.hasPrefix(#"ALTER SCHEMA postern OWNER TO "postgres"; ALTER TABLE postern.managed_role"#), "\(hint)")
    try bench.server.connect().execute("CREATE DATABASE crm OWNER boss")
    try bench.server.connect().execute(sql)
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'crm'") == "boss")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
