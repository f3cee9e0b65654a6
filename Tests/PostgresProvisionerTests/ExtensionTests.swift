import DatabaseSpec
import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Where extensions are created, and what else the fixed settings of Postern's connections must not change.
@Suite(.blocking) struct ExtensionTests {
  private static func bench(
    _ installation: PostgresInstallation, extensions: [String], schemas: [String] = []
  ) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "d", owner: "shop", extensions: try extensions.map { Extension(name: try PostgresName($0)) },
      schemas: try schemas.map { Schema(name: try PostgresName($0)) })
    return bench
  }

  /// The extensions in a list that the server has available.
  private static func available(_ names: [String], _ installation: PostgresInstallation) throws -> [String] {
    let server = try PostgresServer(installation)
    let rows = try server.connect().query(
      "SELECT name FROM pg_available_extensions WHERE name = ANY ($1::text[]) ORDER BY name", [SQLText.array(names)])
    return (0..<rows.rowCount).compactMap { rows.value($0, 0) }
  }

  private static let schemasOfExtensions = """
    SELECT string_agg(extname || ' ' || extnamespace::regnamespace, ', ' ORDER BY extname) FROM pg_extension
    """

  @Test(arguments: PostgresInstallation.all)
  func oneWithoutASchemaIsMadeInPublicOrWhereItsControlFileSays(
    _ installation: PostgresInstallation
  ) throws {
    let names = try Self.available(
      ["citext", "pg_buffercache", "pg_stat_statements", "pg_trgm", "tablefunc", "plperl", "pg_walinspect"],
      installation)
    let bench = try Self.bench(installation, extensions: names + ["plpgsql"])
    #expect(bench.pass().problems == [])
    #expect(
      try bench.value(Self.schemasOfExtensions, in: "d")
        == (names + ["plpgsql"]).sorted().map { "\($0) \($0.hasPrefix("pl") ? "pg_catalog" : "public")" }.joined(
          separator: ", ")
    )
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func oneThatIsInPgCatalogIsMovedWhereASchemaIsDeclared(_ installation: PostgresInstallation) throws {
    let names = try Self.available(["citext", "hstore", "pg_trgm"], installation)
    let first = try #require(names.first)
    let bench = try Self.bench(installation, extensions: [])
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      names.map { "SET search_path = pg_catalog; CREATE EXTENSION \($0)" }.joined(separator: ";"))
    bench.desired.spec.databases[0].extensions = try names.map { Extension(name: try PostgresName($0)) }
    bench.desired.spec.databases[0].extensions[0].schema = try PostgresName("ext")
    bench.desired.spec.databases[0].schemas = [Schema(name: try PostgresName("ext"))]
    let report = bench.pass()
    #expect(report.outcome == .converged)
    // An administrator may have put the others there for every search path to find.
    #expect(report.problems.map(\.item) == names.dropFirst().map { "extension \($0) in d" })
    #expect(report.problems.allSatisfy { $0.hint?.hasPrefix("declare its schema: public") == true })
    #expect(report.applied.contains("move extension name=\(first) database=d from=pg_catalog to=ext"))
    #expect(
      try bench.value(Self.schemasOfExtensions, in: "d")
        == (names.map { "\($0) \($0 == first ? "ext" : "pg_catalog")" } + ["plpgsql pg_catalog"]).joined(
          separator: ", "))
    for index in names.indices.dropFirst() {
      bench.desired.spec.databases[0].extensions[index].schema = try PostgresName("pg_catalog")
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// TimescaleDB ends its session where it is not preloaded, and updates itself only as the first that a session does.
  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func oneThatEndsItsSessionTakesNothingElseAlongAndAnUpdateIsASessionsFirst(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try Self.bench(installation, extensions: ["citext"])
    bench.desired.spec.databases[0].extensions[0].version = "1.5"
    try bench.user("rep", grants: ["d": .write])
    #expect(bench.pass().problems == [])
    let newest = try #require(
      try bench.value("SELECT default_version FROM pg_available_extensions WHERE name = 'citext'", in: "d"))
    // Both by a trigger, which sees what its session has done.
    try bench.server.connect(database: "d").execute(
      """
      CREATE SCHEMA theirs CREATE TABLE seen (pid int, tag text);
      CREATE FUNCTION theirs.see() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO theirs.seen VALUES (pg_backend_pid(), tg_tag);
        IF tg_tag = 'CREATE EXTENSION' THEN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(60); END IF;
      END $$;
      CREATE EVENT TRIGGER see ON ddl_command_start
        WHEN TAG IN ('CREATE EXTENSION', 'ALTER EXTENSION', 'CREATE SCHEMA') EXECUTE FUNCTION theirs.see()
      """)
    bench.desired.spec.databases[0].extensions =
      [Extension(name: try PostgresName("pg_trgm")), Extension(name: try PostgresName("citext"), version: newest)]
    bench.desired.spec.databases[0].schemas = [Schema(name: try PostgresName("later"))]
    try bench.user("rep", grants: ["d": .read])
    let report = bench.pass()
    #expect(report.problems.filter(\.isFailure).map(\.item) == ["extension pg_trgm in d"], "\(report)")
    #expect(report.problems.first(where: \.isFailure)?.sqlState == "57P01")
    #expect(try bench.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'later'", in: "d") == "1")
    #expect(report.applied.contains { $0.hasPrefix("update extension name=citext") })
    let alone = """
      SELECT count(*) FROM theirs.seen s WHERE tag = 'ALTER EXTENSION' AND NOT EXISTS (
        SELECT FROM theirs.seen o WHERE o.pid = s.pid AND o.tag <> s.tag)
      """
    #expect(try bench.value(alone, in: "d") == "1")
    #expect(try bench.value("SELECT level FROM postern.managed_grant WHERE role = 'rep'") == "read")
  }

  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func oneThatCannotBeMovedIsTold(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, extensions: ["plpgsql"])
    #expect(bench.pass().problems == [])
    let name = try #require(try Self.available(["pg_trgm", "citext"], installation).last)
    try bench.server.connect(database: "d").execute(
      """
      SET search_path = pg_catalog; CREATE EXTENSION \(name);
      UPDATE pg_extension SET extrelocatable = false WHERE extname = '\(name)'
      """)
    bench.desired.spec.databases[0].extensions = [Extension(name: try PostgresName(name))]
    bench.desired.spec.databases[0].extensions[0].schema = try PostgresName("public")
    for _ in 1...2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map(\.item) == ["extension \(name) in d"])
      #expect(report.problems.first?.message.contains("cannot be moved") == true)
      #expect(report.problems.first?.hint?.contains("DROP EXTENSION") == true)
    }
  }

  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func whereThereIsNoSchemaPublicOneIsToBeDeclared(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, extensions: [])
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute("DROP SCHEMA public")
    let name = try #require(try Self.available(["citext", "pg_trgm", "tablefunc"], installation).first)
    bench.desired.spec.databases[0].extensions = [Extension(name: try PostgresName(name))]
    #expect(bench.pass().problems.map(\.hint) == ["declare a schema for the extension"])
  }

  /// Settings that an administrator made for the database apply to objects that an extension creates, and not to
  /// Postern's records.
  @Test(arguments: PostgresInstallation.all)
  func recordsAreKeptInTheDatabasesOwnPlace(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, extensions: [])
    #expect(bench.pass().problems == [])
    let session = try bench.server.connect()
    try session.execute("SET allow_in_place_tablespaces = on")
    try session.execute("CREATE TABLESPACE fast LOCATION ''")
    try session.execute("GRANT CREATE ON TABLESPACE fast TO shop; ALTER DATABASE d SET default_tablespace = fast")
    bench.desired.spec.databases[0].scripts = [bench.script("one", "CREATE TABLE t AS SELECT 1 AS a")]
    #expect(bench.pass().problems == [])
    #expect(
      try bench.value("SELECT reltablespace FROM pg_class WHERE oid = 'postern.script'::regclass", in: "d") == "0")
    #expect(try bench.value("SELECT reltablespace <> 0 FROM pg_class WHERE oid = 't'::regclass", in: "d") == "t")
  }

  @Test(arguments: PostgresInstallation.all)
  func anEventTriggerThatFindsNothingIsToldOf(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, extensions: [])
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE TABLE ddl (tag text);
      CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO ddl VALUES (tg_tag); END $$;
      CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note()
      """)
    bench.desired.spec.databases[0].schemas = [Schema(name: try PostgresName("s"))]
    // The owner cannot read the superuser's table. That is reported as well, but not as a failure.
    let failures = bench.pass().problems.filter(\.isFailure)
    #expect(failures.map(\.sqlState) == ["42P01"])
    #expect(failures.first?.hint?.contains("ALTER FUNCTION … SET search_path") == true)
    try bench.server.connect(database: "d").execute("ALTER FUNCTION note SET search_path = public")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT tag FROM ddl WHERE tag = 'CREATE SCHEMA'", in: "d") == "CREATE SCHEMA")
  }

  /// All that a server has is too much to read: the one that was meant, or where to look.
  @Test(arguments: [
    ("plpgslq", #"did you mean "plpgsql"?"#), ("PLpgsql2", #"did you mean "plpgsql"?"#),
    (
      "nowhere-to-be-had", "take an image that has it; SELECT name FROM pg_available_extensions lists what this one has"
    ),
  ])
  func ofOneThatIsNotThereTheNearestIsNamed(name: String, hint: String) throws {
    let installation = try #require(PostgresInstallation.all.first)
    let bench = try Self.bench(installation, extensions: [name])
    #expect(bench.pass().problems.map(\.hint) == [hint])
  }

  @Test(arguments: PostgresInstallation.all.filter { $0.majorVersion >= 18 })
  func aControlFileThatTheServerCannotReadStopsNoPass(_ installation: PostgresInstallation) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "control-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "extension"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("this is no control file".utf8).write(to: folder.appending(path: "extension/bad.control"))
    let bench = try ProvisionerBench(
      installation, configuration: ["extension_control_path=$system:\(folder.path)"])
    try bench.user("shop")
    try bench.database(
      "d", owner: "shop",
      extensions: [Extension(name: try PostgresName("hstore")), Extension(name: try PostgresName("no_such"))])
    #expect(bench.pass().problems.map(\.item) == ["extension no_such in d"])
    #expect(try bench.value("SELECT count(*) FROM pg_extension WHERE extname = 'hstore'", in: "d") == "1")
  }
}
