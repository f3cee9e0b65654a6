import LibPQ
import Provisioning
import Testing
import ThrowawayPostgres

@testable import Admission

/// The table of what is too new for a server, against the servers: a row is right where older servers refuse it and newer
/// ones take it. What came with PostgreSQL 15 and before cannot be tried here.
@Suite struct NewerSyntaxTests {
  struct Row: Sendable {
    let version: Int
    let sql: String
    /// What is found in it.
    let name: String

    init(_ version: Int, _ name: String, _ sql: String) { (self.version, self.name, self.sql) = (version, name, sql) }
  }

  static let rows = [
    Row(16, "IS JSON", "SELECT '{}' IS JSON"), Row(16, "IS NOT JSON", "SELECT '{}' IS NOT JSON"),
    Row(16, "CREATE STATISTICS ON", "CREATE STATISTICS ON a, b FROM t"),
    Row(16, "WITH ADMIN TRUE", "GRANT x TO y WITH ADMIN TRUE"),
    Row(16, "WITH ADMIN FALSE", "GRANT x TO y WITH ADMIN FALSE"),
    Row(16, "WITH INHERIT TRUE", "GRANT x TO y WITH INHERIT TRUE"),
    Row(16, "WITH INHERIT FALSE", "GRANT x TO y WITH INHERIT FALSE"),
    Row(16, "WITH INHERIT OPTION", "GRANT x TO y WITH INHERIT OPTION"),
    Row(16, "WITH SET TRUE", "GRANT x TO y WITH SET TRUE"), Row(16, "WITH SET FALSE", "GRANT x TO y WITH SET FALSE"),
    Row(16, "WITH SET OPTION", "GRANT x TO y WITH SET OPTION"),
    Row(16, "EXPLAIN ( GENERIC_PLAN", "EXPLAIN (GENERIC_PLAN) SELECT 1"),
    Row(16, "VACUUM ( PROCESS_MAIN", "VACUUM (PROCESS_MAIN FALSE) t"),
    Row(16, "VACUUM ( BUFFER_USAGE_LIMIT", "VACUUM (BUFFER_USAGE_LIMIT '256 kB') t"),
    Row(16, "VACUUM ( SKIP_DATABASE_STATS", "VACUUM (ANALYZE, SKIP_DATABASE_STATS) t"),
    Row(16, "VACUUM ( ONLY_DATABASE_STATS", "VACUUM (ONLY_DATABASE_STATS)"),
    Row(16, "ANALYZE ( BUFFER_USAGE_LIMIT", "ANALYZE (VERBOSE off, BUFFER_USAGE_LIMIT '256 kB') t"),
    Row(16, "SYSTEM_USER", "SELECT system_user"),
    Row(16, "STORAGE of a new column", "CREATE TABLE s (a text STORAGE EXTERNAL)"),
    Row(16, "a subquery in FROM without a name", "SELECT * FROM (SELECT 1)"),
    Row(16, "a subquery in FROM without a name", "SELECT * FROM t JOIN (SELECT 1 AS c) ON true WHERE a = 1"),
    Row(16, "a subquery in FROM without a name", "SELECT (SELECT max(c) FROM (VALUES (1)) ) FROM (SELECT 1 AS c) x"),
    Row(16, "the number 1_000", "SELECT 1_000"), Row(16, "the number 0x1f", "SELECT 0x1F"),
    Row(16, "the number 0o17", "SELECT 0o17"), Row(16, "the number 0b11", "SELECT 0b11"),
    Row(16, "ANY_VALUE", "SELECT any_value(a) FROM t"),
    Row(16, "ARRAY_SAMPLE", "SELECT array_sample(ARRAY[1, 2], 1)"),
    Row(16, "ARRAY_SHUFFLE", "SELECT array_shuffle(ARRAY[1, 2])"),
    Row(16, "DATE_ADD", "SELECT date_add(now(), '1 day')"),
    Row(16, "DATE_SUBTRACT", "SELECT date_subtract(now(), '1 day')"), Row(16, "ERF", "SELECT erf(1)"),
    Row(16, "ERFC", "SELECT erfc(1)"), Row(16, "JSON_ARRAY", "SELECT json_array(1, 2)"),
    Row(16, "JSON_ARRAYAGG", "SELECT json_arrayagg(a) FROM t"),
    Row(16, "JSON_OBJECTAGG", "SELECT json_objectagg('k': a) FROM t"),
    Row(16, "JSON_OBJECT with a key", "SELECT json_object('a' VALUE 1)"),
    Row(16, "JSON_OBJECT with a key", "SELECT json_object(b: a, 'c': ARRAY[a, 2]) FROM t"),
    Row(16, "JSON_OBJECT with a key", "SELECT json_object(t.b VALUE (a) ABSENT ON NULL) FROM t"),
    Row(16, "JSON_OBJECT with a key", "SELECT json_object(RETURNING jsonb)"),
    Row(16, "INDENT of XMLSERIALIZE", "SELECT xmlserialize(CONTENT NULL::xml AS text INDENT)"),
    Row(16, "INDENT of XMLSERIALIZE", "SELECT xmlserialize(DOCUMENT NULL::xml AS varchar(9) NO INDENT)"),
    Row(16, "PG_INPUT_ERROR_INFO", "SELECT * FROM pg_input_error_info('x', 'int4')"),
    Row(16, "PG_INPUT_IS_VALID", "SELECT pg_input_is_valid('x', 'int4')"),
    Row(16, "RANDOM_NORMAL", "SELECT random_normal()"),
    Row(17, "WHEN NOT MATCHED BY", "MERGE INTO t USING p ON a = id WHEN NOT MATCHED BY SOURCE THEN DELETE"),
    Row(17, "RETURNING of MERGE", "MERGE INTO t USING p ON a = id WHEN MATCHED THEN DELETE RETURNING a"),
    Row(17, "MERGE_ACTION", "MERGE INTO t USING p ON a = id WHEN MATCHED THEN DELETE RETURNING merge_action()"),
    Row(17, "SET EXPRESSION AS", "ALTER TABLE g ALTER b SET EXPRESSION AS (a * 3)"),
    Row(17, "AT LOCAL", "SELECT now() AT LOCAL"),
    Row(17, "SET STATISTICS DEFAULT", "ALTER TABLE t ALTER a SET STATISTICS DEFAULT"),
    Row(17, "ACCESS METHOD DEFAULT", "ALTER TABLE t SET ACCESS METHOD DEFAULT"),
    Row(17, "MAINTAIN ON", "GRANT SELECT, MAINTAIN ON t TO x"),
    Row(17, "GRANT MAINTAIN", "GRANT MAINTAIN ON t TO x"), Row(17, "REVOKE MAINTAIN", "REVOKE MAINTAIN ON t FROM x"),
    Row(17, "EXPLAIN ( MEMORY", "EXPLAIN (MEMORY) SELECT 1"),
    Row(17, "EXPLAIN ( MEMORY", "EXPLAIN (COSTS OFF, MEMORY) SELECT 1"),
    Row(17, "EXPLAIN ( SERIALIZE", "EXPLAIN (ANALYZE, SERIALIZE text) SELECT 1"),
    Row(17, "RANDOM with arguments", "SELECT random(1, 10)"),
    Row(17, "PROVIDER = BUILTIN", "CREATE COLLATION c (PROVIDER = builtin, LOCALE = 'C')"),
    Row(17, "SET TRANSACTION_TIMEOUT", "SET transaction_timeout = 0"),
    Row(17, "SET LOCAL TRANSACTION_TIMEOUT", "SET LOCAL transaction_timeout = 0"),
    Row(17, "JSON_EXISTS", "SELECT json_exists('{}', '$.a')"), Row(17, "JSON_QUERY", "SELECT json_query('{}', '$')"),
    Row(17, "JSON_SCALAR", "SELECT json_scalar(1)"), Row(17, "JSON_SERIALIZE", "SELECT json_serialize('{}')"),
    Row(17, "JSON_TABLE", "SELECT * FROM json_table('[1]', '$[*]' COLUMNS (a int PATH '$')) AS j"),
    Row(17, "JSON_VALUE", "SELECT json_value('{}', '$.a')"), Row(17, "TO_BIN", "SELECT to_bin(5)"),
    Row(
      17, "ADD CONSTRAINT … NOT NULL", "CREATE DOMAIN d1 AS int; ALTER DOMAIN d1 ADD CONSTRAINT c NOT NULL"),
    Row(17, "ADD NOT NULL of a domain", "CREATE DOMAIN d2 AS int; ALTER DOMAIN d2 ADD NOT NULL"),
    Row(17, "TO_OCT", "SELECT to_oct(5)"),
    Row(17, "UUID_EXTRACT_TIMESTAMP", "SELECT uuid_extract_timestamp(gen_random_uuid())"),
    Row(17, "UUID_EXTRACT_VERSION", "SELECT uuid_extract_version(gen_random_uuid())"),
    Row(18, "OLD in RETURNING", "UPDATE t SET a = 2 RETURNING old.a"),
    Row(18, "NEW in RETURNING", "UPDATE t SET a = 3 RETURNING new.a"),
    Row(18, "RETURNING WITH (", "UPDATE t SET a = 4 RETURNING WITH (OLD AS o) o.a"),
    Row(18, "WITHOUT OVERLAPS", "CREATE TABLE w (i int4range, v tsrange, PRIMARY KEY (i, v WITHOUT OVERLAPS))"),
    Row(
      18, "PERIOD of a foreign key",
      """
      CREATE TABLE w1 (i int4range, v tsrange, PRIMARY KEY (i, v WITHOUT OVERLAPS));
      CREATE TABLE w2 (i int4range, v tsrange, FOREIGN KEY (i, PERIOD v) REFERENCES w1 (i, PERIOD v))
      """), Row(18, "NOT ENFORCED", "CREATE TABLE e1 (a int CHECK (a > 0) NOT ENFORCED)"),
    Row(18, "ENFORCED of a CHECK", "CREATE TABLE e2 (a int CHECK (a > 0) ENFORCED)"),
    Row(
      18, "ALTER CONSTRAINT … NOT ENFORCED",
      "CREATE TABLE e3 (a int CONSTRAINT c REFERENCES p); ALTER TABLE e3 ALTER CONSTRAINT c NOT ENFORCED"),
    Row(
      18, "ALTER CONSTRAINT … ENFORCED",
      "CREATE TABLE e4 (a int CONSTRAINT c REFERENCES p NOT ENFORCED); ALTER TABLE e4 ALTER CONSTRAINT c ENFORCED"),
    Row(18, "ADD CONSTRAINT … NOT NULL", "ALTER TABLE n1 ADD CONSTRAINT c NOT NULL a"),
    Row(
      18, "ALTER CONSTRAINT … NO INHERIT",
      "ALTER TABLE n2 ADD CONSTRAINT c NOT NULL a; ALTER TABLE n2 ALTER CONSTRAINT c NO INHERIT"),
    Row(
      18, "ALTER CONSTRAINT … INHERIT",
      "ALTER TABLE n3 ADD CONSTRAINT c NOT NULL a NO INHERIT; ALTER TABLE n3 ALTER CONSTRAINT c INHERIT"),
    Row(18, "CONSTRAINT … NOT NULL", "CREATE TABLE n4 (a int, CONSTRAINT c NOT NULL a)"),
    Row(18, "CONSTRAINT … NOT NULL", "CREATE UNLOGGED TABLE n5 (CONSTRAINT c NOT NULL a, a int)"),
    Row(18, "NOT NULL of a table", "CREATE TABLE n6 (a numeric(4, 2), NOT NULL a NO INHERIT)"),
    Row(18, "NOT NULL of a table", #"CREATE TEMP TABLE n7 (NOT NULL "A", "A" int NOT NULL)"#),
    Row(18, "ADD NOT NULL of a table", "ALTER TABLE n1 ADD b int, ADD NOT NULL b"),
    Row(18, "ANALYZE ONLY", "ANALYZE ONLY t"), Row(18, "VACUUM ONLY", "VACUUM ONLY t"),
    Row(18, "ON LARGE OBJECTS", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO x"),
    Row(18, "a generated column that is not STORED", "CREATE TABLE v1 (a int, b int GENERATED ALWAYS AS (a) VIRTUAL)"),
    Row(18, "a generated column that is not STORED", "CREATE TABLE v2 (a int, b int GENERATED ALWAYS AS (a))"),
    Row(18, "ARRAY_REVERSE", "SELECT array_reverse(ARRAY[1, 2])"),
    Row(18, "ARRAY_SORT", "SELECT array_sort(ARRAY[2, 1])"),
    Row(18, "CASEFOLD", #"SELECT casefold('A' COLLATE "C")"#), Row(18, "CRC32", "SELECT crc32('a'::bytea)"),
    Row(18, "CRC32C", "SELECT crc32c('a'::bytea)"), Row(18, "GAMMA", "SELECT gamma(5)"),
    Row(18, "LGAMMA", "SELECT lgamma(5)"), Row(18, "UUIDV4", "SELECT uuidv4()"), Row(18, "UUIDV7", "SELECT uuidv7()"),
  ]

  /// What all of these servers take, though it looks like a row.
  static let old = [
    "SELECT 1 IS DISTINCT FROM (SELECT 1)", "SELECT extract(year FROM (SELECT now()))",
    "SELECT substring('abc' FROM (SELECT 2) FOR 1)", "SELECT trim(FROM (SELECT ' a '))", "SELECT * FROM (SELECT 1) x",
    "SELECT * FROM (SELECT 1) AS x (c), (VALUES (1)) y WHERE c = 1", "SELECT * FROM (t JOIN p ON a = id)",
    "ALTER TABLE t ALTER b SET STORAGE PLAIN", "GRANT x TO y WITH ADMIN OPTION",
    "CREATE TABLE o1 (a int CONSTRAINT c NOT NULL, b int CONSTRAINT d NOT NULL)", "SELECT 1 AS period, 2 AS maintain",
    "CREATE TABLE o2 (storage text, period int, system int)", "ALTER TABLE t ALTER a SET STATISTICS 100",
    "CREATE TABLE o3 (a int, b int GENERATED ALWAYS AS (a * 2) STORED)", "VACUUM (ANALYZE) t", "ANALYZE t",
    "CREATE STATISTICS o4 ON a, b FROM t", "SELECT 'RETURNING old.a', $$IS JSON$$", "EXPLAIN (COSTS OFF) SELECT 1",
    "EXPLAIN (SELECT 1, memory FROM (SELECT 1 AS memory) AS m)",
    "WITH set AS (SELECT 1 AS c) SELECT c FROM set", "SELECT \"system_user\" FROM (SELECT 1 AS \"system_user\") x",
    "GRANT SELECT ON t TO x WITH GRANT OPTION", "SELECT now() AT TIME ZONE 'UTC'",
    "SELECT count(*) enforced FROM t", "SELECT 1 FROM (SELECT true AS enforced) s WHERE NOT enforced",
    "EXPLAIN (COSTS OFF) SELECT 1 FROM (SELECT 1 AS a, 2 AS memory) x WHERE (1, memory) = (1, 2)", "SELECT random()",
    "ALTER TABLE t SET ACCESS METHOD heap", "CREATE PUBLICATION q FOR TABLE t (a) WHERE (a > 1)",
    "CREATE TABLE o13 (a numeric(4, 2) CONSTRAINT c NOT NULL, b int NOT NULL, add int, CHECK (a IS NOT NULL))",
    "CREATE TABLE o14 AS (SELECT 1 AS a, NOT NULL AS b)", "CREATE TABLE o15 AS SELECT coalesce(true, NOT NULL)",
    "ALTER TABLE t ADD c int DEFAULT 1 NOT NULL, ALTER b DROP NOT NULL",
    "CREATE DOMAIN o16 AS int CONSTRAINT c NOT NULL",
    "SELECT json_object('{a, 1}')", "SELECT json_object(ARRAY['a', 'b']::text[])",
    "SELECT json_object((ARRAY['a', 'b', 'c'])[1:2]), json_object(ARRAY['a'], ARRAY['1'])",
    "SELECT json_object(value), json_object(key, value) FROM (SELECT ARRAY['a', 'b'] AS key, ARRAY['c', 'd'] AS value) x",
    "SELECT xmlserialize(CONTENT NULL::xml AS text), 1 AS indent",
    "SELECT regexp_like('a', 'a'), regexp_count('a', 'a'), regexp_instr('a', 'a'), regexp_substr('a', 'a')",
    "CREATE TABLE o6 (a text COMPRESSION pglz)", "CREATE STATISTICS o7 ON (a + 1) FROM t",
    "CREATE FUNCTION o8() RETURNS int RETURN 1", "CREATE FUNCTION o9() RETURNS int BEGIN ATOMIC SELECT 1; END",
    "REINDEX (CONCURRENTLY) TABLE t",
    "CREATE TABLE maintain (a int); SELECT 1 FROM t JOIN maintain ON t.a = maintain.a",
  ]

  /// What servers of version 12 take as well, where it cannot be tried.
  static let oldest = [
    "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO x", "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM x",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO x",
    "CREATE STATISTICS o10 (ndistinct) ON a, b FROM t", "CREATE PUBLICATION q1 FOR TABLE t WITH (publish = 'insert')",
    "CREATE PUBLICATION q2 FOR TABLE t, p; ALTER PUBLICATION q2 SET (publish = 'insert')",
    "CREATE OR REPLACE FUNCTION o11(return int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE o12 (compression text); UPDATE o12 SET compression = 'lz4'", "SELECT random() WHERE true",
    "WITH ties AS (SELECT 1 AS c) SELECT c FROM ties", "CREATE TABLE o5 (security_invoker bool)",
  ]

  private static func all(in sql: String, for version: Int) -> [NewerSyntax] {
    NewerSyntax.all(in: ScriptStatement.check(sql, isTransaction: false).statements, for: version)
  }

  @Test(arguments: PostgresInstallation.all)
  func aRowIsRightForEveryServer(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    defer { server.stop() }
    let connection = try server.connect()
    try connection.execute(
      """
      CREATE TABLE t (a int, b text); CREATE TABLE p (id int PRIMARY KEY); CREATE ROLE x; CREATE ROLE y;
      CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
      CREATE TABLE n1 (a int); CREATE TABLE n2 (a int); CREATE TABLE n3 (a int)
      """)
    /// The server's error; nil where it takes the statements.
    func refusal(_ sql: String) -> PostgresError? {
      do throws(PostgresError) {
        _ = try connection.execute(sql)
        return nil
      } catch { return error }
    }
    for row in Self.rows {
      let isOlder = installation.majorVersion < row.version
      let found = Self.all(in: row.sql, for: installation.majorVersion)
      let isFound = found.contains { $0.name == row.name && $0.version == row.version }
      #expect(isFound == isOlder, "\(row.sql): \(found)")
      let error = refusal(row.sql)
      #expect((error != nil) == isOlder, "\(row.sql): \(error?.description ?? "taken")")
    }
    for sql in Self.old + Self.oldest {
      let version = Self.oldest.contains(sql) ? 12 : 15
      #expect(Self.all(in: sql, for: version) == [], "\(sql)")
      let error = refusal(sql)
      #expect(error == nil, "\(sql): \(error?.description ?? "")")
    }
  }

  @Test func everyEntryFrom16OnHasARow() {
    let constructs = NewerSyntax.constructs.values.flatMap(\.self).filter { $0.version > 15 }
    let names =
      constructs.map { NewerSyntax.name($0.words) }
      + NewerSyntax.functions.filter { $0.value > 15 }.keys.map { $0.uppercased() }
      + NewerSyntax.options.flatMap { command, options in
        options.filter { $0.value > 15 }.keys.map { NewerSyntax.name([command, "(", $0]) }
      }
    #expect(Set(names).subtracting(Self.rows.map(\.name)) == [])
  }

  /// The position is that of the parser's error.
  @Test(arguments: [
    ("CREATE FUNCTION json_value(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'", 27, 16),
    ("CREATE FUNCTION json_value (a text) RETURNS int LANGUAGE sql AS 'SELECT 1'", 28, 16),
    ("CREATE FUNCTION json_object(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'", 28, 15),
    ("CREATE TABLE t (system_user text)", 17, 15), ("SELECT 1 AS ü, System_User.a FROM t", 16, 15),
  ])
  func aKeywordThatIsNewerMayExplainAnErrorOfTheParser(sql: String, position: Int, newest: Int) {
    #expect(NewerKeyword.mayExplain(errorAt: position, in: sql, for: newest))
    #expect(!NewerKeyword.mayExplain(errorAt: position, in: sql, for: newest + 1))
    for other in [1, 1000] { #expect(!NewerKeyword.mayExplain(errorAt: other, in: sql, for: newest)) }
  }
}
