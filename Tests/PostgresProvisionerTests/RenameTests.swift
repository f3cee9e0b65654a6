import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// `renamedFrom` on real servers: what was there goes on under its new name.
@Suite(.blocking) struct RenameTests {
  /// Declares what was declared as `old` as `new`.
  private func rename(_ bench: ProvisionerBench, user old: String, to new: String, password: String? = nil) throws {
    let (before, after) = (try PostgresName(old), try PostgresName(new))
    for index in bench.desired.spec.users.indices where bench.desired.spec.users[index].name == before {
      bench.desired.spec.users[index].name = after
      bench.desired.spec.users[index].renamedFrom = before
    }
    for index in bench.desired.spec.users.indices {
      let roles = bench.desired.spec.users[index].memberOf
      bench.desired.spec.users[index].memberOf = roles.map { $0 == before ? after : $0 }
    }
    for index in bench.desired.spec.databases.indices where bench.desired.spec.databases[index].owner == before {
      bench.desired.spec.databases[index].owner = after
    }
    let kept = bench.desired.passwords.removeValue(forKey: before)
    bench.desired.passwords[after] = try password.map { try Password($0) } ?? kept
  }

  private func rename(_ bench: ProvisionerBench, database old: String, to new: String) throws {
    let (before, after) = (try PostgresName(old), try PostgresName(new))
    for index in bench.desired.spec.databases.indices where bench.desired.spec.databases[index].name == before {
      bench.desired.spec.databases[index].name = after
      bench.desired.spec.databases[index].renamedFrom = before
    }
    for index in bench.desired.spec.users.indices {
      let grants = bench.desired.spec.users[index].grants
      bench.desired.spec.users[index].grants = grants.map {
        Grant(database: $0.database == before ? after : $0.database, level: $0.level)
      }
    }
  }

