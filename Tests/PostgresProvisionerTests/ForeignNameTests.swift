import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Names that are no UTF-8. A server takes those of roles and databases as they come, from databases of any encoding.
@Suite(.blocking) struct ForeignNameTests {
  /// Makes a role, a role of the longest name, a database, and rights. `chr` is a byte in the encodings that this runs in.
  private static let names = """
    DO $$ DECLARE u text := 'm' || chr(252) || 'ller'; long text := repeat(chr(252), 63); BEGIN
      EXECUTE format('CREATE ROLE "%s" LOGIN', u);
      EXECUTE format('CREATE ROLE "%s"', long);
      EXECUTE format('GRANT "%s" TO "%s"; GRANT pg_monitor TO "%s"', u, long, u);
      EXECUTE format('GRANT CONNECT ON DATABASE d TO "%s"', u);
      EXECUTE format('ALTER ROLE "%s" SET work_mem = ''5MB''', u);
    END $$
    """
  private static let contents = """
    DO $$ DECLARE u text := 'm' || chr(252) || 'ller'; BEGIN
      EXECUTE format('CREATE SCHEMA "%s" AUTHORIZATION "%s"', u, u);
      EXECUTE format('CREATE TABLE "%s"."%s" (a int)', u, u);
      EXECUTE format('GRANT USAGE ON SCHEMA public TO "%s"', u);
    END $$
    """

  private func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("friend", grants: ["d": .read], memberOf: ["pg_monitor"])
    try bench.user("leaver")
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 'ü' AS word")])
    return bench
  }

  private func check(_ bench: ProvisionerBench) throws {
    #expect(bench.pass().problems.filter(\.isFailure) == [])
    #expect(try bench.value("SELECT word FROM t", in: "d", as: "friend") == "ü")
    bench.desired.spec.removedUsers = .drop
    try bench.remove("leaver")
    try bench.user("größe", grants: ["d": .write])
    #expect(bench.pass().problems.filter(\.isFailure) == [])
    #expect(try bench.value("SELECT word FROM t", in: "d", as: "größe") == "ü")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")
    let last = bench.pass()
    #expect(last.applied == [])
    #expect(last.problems.filter(\.isFailure) == [])
  }

  /// As of a cluster that was made in the locale C with an old version, and kept by pg_upgrade.
  @Test(arguments: PostgresInstallation.all)
  func aClusterWithoutAnEncodingIsServed(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect(database: "template1").execute("DROP DATABASE postgres")
    let form = "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
    try bench.server.connect(database: "template1").execute("CREATE DATABASE postgres \(form)")
    try bench.server.connect().execute("CREATE DATABASE d \(form)")
    try bench.server.connect().execute(Self.names)
    try bench.server.connect(database: "d").execute(Self.contents)
    try bench.server.connect().execute("CREATE DATABASE bare \(form)")
    // The declared owner's own rows need not be UTF-8 either.
    bench.desired.spec.databases[0].scripts.append(
      bench.script("2", "CREATE TABLE raw AS SELECT chr(252) AS a; SELECT a FROM raw"))
    try check(bench)
  }

  /// A database of another encoding in a cluster in UTF-8.
  @Test(arguments: PostgresInstallation.all)
  func namesFromADatabaseOfAnotherEncodingHoldUpNothing(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute(
      "CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    try bench.server.connect().execute("CREATE DATABASE d")
    try bench.server.connect(database: "old").execute(Self.names)
    try check(bench)
  }
}
