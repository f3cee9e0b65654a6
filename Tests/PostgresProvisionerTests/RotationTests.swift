import DatabaseSpec
import Dispatch
import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import Synchronization
import TestThreads
import Testing
import ThrowawayPostgres

/// `rotate` on real servers: two logins, one after the other, for what is one user.
@Suite(.blocking) struct RotationTests {
  /// The servers on which a password can turn.
  static let able = PostgresInstallation.all.filter {
    $0.minorVersion >= ([15: 10, 16: 6, 17: 2][$0.majorVersion] ?? 0)
  }

  /// A bench with a user whose password turns, a reader, and a database of the user's.
  private func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("reader", grants: ["orders": .read])
    try bench.database("orders", owner: "shop")
    try rotate(bench)
    return bench
  }

  private func rotate(_ bench: ProvisionerBench, _ user: String = "shop") throws {
    let name = try PostgresName(user)
    for index in bench.desired.spec.users.indices where bench.desired.spec.users[index].name == name {
      bench.desired.spec.users[index].rotate = Rotation(every: 86_400)
    }
    bench.desired.logins[name] = LoginState()
  }

  /// What the mounted files say of the two logins.
  private func say(
    _ bench: ProvisionerBench, second: Bool, _ other: LoginState.Other, _ passwords: (first: String?, second: String?),
    of user: String = "shop"
  ) throws {
    let name = try PostgresName(user)
    bench.desired.logins[name] = LoginState(isSecond: second, other: other)
    bench.desired.passwords[name] = try passwords.first.map { try Password($0) }
    bench.desired.passwords[try PostgresName("\(user)_b")] = try passwords.second.map { try Password($0) }
  }

  private func time(_ bench: ProvisionerBench, in milliseconds: Int) throws -> Timestamp {
    let now = try bench.value("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
    return Timestamp(microseconds: (Int64(now ?? "") ?? 0) + Int64(milliseconds) * 1000)
  }

  private func isLetIn(_ bench: ProvisionerBench, _ user: String, _ password: String) throws -> Bool {
    try bench.sqlState("SELECT 1", in: "orders", as: user, password: password) == nil
  }

  private func settle(_ bench: ProvisionerBench, _ place: SourceLocation = #_sourceLocation) throws {
    let report = bench.pass()
    #expect(report.problems == [] && report.heldLogins == [], "\(report)", sourceLocation: place)
    #expect(bench.pass() == PassReport(outcome: .converged), sourceLocation: place)
    #expect(try bench.plan() == [], sourceLocation: place)
  }

  /// One of the two logins is locked in turn.
  @Test(arguments: RotationTests.able)
  func aSubscriptionOfALoginThatTurnsIsTold(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: ["wal_level=logical"])
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    try rotate(bench)
    try settle(bench)
    try bench.server.connect(database: "orders").execute(
      """
      CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
      ALTER ROLE shop SUPERUSER; ALTER SUBSCRIPTION feed OWNER TO shop; ALTER ROLE shop NOSUPERUSER
      """)
    for isSecond in [false, true] {
      try say(bench, second: isSecond, .idle, isSecond ? (nil, "two") : ("shop-secret", nil))
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(
        report.problems.map(\.message) == [
          "shop, which is one of the two logins of a user whose password turns, owns the subscription feed in the database "
            + "orders: it does not start again while shop may not log in, and its publisher keeps all that it does not fetch"
        ])
    }
    try bench.server.connect(database: "orders").execute("ALTER SUBSCRIPTION feed OWNER TO postgres")
    try settle(bench)
  }

  @Test(arguments: RotationTests.able)
  func aTurnGoesFromOneLoginToTheOtherAndBack(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try settle(bench)
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop_b'") == "f")
    #expect(try bench.value("SELECT login_of FROM postern.managed_role WHERE name = 'shop_b'") == "shop")

    try say(bench, second: false, .pending, ("shop-secret", "two"))
    try settle(bench)
    #expect(try isLetIn(bench, "shop", "shop-secret") && isLetIn(bench, "shop_b", "two"))

    try say(bench, second: true, .until(try time(bench, in: 3_600_000)), ("shop-secret", "two"))
    try settle(bench)
    #expect(try isLetIn(bench, "shop", "shop-secret") && isLetIn(bench, "shop_b", "two"))
    #expect(try bench.value("SELECT rolvaliduntil > now() FROM pg_roles WHERE rolname = 'shop'") == "t")
    #expect(
      try bench.value("SELECT coalesce(rolvaliduntil, 'infinity') = 'infinity' FROM pg_roles WHERE rolname = 'shop_b'")
        == "t")

    // Postgres itself refuses the old one when its time is over: nothing runs meanwhile.
    try say(bench, second: true, .until(try time(bench, in: 3_000)), ("shop-secret", "two"))
    _ = bench.pass()
    #expect(try eventually { try !isLetIn(bench, "shop", "shop-secret") })
    #expect(
      try bench.sqlState("SELECT 1", in: "orders", as: "shop", password: "shop-secret") == SQLState.invalidPassword)
    #expect(try isLetIn(bench, "shop_b", "two"))
    // The next pass takes the login away.
    try settle(bench)
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop'") == "f")

    // And back, without what was known of the old password.
    try say(bench, second: true, .pending, ("three", "two"))
    try settle(bench)
    #expect(try isLetIn(bench, "shop", "three") && isLetIn(bench, "shop_b", "two"))
    try say(bench, second: false, .until(try time(bench, in: -1)), ("three", "two"))
    try settle(bench)
    #expect(try isLetIn(bench, "shop", "three") && !isLetIn(bench, "shop_b", "two"))
  }

  /// What the applications of a test know and do.
  private final class Shared: Sendable {
    let told = Mutex(("shop", "shop-secret"))
    let counts = Mutex((logins: 0, failures: 0))
    let isOver = Atomic(false)
    let ended = DispatchSemaphore(value: 0)

    /// Logs in with what is told.
    func logIn(_ settings: (String, String) -> ConnectionSettings) {
      let (user, password) = told.withLock { $0 }
      var isIn = false
      do throws(PostgresError) {
        isIn = try Connection(settings(user, password)).query("SELECT current_user").value(0, 0) == "shop"
      } catch {}
      counts.withLock { $0 = ($0.logins + 1, $0.failures + (isIn ? 0 : 1)) }
    }
  }

  /// One login after the other through every step of many turns, by the credential that applications are told.
  @Test(arguments: RotationTests.able)
  func noLoginFailsThroughAnyStep(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try settle(bench)
    let shared = Shared()
    let server = bench.server
    let settings: @Sendable (String, String) -> ConnectionSettings = { user, password in
      server.settings(user: user, password: password, database: "orders")
    }
    for _ in 0..<2 {
      Thread.detachNewThread {
        while !shared.isOver.load(ordering: .relaxed) { shared.logIn(settings) }
        shared.ended.signal()
      }
    }
    do { try turns(bench, shared, settings) } catch { Issue.record(error) }
    shared.isOver.store(true, ordering: .relaxed)
    for _ in 0..<2 { shared.ended.wait() }
    let (logins, failures) = shared.counts.withLock { $0 }
    #expect(failures == 0 && logins > 150, "\(failures) of \(logins) logins failed")
    print("\(installation): \(logins) logins through 6 turns, \(failures) failed")
  }

  private func turns(_ bench: ProvisionerBench, _ shared: Shared, _ settings: (String, String) -> ConnectionSettings)
    throws
  {
    var (isSecond, current) = (false, "shop-secret")
    for turn in 1...6 {
      let next = "turn-\(turn)"
      let pair = isSecond ? (next, current) : (current, next)
      try say(bench, second: isSecond, .pending, pair)
      #expect(bench.pass().heldLogins == [])
      for _ in 0..<10 { shared.logIn(settings) }
      isSecond.toggle()
      shared.told.withLock { $0 = (isSecond ? "shop_b" : "shop", next) }
      // Logins that are being made with the old one are let in up to the end.
      try say(bench, second: isSecond, .until(try time(bench, in: 60_000)), pair)
      #expect(bench.pass().heldLogins == [])
      for _ in 0..<10 { shared.logIn(settings) }
      current = next
      if turn.isMultiple(of: 2) {
        try say(bench, second: isSecond, .idle, isSecond ? (nil, current) : (current, nil))
        #expect(bench.pass().heldLogins == [])
        for _ in 0..<10 { shared.logIn(settings) }
        for _ in 0..<10 { shared.logIn(settings) }
      }
    }
  }

  /// What a pass that stops has not looked at is not told as set.
  @Test(arguments: RotationTests.able)
  func aPassThatStopsBeforeItHasLookedTellsOfNoLogin(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try settle(bench)
    try say(bench, second: false, .pending, ("shop-secret", "two"))
    let other = try bench.server.connect()
    try other.execute("BEGIN; LOCK TABLE postern.managed_role IN ACCESS EXCLUSIVE MODE")
    let report = bench.pass()
    #expect(report.problems.map(\.sqlState) == [SQLState.lockNotAvailable], "\(report)")
    #expect(report.outcome == .incomplete && report.heldLogins == nil, "\(report)")
    #expect(try !isLetIn(bench, "shop_b", "two"))
    try other.execute("ROLLBACK")
    try settle(bench)
    #expect(try isLetIn(bench, "shop_b", "two"))
  }

  /// What is made as either login belongs to the first, both change it, a reader reads it.
  @Test(arguments: RotationTests.able)
  func whatEitherLoginMakesBelongsToTheFirst(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try say(bench, second: false, .pending, ("shop-secret", "two"))
    try settle(bench)
    let first = try bench.connect(to: "orders", as: "shop")
    let second = try bench.connect(to: "orders", as: "shop_b", password: "two")
    try first.execute("CREATE TABLE a (n int)")
    try second.execute("CREATE TABLE b (n int)")
    try second.execute("DISCARD ALL")
    try second.execute("CREATE TABLE c (n int); CREATE SCHEMA s; CREATE TABLE s.c2 (n int)")
    try second.execute("RESET ROLE")
    try second.execute("CREATE TABLE d (n int)")
    try second.execute("SET ROLE NONE")
    try second.execute(
      """
      CREATE TABLE e (n serial); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE g AS (n int);
      CREATE VIEW v AS SELECT * FROM e; CREATE SCHEMA own; CREATE TABLE own.t (n int)
      """)
    let owners =
      "SELECT string_agg(c.relname || ' ' || r.rolname, ', ' ORDER BY 1) FROM (SELECT relname, relowner FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace) c(relname, o) JOIN pg_roles r ON r.oid = o"
    #expect(try bench.value(owners, in: "orders") == "a shop, b shop, c shop, d shop, e shop_b, v shop_b")
    try settle(bench)
    #expect(try bench.value(owners, in: "orders") == "a shop, b shop, c shop, d shop, e shop, v shop")
    #expect(
      try bench.value(
        "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid WHERE r.rolname = 'shop_b' AND d.deptype = 'o'"
      )
        == "0")
    for table in ["a", "b", "c", "d", "e"] {
      try first.execute("ALTER TABLE \(table) ADD COLUMN by_first int")
      try second.execute("ALTER TABLE \(table) ADD COLUMN by_second int")
      #expect(try bench.sqlState("SELECT * FROM \(table)", in: "orders", as: "reader") == nil, "\(table)")
    }
  }

  /// A script runs as the owner by whichever login is used, and what it makes is the owner's.
  @Test(arguments: RotationTests.able)
  func scriptsRunByTheSecondLogin(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try say(bench, second: true, .idle, (nil, "two"))
    var script = bench.script("001", "CREATE TABLE t AS SELECT current_user AS c, session_user AS s")
    script.isConfidential = true
    try bench.database(
      "orders", owner: "shop", scripts: [script, bench.script("002", "DISCARD ALL", transaction: false)])
    try settle(bench)
    #expect(
      try bench.value("SELECT c || ' ' || s FROM t", in: "orders", as: "shop_b", password: "two") == "shop shop_b")
    #expect(try bench.value("SELECT tableowner FROM pg_tables WHERE tablename = 't'", in: "orders") == "shop")
    #expect(try bench.value("SELECT string_agg(name, ' ') FROM postern.script", in: "orders") == "001 002")
  }

  @Test(arguments: RotationTests.able)
  func settingsAndLimitsAreCopiedAtEachPass(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try say(bench, second: false, .pending, ("shop-secret", "two"))
    try settle(bench)
    let admin = try bench.server.connect(database: "orders")
    try admin.execute(
      #"""
      CREATE ROLE "odd ""role"; GRANT "odd ""role" TO shop;
      ALTER ROLE shop SET statement_timeout = '17s'; ALTER ROLE shop SET search_path = "$user", 'a b', "C""d", public;
      ALTER ROLE shop IN DATABASE orders SET work_mem = '7MB'; ALTER ROLE shop SET app.tenant = 'it''s, "x"';
      ALTER ROLE shop SET "TimeZone" = 'Asia/Tokyo'; ALTER ROLE shop IN DATABASE orders SET search_path = ''
      """#)
    // A tenant stores what is no list of plain names: nothing of it may be run.
    let tenant = try bench.connect(to: "orders", as: "shop")
    try tenant.execute(
      "SELECT set_config('temp_tablespaces', '', false), set_config('search_path', 'x;drop,B', false)")
    try tenant.execute("ALTER ROLE shop SET search_path FROM CURRENT")
    bench.desired.spec.users[0].connectionLimit = 7
    try settle(bench)
    let settings =
      """
      SELECT string_agg(concat_ws(' ', d.datname, c), chr(10) ORDER BY d.datname, c) FROM pg_db_role_setting s
      CROSS JOIN unnest(setconfig) c LEFT JOIN pg_database d ON d.oid = setdatabase
      WHERE setrole = 'shop'::regrole AND c NOT LIKE 'role=%' AND c NOT LIKE 'search_path=%x;drop%'
      """
    let copied = try bench.value(settings.replacingOccurrences(of: "'shop'", with: "'shop_b'"))
    #expect(try bench.value(settings) == copied)
    #expect(
      try bench.value(
        "SELECT c FROM pg_db_role_setting, unnest(setconfig) c WHERE setrole = 'shop_b'::regrole AND c LIKE 'search_path=%x;drop%'"
      )
        == #"search_path="x;drop", b"#)
    #expect(try bench.value("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'shop_b'") == "7")
    try admin.execute("ALTER ROLE shop RESET ALL; ALTER ROLE shop IN DATABASE orders RESET ALL")
    try settle(bench)
    #expect(
      try bench.value("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'shop_b'::regrole") == "{role=shop}")
  }

  @Test(
    arguments: PostgresInstallation.all.filter { old in
      !RotationTests.able.contains { $0.majorVersion == old.majorVersion }
    })
  func onAnOlderServerOnlyThatUserIsHeld(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    let report = bench.pass()
    #expect(
      report.problems.map(\.item) == ["rotation of shop"] && report.heldLogins?.map(\.text) == ["shop"], "\(report)")
    #expect(report.problems.first?.message.contains("on this server's version, \(installation.majorVersion).") == true)
    #expect(try isLetIn(bench, "shop", "shop-secret"))
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop_b'") == "0")
  }

  @Test(arguments: RotationTests.able)
  func aRoleOfThatNameIsLeftAloneAndOnlyThatUserIsHeld(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("CREATE ROLE shop_b LOGIN PASSWORD 'mine'")
    try bench.user("other")
    try rotate(bench, "other")
    let report = bench.pass()
    #expect(report.problems.filter(\.isFailure).map(\.item) == ["rotation of shop"], "\(report)")
    #expect(report.heldLogins?.map(\.text) == ["shop"])
    #expect(try isLetIn(bench, "shop", "shop-secret"))
    #expect(
      try bench.value("SELECT rolcanlogin AND rolvaliduntil IS NULL FROM pg_roles WHERE rolname = 'shop_b'") == "t")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'other_b'") == "1")
    try bench.server.connect().execute("DROP ROLE shop_b")
    try settle(bench)
  }

  @Test(arguments: RotationTests.able, [RemovedUsers.lock, .drop, .keep])
  func whoeverIsRemovedTakesTheSecondLoginAlong(
    _ installation: PostgresInstallation, _ removed: RemovedUsers
  ) throws {
    let bench = try bench(installation)
    try bench.user("next")
    try say(bench, second: false, .pending, ("shop-secret", "two"))
    try settle(bench)
    let session = try bench.connect(to: "orders", as: "shop_b", password: "two")
    try session.execute("SET ROLE NONE; CREATE TABLE t (n int)")
    bench.desired.spec.removedUsers = removed
    try bench.remove("shop")
    bench.desired.logins = [:]
    try bench.database("orders", owner: "next")
    #expect(bench.pass().problems.allSatisfy { !$0.isFailure })
    let roles = try bench.value(
      "SELECT string_agg(rolname || ' ' || rolcanlogin, ', ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'shop%'"
    )
    switch removed {
    case .lock: #expect(roles == "shop false, shop_b false")
    case .drop: #expect(roles == nil)
    case .keep: #expect(roles == "shop true, shop_b true")
    }
    #expect(session.isAliveNow == (removed == .keep))
    #expect(bench.pass().applied == [])
  }

  /// A role that was there before Postern is left, with the password that was in use, and may be declared again.
  @Test(arguments: RotationTests.able, [RemovedUsers.lock, .drop])
  func whoWasFoundIsLeftWithThePasswordInUse(
    _ installation: PostgresInstallation, _ removed: RemovedUsers
  ) throws {
    let bench = try ProvisionerBench(installation)
    func isIn(_ user: String, _ password: String) throws -> Bool {
      // It has no right on the database, which is looked at after the password.
      try bench.sqlState("SELECT 1", in: "orders", as: user, password: password) == SQLState.insufficientPrivilege
    }
    try bench.server.connect().execute("CREATE ROLE shop LOGIN PASSWORD 'found'")
    try bench.user("shop")
    try bench.user("next")
    try bench.database("orders", owner: "next")
    try rotate(bench)
    try say(bench, second: true, .until(try time(bench, in: -1)), ("shop-secret", "two"))
    try settle(bench)
    #expect(try !isIn("shop", "shop-secret") && isIn("shop_b", "two"))
    let declared = bench.desired
    bench.desired.spec.removedUsers = removed
    try bench.remove("shop")
    bench.desired.logins = [:]
    #expect(bench.pass().problems == [])
    #expect(try isIn("shop", "two") && !isIn("shop", "shop-secret"))
    #expect(try !isIn("shop_b", "two"))
    #expect(
      try bench.value("SELECT rolvaliduntil = 'infinity' FROM pg_roles WHERE rolname = 'shop'") == "t")
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(!bench.server.log.contains("SCRAM-SHA-256"))
    bench.desired = declared
    bench.desired.spec.users[0].rotate = nil
    bench.desired.logins = [:]
    #expect(bench.pass().problems == [])
    #expect(try isIn("shop", "shop-secret"))
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop_b'") == "0")
  }

  @Test(arguments: RotationTests.able)
  func absentTakesItAlongAndWithoutRotateItIsDropped(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.user("guest", grants: ["orders": .write])
    try rotate(bench, "guest")
    try say(bench, second: false, .pending, ("shop-secret", "two"))
    try say(bench, second: false, .pending, ("guest-secret", "guest-two"), of: "guest")
    try settle(bench)
    try bench.connect(to: "orders", as: "shop_b", password: "two")
      .execute("SET ROLE NONE; CREATE TABLE t (n int); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO guest")
    try bench.user("guest", ensure: .absent)
    for index in bench.desired.spec.users.indices { bench.desired.spec.users[index].rotate = nil }
    bench.desired.logins = [:]
    let report = bench.pass()
    #expect(report.problems == [], "\(report)")
    #expect(
      try bench.value("SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname ~ '^(shop|guest)'") == "shop")
    #expect(try bench.value("SELECT tableowner FROM pg_tables WHERE tablename = 't'", in: "orders") == "shop")
    #expect(
      try bench.value("SELECT string_agg(name, ' ' ORDER BY name) FROM postern.managed_role") == "reader shop")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// A superuser whose name only the sidecar knows.
  @Test(arguments: RotationTests.able)
  func aSuperuserOfThatNameIsLeftAloneAndOnlyThatUserIsHeld(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("CREATE ROLE shop_b SUPERUSER LOGIN PASSWORD 'the superuser''s'")
    let state =
      "SELECT (oid, rolcanlogin, rolvaliduntil, rolconnlimit, rolpassword)::text FROM pg_authid WHERE rolname = 'shop_b'"
    let before = try bench.value(state)
    for second in [false, true] {
      try say(bench, second: second, .pending, ("shop-secret", "two"))
      let report = bench.pass()
      #expect(report.problems.count == 1 && report.heldLogins?.map(\.text) == ["shop"], "\(report)")
      #expect(
        report.problems.first?.message.contains("shop_b, which is to be the second login, is a superuser") == true)
      #expect(try bench.value(state) == before)
      #expect(try isLetIn(bench, "shop", "shop-secret") && isLetIn(bench, "reader", "reader-secret"))
    }
    #expect(
      try bench.value(
        "SELECT count(*) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = 'shop_b'") == "0")
  }

  @Test(arguments: RotationTests.able)
  func itIsRenamedWithTheUser(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try say(bench, second: true, .until(try time(bench, in: 3_600_000)), ("shop-secret", "two"))
    try settle(bench)
    bench.desired.spec.users[0].name = try PostgresName("store")
    bench.desired.spec.users[0].renamedFrom = try PostgresName("shop")
    bench.desired.spec.databases[0].owner = try PostgresName("store")
    let until = try time(bench, in: 3_600_000)
    bench.desired.logins = [:]
    bench.desired.passwords = [try PostgresName("reader"): try Password("reader-secret")]
    try say(bench, second: true, .until(until), ("shop-secret", "two"), of: "store")
    let report = bench.pass()
    #expect(report.problems == [] && report.heldLogins == [], "\(report)")
    #expect(
      try bench.value("SELECT current_user || ' ' || session_user", in: "orders", as: "store_b", password: "two")
        == "store store_b")
    #expect(try isLetIn(bench, "store", "shop-secret"))
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'shop%'") == "0")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// The password of before ends at once; open sessions end where that is declared.
  @Test(arguments: RotationTests.able, PasswordChange.allCases)
  func inAnEmergencyTheOtherEndsAtOnce(_ installation: PostgresInstallation, _ change: PasswordChange) throws {
    let bench = try bench(installation)
    bench.desired.spec.passwordChange = change
    try say(bench, second: true, .until(try time(bench, in: 3_600_000)), ("shop-secret", "two"))
    try settle(bench)
    let session = try bench.connect(to: "orders", as: "shop")
    try say(bench, second: true, .idle, (nil, "edited"))
    try settle(bench)
    #expect(try isLetIn(bench, "shop_b", "edited"))
    #expect(try !isLetIn(bench, "shop_b", "two") && !isLetIn(bench, "shop", "shop-secret"))
    #expect(session.isAliveNow == (change == .keepSessions))
  }

  /// Files of which one is missing say nothing of the logins: both stay as they are.
  @Test(arguments: RotationTests.able)
  func withoutAWordOfTheLoginsBothStay(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try say(bench, second: true, .until(try time(bench, in: 3_600_000)), ("shop-secret", "two"))
    try settle(bench)
    bench.desired.logins = [:]
    bench.desired.passwords = [try PostgresName("reader"): try Password("reader-secret")]
    #expect(bench.pass().problems == [])
    #expect(try isLetIn(bench, "shop", "shop-secret") && isLetIn(bench, "shop_b", "two"))
    // The password of before is lost: its login goes on up to its time, and is not opened again after that.
    try say(bench, second: true, .until(try time(bench, in: 1_800_000)), (nil, "two"))
    try settle(bench)
    #expect(try isLetIn(bench, "shop", "shop-secret"))
    try say(bench, second: true, .idle, (nil, "two"))
    try settle(bench)
    try say(bench, second: true, .until(try time(bench, in: 1_800_000)), (nil, "two"))
    try settle(bench)
    #expect(try !isLetIn(bench, "shop", "shop-secret"))
    // Another server, as after a restore: it gets both.
    let restored = try ProvisionerBench(installation)
    restored.desired = bench.desired
    try say(restored, second: true, .until(try time(bench, in: 1_800_000)), ("shop-secret", "two"))
    try settle(restored)
    #expect(try isLetIn(restored, "shop", "shop-secret") && isLetIn(restored, "shop_b", "two"))
  }

  /// The program reads the files, and tells of which of them Postgres has the logins.
  @Test(arguments: RotationTests.able)
  func theSidecarTellsWhoseLoginsPostgresHas(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    bench.desired.generation = "one"
    let volume = try bench.volume()
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.logins == .init(generation: "one") }, "\(sidecar.log)")
    try say(bench, second: false, .pending, ("shop-secret", "pending-secret"))
    bench.desired.generation = "two"
    try bench.fill(volume)
    #expect(sidecar.waitForStatus { $0.logins == .init(generation: "two") }, "\(sidecar.log)")
    #expect(try isLetIn(bench, "shop_b", "pending-secret"))
    try say(bench, second: true, .until(try time(bench, in: -1)), ("shop-secret", "pending-secret"))
    bench.desired.generation = "three"
    try bench.fill(volume)
    #expect(sidecar.waitForStatus { $0.logins == .init(generation: "three") }, "\(sidecar.log)")
    #expect(try !isLetIn(bench, "shop", "shop-secret") && isLetIn(bench, "shop_b", "pending-secret"))
    for secret in ["shop-secret", "pending-secret"] {
      #expect(!sidecar.log.contains(secret) && !bench.server.log.contains(secret))
    }
  }

  /// A standby tells of a login only when it has it.
  @Test(arguments: RotationTests.able)
  func aStandbyThatLagsIsHeld(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try settle(bench)
    let standby = try PostgresServer(standbyOf: bench.server)
    let other = Provisioner(settings: standby.settings, control: PassControl())
    func held() throws -> [String]? { try other.pass(bench.desired).heldLogins?.map(\.text) }
    func caughtUp() throws {
      let position = try bench.value("SELECT pg_current_wal_lsn()") ?? ""
      let query = "SELECT pg_last_wal_replay_lsn() >= '\(position)'::pg_lsn"
      #expect(try eventually { try standby.connect().query(query).value(0, 0) == "t" }, "the standby does not catch up")
    }
    try caughtUp()
    #expect(try held() == [])
    try say(bench, second: false, .pending, ("shop-secret", "two"))
    #expect(try held() == ["shop"])
    #expect(bench.pass().problems == [])
    try caughtUp()
    #expect(try held() == [])
  }
}

extension Connection {
  /// Whether the server has not ended the session.
  fileprivate var isAliveNow: Bool {
    do throws(PostgresError) {
      _ = try query("SELECT 1")
      return true
    } catch { return false }
  }
}
