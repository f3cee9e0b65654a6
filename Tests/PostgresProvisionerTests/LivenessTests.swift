import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// Changes that must not wait for a script, or for a lock that another client holds.
@Suite(.blocking) struct LivenessTests {
  private static let sleepers = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

  @Test(arguments: PostgresInstallation.all)
  func whileAScriptHangsUsersAreLockedAndPasswordsAreSet(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("leaver")
    try bench.user("early")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().outcome == .converged)

    // A user who was removed is locked before the script begins.
    try bench.remove("early")
    try bench.database(
      "orders", owner: "shop",
      scripts: [bench.script("slow", "CREATE TABLE half (); SELECT pg_sleep(100000)", timeout: 0)])
    let volume = try bench.volume()
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.running?.item == "script slow in orders" }, "\(sidecar.log)")
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'early'") == "f")
    #expect(sidecar.log.contains("running script  name=slow database=orders owner=shop"), "\(sidecar.log)")
    let answer = try sidecar.ready()
    #expect(answer.code == 1)
    #expect(answer.output.hasPrefix("not ready: script slow in orders has been running since 20"), "\(answer.output)")

    // A user who is removed while it runs is locked too; a new password is set, and a new user is created.
    #expect(try sidecar.wait { try bench.value(Self.sleepers) == "1" })
    try bench.remove("leaver")
    try bench.user("shop", password: "edited")
    try bench.user("new")
    try bench.fill(volume)
    #expect(
      try sidecar.wait {
        try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == "f"
          && bench.sqlState("SELECT", in: "orders", as: "shop", password: "edited") == nil
          && bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'new'") == "1"
      }, "\(sidecar.log)")
    #expect(try bench.value(Self.sleepers) == "1")
    #expect(sidecar.status?.running != nil)

    // A script that is no longer declared is ended, and leaves nothing behind.
    try bench.database("orders", owner: "shop", scripts: [bench.script("slow", "CREATE TABLE whole ()")])
    try bench.fill(volume)
    #expect(sidecar.waitForStatus { $0.isReady && $0.running == nil }, "\(sidecar.log)")
    #expect(try bench.value(Self.sleepers) == "0")
    #expect(try bench.value("SELECT to_regclass('public.half')", in: "orders") == nil)
    #expect(try bench.value("SELECT to_regclass('public.whole')", in: "orders") == "whole")
    #expect(sidecar.terminate() == 0)
  }

  @Test(arguments: PostgresInstallation.all)
  func aScriptIsEndedByItsTimeoutAndLeavesNothing(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "orders", owner: "shop",
      scripts: [
        // The time limit holds whatever the script sets as timeouts, and even if it continues after being cancelled.
        bench.script(
          "001",
          """
          CREATE TABLE t ();
          SET statement_timeout = 0;
            DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$
          """, timeout: 1)
      ])
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    let problem = try #require(report.problems.first)
    #expect(
      problem
        == ItemProblem(
          item: "script 001 in orders",
          message: "line 3, column 3: it took longer than its timeout of 1 s, and was ended", sqlState: "57014",
          hint: "give it a longer `timeout`, or 0 for none"))
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders") == nil)
    #expect(try bench.value(Self.sleepers) == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func whoHoldsTheLockThatAScriptWaitsForIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("other", grants: ["orders": .write])
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t (n int)")])
    #expect(bench.pass().outcome == .converged)
    let other = try bench.connect(to: "orders", as: "other")
    try other.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    try bench.database(
      "orders", owner: "shop",
      scripts: [bench.script("001", "CREATE TABLE t (n int)"), bench.script("002", "ALTER TABLE t ADD m int")])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.sqlState == SQLState.lockNotAvailable)
    #expect(problem.told?.message.contains("held by pid \(other.serverProcess) of user other (tests, idle") == true)
    let start = "line 1, column 1: canceling statement due to lock timeout: the lock is held by pid "
    #expect(problem.message.hasPrefix(start), "\(problem)")
    #expect(problem.message.contains(" of user other (tests, idle in transaction, since 20"), "\(problem)")
    try other.execute("ROLLBACK")
    #expect(bench.pass().outcome == .converged)
  }

  @Test(arguments: PostgresInstallation.all)
  func whoHoldsTheLockThatPosternWaitsForIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let other = try bench.server.connect()
    try other.execute("BEGIN; CREATE ROLE shop")
    let problem = try #require(bench.pass().problems.first { $0.item == "user shop" })
    #expect(problem.sqlState == SQLState.lockNotAvailable)
    #expect(problem.message.contains("held by pid \(other.serverProcess) of user postgres ("), "\(problem)")
    try other.execute("ROLLBACK")
    #expect(bench.pass().outcome == .converged)
  }

  /// A password, a database that is made, one of two that are, and objects one by one.
  @Test(arguments: PostgresInstallation.all)
  func whoHoldsTheLockIsNamedWhateverWaits(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "heir", "keeper", "owner"] { try bench.user(name) }
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t (n int)")])
    try bench.database("heirs", owner: "heir")
    #expect(bench.pass().outcome == .converged)
    let other = try bench.server.connect()
    let inside = try bench.server.connect(database: "orders")
    try other.execute(
      "BEGIN; ALTER ROLE heir CONNECTION LIMIT 7; COMMENT ON ROLE heir IS 'hunter4711'; DROP ROLE owner")
    try inside.execute("BEGIN; LOCK TABLE t")
    try bench.user("heir", password: "changed")
    try bench.database("orders", owner: "keeper", scripts: bench.desired.spec.databases[0].scripts)
    try bench.database("one", owner: "owner")
    try bench.database("two", owner: "owner")
    let holders = [
      "user heir": other.serverProcess, "objects of shop in orders": inside.serverProcess,
      "database one": other.serverProcess, "database two": other.serverProcess,
    ]
    let problems = bench.pass().problems
    for (item, process) in holders {
      let holder = "held by pid \(process) of user postgres (tests, idle in transaction, since 20"
      let problem = try #require(problems.first { $0.item == item }, "\(problems)")
      #expect(problem.sqlState == SQLState.lockNotAvailable)
      #expect(problem.message.contains(holder), "\(problem)")
      #expect(problem.told.map { $0.message.contains(holder) } ?? true, "\(problem)")
      #expect(!problem.message.contains("hunter4711"))
    }
    try other.execute("ROLLBACK")
    try inside.execute("ROLLBACK")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT 1", in: "heirs", as: "heir", password: "changed") == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func whoIsConnectedToATemplateIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("mould", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    let other = try bench.connect(to: "mould", as: "shop")
    for name in ["cast", "second"] {
      bench.desired.spec.databases.append(
        Database(name: try PostgresName(name), owner: try PostgresName("shop"), template: try PostgresName("mould")))
    }
    // Two are made at a time, and either may fail first.
    let problems = bench.pass().problems.sorted { $0.item < $1.item }
    #expect(problems.map(\.item) == ["database cast", "database second"])
    for problem in problems {
      #expect(problem.sqlState == SQLState.objectInUse)
      #expect(problem.message.contains("connected to mould: pid \(other.serverProcess) of user shop"), "\(problem)")
      #expect(problem.hint?.contains("it is copied when nobody is connected to mould") == true, "\(problem)")
    }
  }

  /// A pass of another sidecar may take as long as its scripts.
  @Test(arguments: PostgresInstallation.all)
  func whileAnotherPassHoldsTheLockUsersAreLockedAndPasswordsAreSet(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("leaver")
    #expect(bench.pass().outcome == .converged)
    let other = try bench.server.connect()
    try other.execute("SELECT pg_advisory_lock(31649045226775918)")
    try bench.remove("leaver")
    try bench.user("shop", password: "edited")
    try bench.user("new")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(
      try sidecar.wait {
        try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == "f"
          && bench.sqlState("SELECT", in: "postgres", as: "shop", password: "edited") == "42501"
      }, "\(sidecar.log)")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'new'") == "0")
    try other.execute("SELECT pg_advisory_unlock(31649045226775918)")
    #expect(sidecar.waitForStatus { $0.outcome == .converged }, "\(sidecar.log)")
  }

  /// What was done before the lock was there is in the report: the status says by it when a change was applied.
  @Test(arguments: PostgresInstallation.all)
  func whatIsDoneWhileAnotherPassHoldsTheLockIsReported(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "leaver"] { try bench.user(name) }
    #expect(bench.pass().outcome == .converged)
    try bench.remove("leaver")
    let other = try bench.server.connect()
    try other.execute("SELECT pg_advisory_lock(31649045226775918)")
    try other.send(
      """
      DO $$ BEGIN
        WHILE (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver') LOOP PERFORM pg_sleep(0.01); END LOOP;
        PERFORM pg_advisory_unlock(31649045226775918);
      END $$
      """)
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(report.applied.first == "lock role name=leaver")
    try other.receive()
  }
}