  private func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("store", memberOf: ["pg_monitor"])
    try bench.user("reader", grants: ["shop": .read], memberOf: ["store"])
    try bench.user("other")
    try bench.database(
      "shop", owner: "store", schemas: [Schema(name: try PostgresName("s"))],
      scripts: [bench.script("001", "CREATE TABLE t AS SELECT 42 AS n")])
    try bench.database("bystander", owner: "other")
    #expect(bench.pass().problems == [])
    return bench
  }

  @Test(arguments: PostgresInstallation.all, [RemovedUsers.lock, .drop, .keep])
  func dataRightsAndPasswordsGoAlong(_ installation: PostgresInstallation, _ removed: RemovedUsers) throws {
    let bench = try bench(installation)
    bench.desired.spec.removedUsers = removed
    let oids =
      "SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM (SELECT oid FROM pg_roles UNION ALL SELECT oid FROM pg_database) o"
    let before = try bench.value(oids)
    try rename(bench, user: "store", to: "owner")
    try rename(bench, user: "reader", to: "guest")
    try rename(bench, database: "shop", to: "market")
    let planned = try bench.plan()
    #expect(planned.contains(#"ALTER ROLE "store" RENAME TO "owner";"#), "\(planned)")
    let report = bench.pass()
    #expect(report.problems == [], "\(report)")
    #expect(
      report.applied == [
        "rename role from=store to=owner", "rename role from=reader to=guest", "rename database from=shop to=market",
      ])
    #expect(try bench.value(oids) == before)
    #expect(try bench.value("SELECT n FROM t", in: "market", as: "owner", password: "store-secret") == "42")
    #expect(try bench.value("SELECT n FROM t", in: "market", as: "guest", password: "reader-secret") == "42")
    #expect(try bench.value("SELECT name FROM postern.script", in: "market") == "001")
    #expect(
      try bench.value("SELECT string_agg(name, ' ' ORDER BY name) FROM postern.managed_role") == "guest other owner")
    #expect(
      try bench.value(
        "SELECT string_agg(concat_ws('/', member, role), ' ' ORDER BY member) FROM postern.managed_membership")
        == "guest/owner owner/pg_monitor")
    #expect(
      try bench.value("SELECT concat_ws('/', role, database, level) FROM postern.managed_grant") == "guest/market/read")
    // It is done: nothing more happens, as long as the declaration says so and after that.
    #expect(bench.pass() == PassReport(outcome: .converged))
    for index in bench.desired.spec.users.indices { bench.desired.spec.users[index].renamedFrom = nil }
    bench.desired.spec.databases[0].renamedFrom = nil
    #expect(bench.pass() == PassReport(outcome: .converged))
    // What was granted by the old name is taken back by the new one.
    for index in bench.desired.spec.users.indices { bench.desired.spec.users[index].grants = [] }
    for index in bench.desired.spec.users.indices where bench.desired.spec.users[index].name.text == "guest" {
      bench.desired.spec.users[index].memberOf = []
    }
    #expect(bench.pass().problems == [])
    #expect(
      try bench.sqlState("SELECT 1", in: "market", as: "guest", password: "reader-secret")
        == SQLState.insufficientPrivilege)
  }

  @Test(arguments: PostgresInstallation.all)
  func somebodyWhoIsConnectedKeepsTheDatabaseAndNothingElse(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    bench.known = ContentsCache()
    let session = try bench.connect(to: "shop", as: "store")
    let process = try session.query("SELECT pg_backend_pid()").value(0, 0) ?? ""
    try rename(bench, database: "shop", to: "market")
    try bench.user("newcomer", grants: ["bystander": .write])
    let blocked = bench.pass()
    #expect(blocked.outcome == .incomplete)
    let problem = try #require(blocked.problems.first { $0.item == "database market" })
    #expect(
      problem.sqlState == SQLState.objectInUse
        && problem.message.contains("connected to shop: pid \(process) of user store ("), "\(problem)")
    #expect(problem.hint?.contains("it is renamed to market when nobody is connected") == true)
    #expect(blocked.problems.filter(\.isFailure).map(\.item) == ["database market"])
    #expect(blocked.applied.contains("create role name=newcomer"))
    #expect(try bench.value("SELECT 1", in: "bystander", as: "newcomer") == "1")
    #expect(try bench.value("SELECT count(*) FROM pg_database WHERE datname = 'market'") == "0")
    // Nobody is thrown out.
    #expect(try session.query("SELECT n FROM t").value(0, 0) == "42")
    try session.execute("SELECT 1")
    #expect(bench.pass().outcome == .incomplete)
    _ = consume session
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT n FROM t", in: "market", as: "store") == "42")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whereBothAreThereNothingIsDoneWithEither(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("CREATE DATABASE market")
    try bench.server.connect().execute("CREATE ROLE owner LOGIN PASSWORD 'mine'")
    try rename(bench, user: "store", to: "owner")
    try rename(bench, database: "shop", to: "market")
    for removed in [RemovedUsers.lock, .drop] {
      bench.desired.spec.removedUsers = removed
      let report = bench.pass()
      #expect(
        report.problems.filter(\.isFailure).prefix(2).map(\.item) == ["user owner", "database market"], "\(report)")
      #expect(try bench.value("SELECT n FROM t", in: "shop", as: "store") == "42")
      #expect(try bench.value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'market'") == "postgres")
      #expect(try bench.value("SELECT 1", in: "market", as: "owner", password: "mine") == "1")
    }
    try bench.server.connect().execute("DROP DATABASE market")
    try bench.server.connect().execute("DROP ROLE owner")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT n FROM t", in: "market", as: "owner", password: "store-secret") == "42")
  }

  /// A verifier by md5 holds the role's name, so the server forgets it. A role that Postern has not made is adopted.
  @Test(arguments: PostgresInstallation.all)
  func aPasswordByMD5IsSetAnew(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    let connection = try bench.server.connect()
    try connection.execute("SET password_encryption = 'md5'; CREATE ROLE store LOGIN PASSWORD 'store-secret'")
    try connection.execute("CREATE DATABASE shop OWNER store")
    try bench.user("owner", password: "store-secret")
    try bench.database("market", owner: "owner")
    bench.desired.spec.users[0].renamedFrom = try PostgresName("store")
    bench.desired.spec.databases[0].renamedFrom = try PostgresName("shop")
    let report = bench.pass()
    #expect(report.problems == [], "\(report)")
    #expect(try bench.value("SELECT 1", in: "market", as: "owner", password: "store-secret") == "1")
    #expect(try bench.value("SELECT made FROM postern.managed_role WHERE name = 'owner'") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// On a server that holds neither, both are made; a user who was locked under the old name logs in under the new one.
  @Test(arguments: PostgresInstallation.all)
  func whatIsNotThereIsMadeAndWhatWasLockedComesBack(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("owner")
    try bench.database("market", owner: "owner")
    bench.desired.spec.users[0].renamedFrom = try PostgresName("store")
    bench.desired.spec.databases[0].renamedFrom = try PostgresName("shop")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT 1", in: "market", as: "owner") == "1")
    try bench.user("leaver", grants: ["market": .read])
    #expect(bench.pass().problems == [])
    try bench.remove("leaver")
    #expect(bench.pass().applied.first == "lock role name=leaver")
    try bench.user("returner", grants: ["market": .read])
    bench.desired.spec.users[1].renamedFrom = try PostgresName("leaver")
    let report = bench.pass()
    #expect(
      Array(report.applied.prefix(2)) == [
        "rename role from=leaver to=returner", "alter role name=returner login=true",
      ], "\(report)")
    #expect(try bench.value("SELECT 1", in: "market", as: "returner") == "1")
  }
}
