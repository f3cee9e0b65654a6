import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// What passes over many users cost the server. The costs are counted, not timed.
@Suite(.blocking) struct ScaleTests {
  /// Logs every statement and login, with the backend. For standbys the server would write into the WAL every 15 seconds
  /// which transactions run.
  private static let logging = [
    "log_statement=all", "log_connections=on", "log_line_prefix=%p ", "wal_level=minimal", "max_wal_senders=0",
  ]

  private static func bench(
    _ installation: PostgresInstallation, users: Int, configuration: [String] = []
  ) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation, configuration: logging + configuration)
    for number in 1...users {
      try bench.user("user\(number)")
      try bench.database("user\(number)_db", owner: "user\(number)")
    }
    return bench
  }

  @Test(arguments: PostgresInstallation.all)
  func aPassWithNothingToDoAsksAsMuchOf30UsersAsOf3AndWritesNothing(
    _ installation: PostgresInstallation
  ) throws {
    var counts: [Int] = []
    for users in [3, 30] {
      let bench = try Self.bench(installation, users: users)
      #expect(bench.pass().outcome == .converged)
      #expect(bench.pass() == PassReport(outcome: .converged))
      let cost = try Self.cost(of: bench)
      #expect(cost.logins == 1)
      counts.append(cost.statements)
    }
    #expect(counts[0] == counts[1])
    #expect((5...18).contains(counts[0]))
  }

  @Test(arguments: PostgresInstallation.all)
  func onlyDatabasesThatSomebodyHasGrantsInAreLookedInto(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, users: 3)
    try bench.user("user1", grants: ["user2_db": .read])
    try bench.user("leaver", grants: ["user3_db": .read])
    #expect(bench.pass().outcome == .converged)
    #expect(try Self.cost(of: bench).logins == 3)
    // The removed user is locked and keeps its grants, which no query asks for.
    try bench.remove("leaver")
    #expect(bench.pass().outcome == .converged)
    #expect(try Self.cost(of: bench).logins == 2)
  }

  @Test(arguments: PostgresInstallation.all)
  func databasesAreMadeTwoAtATime(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, users: 6)
    #expect(bench.pass().outcome == .converged)
    #expect(try Self.makers(bench).count == 2)
    #expect(
      try bench.value("SELECT count(*) FROM pg_database WHERE datname ~ '^user' AND datacl::text !~ '[{,]=[^/]*c'")
        == "6")
  }

  @Test(arguments: PostgresInstallation.all)
  func whereTheServerHasNoSecondConnectionTheyAreMadeOneByOne(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try Self.bench(installation, users: 3, configuration: ["max_connections=5", "max_wal_senders=0"])
    // All connections but one are in use.
    let others = try (0..<4).map { _ in try Session(bench.server) }
    let report = withExtendedLifetime(others) { bench.pass() }
    #expect(report.outcome == .converged)
    #expect(report.problems == [])
    #expect(try Self.makers(bench).count == 1)
  }

  @Test(arguments: PostgresInstallation.all)
  func oneThatCannotBeMadeStopsNoOtherAndATemplateGoesBeforeItsCopy(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try Self.bench(installation, users: 4)
    bench.desired.spec.databases[0].encoding = "no such encoding"
    bench.desired.spec.databases[2].template = bench.desired.spec.databases[1].name
    bench.desired.spec.databases[3].template = bench.desired.spec.databases[0].name
    let report = bench.pass()
    #expect(report.problems.map(\.item) == ["database user1_db"])
    #expect(
      try bench.value("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ '^u'")
        == "user2_db user3_db")
  }

  /// The record goes with the last of the rights alone: a pass that is cut off in between must find the others. However the
  /// server is told to join and sort, the parts are in order.
  @Test(arguments: PostgresInstallation.all)
  func rightsOnMoreObjectsThanAreReadAtOnceAreGivenAndTakenBackInOnePass(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(
      installation, configuration: ["enable_nestloop=off", "enable_hashjoin=off", "enable_incremental_sort=off"])
    try bench.user("shop")
    try bench.user("rw", grants: ["d": .write])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    let shop = try bench.connect(to: "d", as: "shop")
    try shop.execute("ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM rw")
    try shop.execute(
      """
      DO $$ BEGIN FOR i IN 1..4500 LOOP EXECUTE format('CREATE SEQUENCE s%s', i);
      IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END $$
      """)
    func usable(by user: String) throws -> String? {
      try bench.value(
        "SELECT count(*) FROM pg_class WHERE relkind = 'S' AND has_table_privilege('\(user)', oid, 'SELECT')", in: "d")
    }
    try bench.user("aa", grants: ["d": .read])
    #expect(bench.pass().outcome == .converged)
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try usable(by: "rw") == "4500")
    #expect(try usable(by: "aa") == "4500")
    for user in ["rw", "aa"] { try bench.user(user) }
    #expect(bench.pass().outcome == .converged)
    #expect(bench.pass() == PassReport(outcome: .converged))
    for user in ["rw", "aa"] { #expect(try usable(by: user) == "0") }
  }

  /// A database of 4,500 routines, in which a GRANT is counted by a sequence, and refused where `isRefused` says so of that
  /// count and of the statement.
  private static func refusingBench(
    _ installation: PostgresInstallation, where isRefused: String
  ) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    try bench.connect(to: "d", as: "shop").execute(
      """
      ALTER DEFAULT PRIVILEGES REVOKE ALL ON ROUTINES FROM PUBLIC;
      DO $$ BEGIN FOR i IN 1..4500 LOOP
        EXECUTE format('CREATE FUNCTION f%s() RETURNS int LANGUAGE sql RETURN 1', i);
      END LOOP; END $$
      """)
    try bench.server.connect(database: "d").execute(
      """
      CREATE SEQUENCE grants; ALTER SEQUENCE grants OWNER TO shop;
      CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE count int;
      BEGIN
        IF current_query() NOT LIKE '%ON ROUTINE%' THEN RETURN; END IF;
        count := nextval('public.grants');
        IF \(isRefused) THEN RAISE 'not this one'; END IF;
      END $$;
      CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION refuse()
      """)
    return bench
  }

  private static func callable(by user: String) -> String {
    "SELECT count(*) FROM pg_proc WHERE proname ~ '^f[0-9]+$' AND has_function_privilege('\(user)', oid, 'EXECUTE')"
  }

  @Test(arguments: PostgresInstallation.all)
  func anObjectThatFailsKeepsNoneOfThoseThatAreReadLater(_ installation: PostgresInstallation) throws {
    let bench = try Self.refusingBench(installation, where: "count = 3")
    try bench.user("late", grants: ["d": .write])
    let report = bench.pass()
    #expect(report.problems.map(\.message).map { $0.contains("not this one") } == [true])
    #expect(try bench.value(Self.callable(by: "late"), in: "d") == "4499")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value(Self.callable(by: "late"), in: "d") == "4500")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func aUserForWhomAllObjectsFailKeepsNoOtherWaitingAndEachIsTriedOnce(_ installation: PostgresInstallation) throws {
    let bench = try Self.refusingBench(installation, where: "current_query() ~ 'TO \"?aa\\y'")
    try bench.user("aa", grants: ["d": .write])
    try bench.user("zz", grants: ["d": .write])
    let report = bench.pass()
    #expect(report.problems.map(\.item) == ["grant to aa on d"])
    #expect(try bench.value(Self.callable(by: "aa"), in: "d") == "0")
    #expect(try bench.value(Self.callable(by: "zz"), in: "d") == "4500")
    // One for each routine and user, and of each user's step one for the schema.
    #expect(try bench.value("SELECT last_value FROM grants", in: "d") == "9002")
    #expect(report.applied.count { $0.contains("name=zz") && $0.contains("grant") } == 1)
    #expect(bench.pass().problems.map(\.item) == ["grant to aa on d"])
    try bench.server.connect(database: "d").execute("DROP EVENT TRIGGER refuse")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value(Self.callable(by: "aa"), in: "d") == "4500")
  }

  /// Nothing can be done about a user whose role is another customer's.
  @Test(arguments: PostgresInstallation.all)
  func behindManyGapsOfAUserWhoIsHeldOthersGetTheirsAndThePassCanEnd(_ installation: PostgresInstallation) throws {
    let bench = try Self.refusingBench(installation, where: "false")
    try bench.user("zz", grants: ["d": .write])
    #expect(bench.pass().outcome == .converged)
    try bench.server.connect().execute("CREATE ROLE aa SUPERUSER")
    try bench.user("aa", grants: ["d": .write])
    try bench.connect(to: "d", as: "shop").execute("REVOKE EXECUTE ON FUNCTION f4499(), f4500() FROM zz")
    var asked = 0
    let control = PassControl(shouldStop: {
      asked += 1
      return asked > 2
    })
    let stopped = try Provisioner(settings: bench.server.settings, control: control).pass(bench.desired)
    #expect(stopped.outcome == .interrupted)
    #expect(try bench.value(Self.callable(by: "zz"), in: "d") == "4498")
    #expect(bench.pass().outcome == .incomplete)
    #expect(try bench.value(Self.callable(by: "zz"), in: "d") == "4500")
  }

  /// The cost of a pass that finds nothing to do.
  private static func cost(of bench: ProvisionerBench) throws -> (logins: Int, statements: Int) {
    let before = try bench.value("SELECT pg_current_wal_lsn()")
    let seen = bench.server.log.utf8.count
    #expect(bench.pass() == PassReport(outcome: .converged))
    let lines = try #require(String(bench.server.log.utf8.dropFirst(seen))).split(separator: "\n")
    #expect(try bench.value("SELECT pg_current_wal_lsn()") == before)
    return (
      lines.count { $0.contains("connection authorized") },
      lines.count { $0.contains("LOG:  statement: ") || $0.contains("LOG:  execute ") }
    )
  }

  /// A connection that can be an element of an array.
  private final class Session {
    private let connection: Connection

    init(_ server: PostgresServer) throws {
      connection = try server.connect()
    }
  }

  /// The backends that created databases.
  private static func makers(_ bench: ProvisionerBench) throws -> Set<Substring> {
    Set(
      bench.server.log.split(separator: "\n").filter { $0.contains("LOG:  statement: CREATE DATABASE") }
        .compactMap { $0.split(separator: " ").first })
  }
}
