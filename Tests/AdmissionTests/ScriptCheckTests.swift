import Admission
import JSONBytes
import KubernetesAPI
import PostgresParser
import Testing

/// A Deployment with this as its only script.
private func scripted(_ sql: String, image: String = "postgres:15", more: String = "") throws -> JSONValue {
  var writer = JSONWriter()
  let indented = sql.split(separator: "\n", omittingEmptySubsequences: false).map { "        \($0)" }
  writer.string(
    "- name: orders\n  owner: shop\n  scripts:\n    - name: one\n      sql: |\n\(indented.joined(separator: "\n"))\n\(more)"
  )
  let text = String(decoding: writer.bytes, as: UTF8.self)
  return try deployment(annotations: #"{"postern.io/users":"shop","postern.io/databases":\#(text)}"#)
    .adding("/spec/template/spec/containers/0/image", #""\#(image)""#)
}

private let field = "metadata.annotations[postern.io/databases][0].scripts[0].sql"

@Suite struct ScriptCheckTests {
  /// As the server ends a comment, and libpq counts where it shows an error. YAML makes a line feed of each, a Secret does not.
  @Test(arguments: [
    ("SELECT 1;\r  DROP DATABASE x", "line 2: drops a database"),
    ("SELECT 1;\r\n-- ü\r\n  DROP DATABASE x", "line 3: drops a database"),
    ("-- a\n\r\r\nDROP DATABASE x", "line 4: drops a database"),
    ("SELECT 1;\r\\copy t FROM 'x'", "line 2, column 1: holds a command of psql"),
    ("SELECT\r\n\r1" + String(repeating: "+", count: 65), "line 3: more than 64"),
  ])
  func aLineEndsAtLineFeedCarriageReturnOrBoth(sql: String, message: String) {
    #expect(scriptRefusals(sql, isTransaction: true).first?.contains(message) == true)
  }

  /// What YAML has folded into one line is recorded as run, and is not run when it is mended.
  @Test(arguments: [
    "-- the table create table t(a int);", "  ;;  ", "/* nothing */", "-- one\n-- two\n", "/* a */ ; -- b",
  ])
  func aScriptWithoutAStatementIsRefused(sql: String) throws {
    let reply = try post(scripted(sql), .validate)
    #expect(reply.fields == [field])
    #expect(
      reply.causes.first?.message.contains(#"script "one" holds no statement, only comments; where YAML folds"#) == true
    )
    // A file of others may hold nothing yet.
    #expect(scriptRefusals(sql, isTransaction: true) == [])
  }

  @Test(arguments: [
    ("create table t(a int); -- the table insert into t values (1);", true), ("select 1; -- one; two", true),
    ("select 1; -- one", false), ("select 1 -- ends here\n; select 2 -- a; b\n;", false), ("select '-- a; b'", false),
    ("select 1; /* a; b */", false), ("select $$ -- a; $$", false), ("select 1;\n-- insert into t values (1);", false),
  ])
  func statementsBehindACommentInTheOnlyLineAreToldOf(sql: String, isTold: Bool) throws {
    let reply = try post(scripted(sql), .validate)
    #expect(reply.isAllowed)
    let isSaid = reply.warnings.contains {
      $0.contains("is one line, and the statements behind -- in it are a comment")
    }
    #expect(isSaid == isTold, "\(reply.warnings)")
  }

  @Test(arguments: [
    ("CREATE TABEL t ()", #"script "one", line 1, column 8: syntax error at or near "TABEL""#),
    (
      "ALTER ROLE shop CONNECTION LIMIT :most",
      #"script "one", line 1, column 34: syntax error at or near ":": psql alone puts variables in; write the value"#
    ),
    (
      "INSERT INTO t VALUES (:'name')",
      #"script "one", line 1, column 23: syntax error at or near ":": psql alone puts variables in; write the value"#
    ),
    ("\u{FEFF}SELECT 1", #"script "one" begins with a byte order mark"#),
    ("SELECT 1;\n-- ü\nSELECT 'ü' FORM t;", #"script "one", line 3, column 17: syntax error at or near "t""#),
    ("SELECT 1;\n\\copy t FROM 'x'", #"script "one", line 2, column 1: holds a command of psql"#),
    ("BEGIN;\nSELECT 1;\nCOMMIT", #"script "one", line 1, column 1: begins or ends a transaction"#),
    ("SELECT 1;\n  DROP DATABASE x", #"script "one", line 2: drops a database"#),
    ("DROP ROLE IF EXISTS shop", #"script "one", line 1: drops a role"#), ("drop user shop", "drops a role"),
    ("DROP OWNED BY shop", "drops all that a role owns"),
    ("ALTER SYSTEM SET work_mem = '1GB'", "changes the whole server's settings"),
    ("COPY t FROM PROGRAM 'curl http://x'", "runs a program on the server"),
    ("COPY (SELECT 1) TO PROGRAM 'sh'", "runs a program on the server"),
    ("CREATE ROLE x WITH LOGIN SUPERUSER", "gives a role SUPERUSER"),
    ("ALTER USER shop CREATEROLE", "gives a role CREATEROLE"),
    ("CREATE ROLE \"x\" SUPERUSER", "gives a role SUPERUSER"),
    ("ALTER ROLE _x SUPERUSER", "gives a role SUPERUSER"), ("ALTER ROLE éa CREATEDB", "gives a role CREATEDB"),
    ("CREATE ROLE superuser IN ROLE replication BYPASSRLS", "gives a role BYPASSRLS"),
    ("CREATE ROLE admin SUPERUSER", "gives a role SUPERUSER"), ("ALTER ROLE admin CREATEDB", "gives a role CREATEDB"),
    ("CREATE USER mapping REPLICATION", "gives a role REPLICATION"), ("DROP USER mapping", "drops a role"),
    ("CREATE ROLE x ROLE a, superuser CREATEROLE", "gives a role CREATEROLE"),
    ("VACUUM t", "line 1: cannot run in a transaction; let the script say `transaction: false`"),
    ("SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "line 2: cannot run in a transaction"),
    ("DROP INDEX CONCURRENTLY i", "cannot run in a transaction"), ("DISCARD ALL", "cannot run in a transaction"),
    ("CREATE DATABASE x", "makes a database"), ("CREATE TABLESPACE x LOCATION '/x'", "changes tablespaces"),
    ("REINDEX TABLE CONCURRENTLY t", "cannot run in a"), ("REINDEX (CONCURRENTLY) INDEX i", "cannot run in a"),
    ("REINDEX (CONCURRENTLY TRUE, VERBOSE) TABLE t", "cannot run in a"),
    ("REINDEX (VERBOSE, CONCURRENTLY 'on') INDEX i", "cannot run in a"),
    ("REINDEX (VERBOSE OFF, CONCURRENTLY 1) INDEX i", "cannot run in a"),
    ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", "cannot run in a"),
    ("ALTER SUBSCRIPTION s SET PUBLICATION p WITH (copy_data = false)", "cannot run in a"),
    ("REINDEX (VERBOSE) SCHEMA s", "cannot run in a"),
    ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", "cannot run in a transaction"),
  ])
  func aScriptThatCannotOrMustNotRunIsRefusedWithItsPlace(sql: String, message: String) throws {
    let reply = try post(scripted(sql), .validate)
    #expect(reply.fields == [field])
    #expect(reply.causes.first?.message.contains(message) == true, "\(reply.causes)")
  }

  @Test(arguments: [
    "CREATE TABLE \"drop database\" (note text DEFAULT 'ALTER SYSTEM'); -- DROP ROLE x",
    "DROP USER MAPPING FOR shop SERVER s", "DROP USER MAPPING IF EXISTS FOR createdb SERVER s",
    "CREATE USER MAPPING FOR replication SERVER s", "CREATE USER MAPPING IF NOT EXISTS FOR superuser SERVER s",
    "ALTER USER MAPPING FOR bypassrls SERVER s OPTIONS (SET user 'x')",
    "CREATE USER MAPPING FOR x SERVER superuser OPTIONS (user 'createrole')",
    "ALTER ROLE shop IN DATABASE createdb SET search_path = public",
    "ALTER USER shop PASSWORD 'superuser'",
    "REINDEX (CONCURRENTLY FALSE) INDEX i", "REINDEX (CONCURRENTLY 'off', VERBOSE) TABLE t",
    "REINDEX (VERBOSE) TABLE t",
    "REINDEX INDEX \"concurrently\"", "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
    "ALTER SUBSCRIPTION s DISABLE",
    "CREATE USER MAPPING FOR shop SERVER s", "SET SESSION AUTHORIZATION DEFAULT", "CREATE PUBLICATION p FOR TABLE t",
    "DO $$ BEGIN DELETE FROM t; END $$", "DO $$ BEGIN RAISE NOTICE 'create role x'; END $$",
    "DO $$ BEGIN -- CREATE ROLE x\n PERFORM 'then create role'; END $$",
    "DO 'BEGIN RAISE NOTICE ''; CREATE ROLE x''; END'",
    "DO $$ BEGIN CREATE USER MAPPING FOR shop SERVER s; CREATE TABLE role (a int); END $$", "DO E'CREATE ROLE x'",
    "DO $$ my $r = 'then'; create role $$ LANGUAGE plperl",
    "DO $$ BEGIN EXECUTE x; EXECUTE 'SELECT 1; CREATE ROLE x'; END $$",
    "DO $$ BEGIN EXECUTE '; EXECUTE format(; END $$",
    "DELETE FROM t WHERE id = 1", "ALTER ROLE shop IN DATABASE orders SET search_path = replication, public",
    "ALTER USER shop SET search_path = superuser", "DISCARD TEMP",
    "CREATE INDEX i ON t (a)",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REINDEX TABLE t", "DROP INDEX \"concurrently\"",
    // What an owner may, and a dump holds (each tried on 15 to 18).
    "ALTER TABLE public.t OWNER TO shop", "ALTER SCHEMA s OWNER TO \"shop\"", "ALTER VIEW v OWNER TO CURRENT_USER",
    "ALTER SCHEMA public OWNER TO pg_database_owner", "ALTER TABLE t RENAME owner TO other", "SET ROLE shop",
    "SET role TO shop", "SET LOCAL role TO DEFAULT", "SET role = 'shop'", "SET SESSION AUTHORIZATION shop",
    "SET SESSION AUTHORIZATION 'shop'",
    "ALTER TABLE t RENAME COLUMN owner TO other", "SET ROLE NONE", "SET LOCAL work_mem = '1GB'", "RESET ROLE",
    "CREATE SCHEMA s AUTHORIZATION shop", "ALTER DEFAULT PRIVILEGES FOR ROLE shop GRANT SELECT ON TABLES TO report",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO report", "GRANT SELECT (a), UPDATE ON t TO report",
    "REVOKE GRANT OPTION FOR SELECT ON t FROM report", "GRANT CREATE ON DATABASE orders TO report",
    "CREATE EXTENSION pgcrypto", "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA public",
    "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog", "DROP EXTENSION IF EXISTS pgcrypto",
    "COMMENT ON EXTENSION pgcrypto IS 'x'", "COMMENT ON DATABASE orders IS 'x'", "COMMENT ON COLUMN t.role IS 'x'",
    "ALTER DATABASE orders SET search_path = shop", "ALTER DATABASE orders CONNECTION LIMIT 5",
    "ALTER ROLE shop SET work_mem = '1MB'", "ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql NOT LEAKPROOF AS 'SELECT 1'", "CREATE TYPE t AS ENUM ('a')",
    "CREATE OR REPLACE FUNCTION f(language text) RETURNS int LANGUAGE plpgsql AS 'BEGIN END'", "DO LANGUAGE plpgsql ''",
    "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", "CREATE CAST (d AS text) WITH INOUT",
    "CREATE AGGREGATE a (int) (SFUNC = int4pl, STYPE = int)", "CREATE OPERATOR === (FUNCTION = int4eq)",
    "ALTER TABLE t DISABLE TRIGGER USER", "ALTER PUBLICATION p DROP TABLES IN SCHEMA s", "CLUSTER t USING i",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET TIME ZONE 'UTC'", "SET row_security = off",
    "CREATE OR REPLACE PROCEDURAL LANGUAGE plpgsql",
    "SELECT pg_catalog.set_config('search_path', '', false)", "SET default_table_access_method = heap",
    "UPDATE t SET pg_class = 1", "INSERT INTO shop.pg_class VALUES (1)", "CREATE LANGUAGE plperl",
  ])
  func whatOnlyLooksDangerousIsNot(sql: String) throws {
    let reply = try post(scripted(sql), .validate)
    #expect(reply.isAllowed, "\(reply.causes)")
    #expect(reply.warnings == [])
  }

  /// What the owner of a database may not do is told at apply, and not by the sidecar when it has failed.
  @Test(arguments: [
    ("CREATE ROLE x NOSUPERUSER", "makes a role, which the owner may not: declare it in postern.io/users", true),
    ("CREATE ROLE replication NOLOGIN", "makes a role", true), ("CREATE ROLE x IN ROLE createdb", "makes a role", true),
    ("CREATE ROLE createdb ROLE a, superuser ADMIN b, replication", "makes a role", true),
    ("ALTER GROUP g ADD USER createdb, superuser", "changes another role", true),
    ("COMMENT ON ROLE superuser IS 'x'", "comments on a role", true),
    ("CREATE USER y PASSWORD 'hunter2'", "makes a role", true),
    (
      "CREATE DATABASE x OWNER shop", "makes a database, which the owner may not: declare it in postern.io/databases",
      false
    ),
    ("CREATE TABLESPACE t LOCATION '/x'", "changes tablespaces, which a superuser alone may", false),
    ("DROP TABLESPACE t", "changes tablespaces", false),
    ("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", "makes an event trigger", true),
    ("CREATE PUBLICATION p FOR ALL TABLES", "publishes all tables", true),
    ("SET SESSION AUTHORIZATION 'postgres'", "becomes another user", true),
    ("SET LOCAL SESSION AUTHORIZATION other", "becomes another user", true),
    ("SET role TO other", "acts for \"other\", of whom the owner is no member", true),
    ("SET ROLE other", "acts for \"other\", of whom the owner is no member", true),
    ("SET SESSION ROLE postgres", "acts for \"postgres\"", true),
    (
      "ALTER DEFAULT PRIVILEGES IN SCHEMA s FOR ROLE shop, other GRANT SELECT ON TABLES TO shop", "acts for \"other\"",
      true
    ),
    ("CREATE SCHEMA IF NOT EXISTS s AUTHORIZATION other", "acts for \"other\"", true),
    ("REASSIGN OWNED BY shop TO postgres", "acts for \"postgres\"", true),
    ("ALTER TABLE ONLY public.t OWNER TO postgres", "makes \"postgres\" an owner", true),
    ("ALTER FUNCTION f(a int, b text) OWNER TO \"Other\"", "makes \"Other\" an owner", true),
    ("ALTER DATABASE orders OWNER TO other", "makes \"other\" an owner", true),
    ("GRANT other TO shop", "grants a role, which the owner may not: declare `memberOf`", true),
    ("GRANT \"a\", b TO shop WITH ADMIN OPTION", "grants a role", true),
    ("REVOKE ADMIN OPTION FOR other FROM shop", "takes a role", true),
    ("GRANT SET ON PARAMETER log_statement TO shop", "grants a setting", true),
    ("GRANT USAGE ON FOREIGN DATA WRAPPER w TO shop", "grants a foreign-data wrapper", true),
    ("ALTER ROLE other PASSWORD 'hunter2'", "changes another role", true),
    ("ALTER ROLE ALL SET work_mem = 1", "changes another role", true),
    ("ALTER ROLE shop CONNECTION LIMIT 5", "changes what the owner's role may", true),
    ("ALTER ROLE shop RENAME TO superuser", "renames the role that runs it", true),
    ("COMMENT ON ROLE shop IS 'x'", "comments on a role", true),
    ("ALTER DATABASE orders RENAME TO x", "renames a database", true),
    ("ALTER DATABASE orders SET TABLESPACE t", "cannot run in a transaction", false),
    ("COPY program FROM '/tmp/x'", "reads or writes a file of the server", true),
    ("COPY s.t (a) TO '/tmp/x' WITH (FORMAT csv)", "reads or writes a file", true),
    ("COPY (SELECT 1) TO '/tmp/x'", "reads or writes a file", true),
    ("LOAD 'age'", "loads a library", true), ("CHECKPOINT", "makes a checkpoint", true),
    ("CREATE EXTENSION IF NOT EXISTS vector", "makes an extension that takes a superuser", true),
    ("CREATE EXTENSION \"postgres_fdw\"", "makes an extension", true),
    ("CREATE EXTENSION hstore", "makes an extension that is declared", true),
    ("CREATE EXTENSION plpgsql", "makes plpgsql, which is there already: take it out", true),
    ("CREATE PROCEDURAL LANGUAGE plpgsql", "makes plpgsql, which is there already", true),
    ("COMMENT ON EXTENSION plpgsql IS 'x'", "an extension, which is the superuser's", true),
    ("ALTER EXTENSION hstore UPDATE", "an extension, which is the superuser's", true),
    ("DROP EXTENSION IF EXISTS postgis CASCADE", "an extension, which is the superuser's", true),
    ("CREATE LANGUAGE plpython3u", "makes a language", true),
    ("CREATE TRUSTED LANGUAGE l HANDLER h", "makes a language", true),
    ("CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE c STRICT", "holds code in c,", true),
    ("DO LANGUAGE plpython3u 'x'", "holds code in plpython3u", true),
    (
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'x') THEN CREATE ROLE x PASSWORD 'hunter2'; END IF; END $$",
      "makes a role", true
    ),
    ("DO 'BEGIN PERFORM ''a''; CREATE USER \"x\"; END' LANGUAGE plpgsql", "makes a role", true),
    ("DO LANGUAGE plpgsql $a$ DECLARE x int; -- CREATE\nBEGIN CREATE DATABASE x; END $a$", "makes a database", true),
    ("DO $$ BEGIN FOR x IN 1..2 LOOP CREATE GROUP g; END LOOP; END $$", "makes a role", true),
    (
      "DO $$ BEGIN NULL; EXCEPTION WHEN OTHERS THEN ALTER SYSTEM SET a = 1; END $$", "changes the server's settings",
      true
    ),
    ("DO $$ BEGIN EXECUTE 'ALTER SYSTEM SET work_mem = ' || 1; END $$", "changes the server's settings", true),
    ("DO $$ BEGIN EXECUTE format('CREATE ROLE %I PASSWORD ''hunter2'' ', x); END $$", "makes a role", true),
    ("DO $$ BEGIN IF a THEN NULL; ELSE EXECUTE $b$CREATE ROLE x$b$; END IF; END $$", "makes a role", true),
    (
      "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'", "calls a function leakproof",
      true
    ),
    ("ALTER FUNCTION f() LEAKPROOF", "calls a function leakproof", true),
    ("CREATE FOREIGN DATA WRAPPER w", "foreign-data wrapper", true),
    ("CREATE SERVER s FOREIGN DATA WRAPPER w", "takes USAGE on its wrapper", true),
    ("CREATE ACCESS METHOD a TYPE INDEX HANDLER bthandler", "makes an access method", true),
    ("CREATE OPERATOR FAMILY f USING btree", "makes an operator family", true),
    ("CREATE TYPE s.t (INPUT = int4in, OUTPUT = int4out)", "makes a base type", true),
    ("CREATE TEXT SEARCH TEMPLATE p (LEXIZE = dsimple_lexize)", "makes a text search template", true),
    ("CREATE CAST (int AS t) WITHOUT FUNCTION", "makes a cast without a function", true),
    ("CREATE PUBLICATION p FOR TABLES IN SCHEMA s", "publishes whole schemas", true),
    ("ALTER PUBLICATION p ADD TABLES IN SCHEMA s", "publishes whole schemas", true),
    ("CREATE SUBSCRIPTION s CONNECTION 'host=x password=hunter2' PUBLICATION p", "makes a subscription", false),
    ("CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false)", "makes a subscription", true),
    ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = 'off')", "makes a subscription", true),
    ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (enabled = false)", "makes a subscription", false),
    ("SET session_replication_role = replica", "sets session_replication_role, which a superuser alone may", true),
    ("SET LOCAL log_statement TO 'all'", "sets log_statement", true),
    ("ALTER DATABASE orders SET lc_messages = 'C'", "sets lc_messages", true),
    ("ALTER ROLE shop IN DATABASE orders SET log_statement = 'all'", "sets log_statement", true),
    ("SET max_connections = 500", "sets max_connections, which no session can", true),
    ("ALTER TABLE t DISABLE TRIGGER ALL", "switches foreign keys' triggers, if any", true),
    ("UPDATE ONLY pg_catalog.pg_database SET datallowconn = false", "writes to the server's catalog", true),
    ("DELETE FROM pg_enum WHERE enumlabel = 'a'", "writes to the server's catalog", true),
  ])
  func whatAnOwnerMayNotIsTold(sql: String, message: String, runsInTransaction: Bool) throws {
    let extensions = "  extensions: [hstore]\n"
    let reply = try post(scripted(sql, more: extensions), .validate)
    #expect(reply.isAllowed == runsInTransaction)
    #expect((reply.warnings + reply.causes.map(\.message)).contains { $0.contains(message) }, "\(reply.warnings)")
    #expect(!reply.root.text.contains("hunter2"))
    // An owner from before may have the right.
    let alone = try post(scripted(sql, more: "      transaction: false\n" + extensions), .validate)
    let isOfTransactions = message.contains("transaction")
    #expect(alone.isAllowed && alone.warnings.count == (isOfTransactions ? 0 : 1), "\(alone.causes) \(alone.warnings)")
    #expect(isOfTransactions || alone.warnings.first?.contains(message) == true, "\(alone.warnings)")
  }

  /// A user who is declared is there before scripts run, so that nothing is made where it is asked for first.
  @Test func whatMakesADeclaredUserOnlyWhereItIsMissingIsNotTold() throws {
    for (role, isTold) in [("shop", false), (#""shop""#, false), ("x", true)] {
      let reply = try post(
        scripted("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN CREATE ROLE \(role); END IF; END $$"), .validate
      )
      #expect(reply.warnings.contains { $0.contains("makes a role") } == isTold, "\(reply.warnings)")
    }
  }

  /// What a user is declared a member of, it may act for.
  @Test(arguments: [
    "SET ROLE report", "ALTER TABLE t OWNER TO \"all\"", "CHECKPOINT", "CREATE SCHEMA s AUTHORIZATION report",
  ])
  func whatTheOwnerIsAMemberOfIsNotTold(sql: String) throws {
    let users = "- {name: shop, memberOf: [report, pg_checkpoint]}\\n- {name: report, memberOf: [all]}\\n- name: all\\n"
    let databases = "- {name: orders, owner: shop, scripts: [{name: one, sql: '\(sql.replacing("\"", with: "\\\""))'}]}"
    let reply = try post(
      deployment(annotations: #"{"postern.io/users":"\#(users)","postern.io/databases":"\#(databases)"}"#), .validate)
    #expect(reply.isAllowed && !reply.warnings.contains { $0.contains("script") }, "\(reply.causes) \(reply.warnings)")
  }

  /// Any other role that is not declared may be on the server.
  @Test(
    arguments: [
      ("GRANT SELECT ON t TO gone", "names \"gone\", who is declared absent: take it out"),
      ("GRANT SELECT, UPDATE (a) ON t TO other, gone WITH GRANT OPTION", "names \"gone\""),
      ("REVOKE ALL ON SCHEMA s FROM \"gone\" CASCADE", "names \"gone\""),
      ("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO store", "names \"store\", who is \"shop\" by"),
      ("ALTER DEFAULT PRIVILEGES FOR ROLE shop REVOKE SELECT ON TABLES FROM store", "write the new name"),
      ("GRANT SELECT ON gone TO report", nil), ("GRANT SELECT ON t TO \"Gone\", pg_monitor, public", nil),
      ("ALTER TABLE gone RENAME COLUMN store TO gone", nil),
    ] as [(String, String?)])
  func aGranteeWhoIsNotThereIsTold(sql: String, message: String?) throws {
    let users = "- {name: shop, renamedFrom: store}\\n- {name: gone, ensure: absent}"
    let databases = "- {name: orders, owner: shop, scripts: [{name: one, sql: '\(sql.replacing("\"", with: "\\\""))'}]}"
    let reply = try post(
      deployment(annotations: #"{"postern.io/users":"\#(users)","postern.io/databases":"\#(databases)"}"#), .validate)
    let warning = reply.warnings.first { $0.contains("script") }
    #expect(reply.isAllowed && (warning == nil) == (message == nil), "\(reply.causes) \(reply.warnings)")
    if let message { #expect(warning?.contains(message) == true, "\(reply.warnings)") }
  }

  /// What one owner may says nothing of the next database's.
  @Test func everyDatabaseHasAnOwnerOfItsOwn() throws {
    let scripts = "scripts: [{name: one, sql: SET ROLE report}, {name: two, sql: SET ROLE report}]"
    let databases =
      "- {name: a, owner: shop, \(scripts)}\\n- {name: b, owner: report, \(scripts)}\\n- {name: c, owner: shop, \(scripts)}"
    let reply = try post(
      deployment(
        annotations: #"{"postern.io/users":"shop, report, other","postern.io/databases":"\#(databases)"}"#),
      .validate)
    #expect(reply.isAllowed && reply.warnings.count { $0.contains("acts for \"report\"") } == 4, "\(reply.warnings)")
  }

  /// Otherwise this takes minutes.
  @Test func membershipsAndExtensionsAreLookedUpAndNotSearchedForEachStatement() throws {
    let names = (0..<4000).map { "u\($0)" }.joined(separator: ",")
    let sql = String(repeating: "SET ROLE u3999; CREATE EXTENSION IF NOT EXISTS u3999;", count: 3000)
    let users = "[{name: shop, memberOf: [\(names)]},\(names)]"
    let databases = "[{name: a, owner: shop, extensions: [\(names)], scripts: [{name: one, sql: '\(sql)'}]}]"
    let reply = try post(
      deployment(annotations: #"{"postern.io/users":"\#(users)","postern.io/databases":"\#(databases)"}"#), .validate)
    #expect(reply.isAllowed && !reply.warnings.contains { $0.contains("script") }, "\(reply.warnings.first ?? "")")
  }

  /// PostgreSQL 12 lets a superuser alone make any extension.
  @Test func noExtensionIsTrustedBefore13() throws {
    for (version, isTold) in [(12, true), (13, false)] {
      let reply = try post(scripted("CREATE EXTENSION pgcrypto", image: "postgres:\(version)"), .validate)
      #expect(reply.isAllowed && reply.warnings.isEmpty != isTold, "\(reply.warnings)")
    }
  }

  @Test func whatADumpSaysOfEachTableIsToldOnce() throws {
    let sql = (1...300).map { "ALTER TABLE public.t\($0) OWNER TO postgres;" }.joined(separator: "\n") + "\nTRUNCATE t"
    #expect(
      try post(scripted(sql), .validate).warnings.map { String($0.prefix(70)) } == [
        #"postern: script "one", line 1 (and 299 more) makes "postgres" an owner"#,
        #"postern: script "one", line 301 empties a table"#,
      ])
  }

  @Test(arguments: [
    ("DROP TABLE t", #"postern: script "one", line 1 drops a table and what is in it"#),
    ("SELECT 1;\nTRUNCATE t", #"postern: script "one", line 2 empties a table"#),
    ("DELETE FROM t", #"postern: script "one", line 1 deletes every row of a table"#),
  ])
  func whatEndsRowsIsWarnedOf(sql: String, warning: String) throws {
    let reply = try post(scripted(sql), .validate)
    #expect(reply.isAllowed)
    #expect(reply.warnings == [warning])
  }

  @Test(arguments: [
    "postgres:17.4-alpine", "timescale/timescaledb:2.17.2-pg16", "postgres", "postgres:latest", "postgres@sha256:00",
  ])
  func whatANewerServerMayTakeIsOnlyWarnedOf(image: String) throws {
    let reply = try post(scripted("SELECT 1 FROM WHERE", image: image), .validate)
    #expect(reply.isAllowed)
    #expect(
      reply.warnings == [
        #"postern: script "one", line 1, column 15: syntax error at or near "WHERE", says Postgres 15"#
      ])
  }

  @Test(arguments: [
    "postgres:15.4", "registry:5000/bitnami/postgresql:14.1.0-debian-12", "postgis/postgis:15-3.3", "x/pgvector:pg15",
  ])
  func whatTheImagesServerCannotTakeIsRefused(image: String) throws {
    #expect(try !post(scripted("SELECT 1 FROM WHERE", image: image), .validate).isAllowed)
  }

  @Test func aScriptThatAnUpdateLeavesAsItWasIsNotLookedAtAgain() throws {
    let old = try scripted("DROP TABLE t; SELEC")
    let new = try scripted("DROP TABLE t; SELEC", more: "- name: billing\n  owner: shop\n")
    let reply = try post(new, .validate, replacing: old)
    #expect(reply.isAllowed && reply.warnings == [])
    #expect(try !post(scripted("DROP TABLE t;  SELEC"), .validate, replacing: old).isAllowed)
  }

  @Test func aPodOfAWorkloadIsNotRefusedForItsTemplatesScripts() throws {
    let metadata =
      #","annotations":{"postern.io/users":"shop","postern.io/databases":"- {name: a, scripts: [{name: x, sql: SELEC}]}"}"#
    let alone = try pod(metadata: metadata).adding("/spec/containers/0/image", #""postgres:15""#)
    #expect(try !post(alone, .validate).isAllowed)
    let made = try alone.ownedByController("ReplicaSet", "x")
    #expect(try post(made, .validate).isAllowed)
    let owned = try alone.ownedByOthers()
    #expect(try !post(owned, .validate).isAllowed)
  }

  /// The text near which PostgreSQL reports an error may be a password. Then the message contains its place and not the
  /// text.
  @Test(arguments: [
    ("ALTER ROLE shop PASSWORD hunter2", "line 1, column 26: syntax error"),
    ("SELECT 1; alter user shop Encrypted Password hunter2", "line 1, column 46: syntax error"),
    ("SELECT 'hunter2", "line 1, column 8: unterminated quoted string"),
    ("SELECT $x$hunter2", "line 1, column 8: unterminated dollar-quoted string"),
    ("SELECT \"hunter2", "line 1, column 8: unterminated quoted identifier"),
    ("ALTER ROLE shop WITH 'hunter2'", "line 1, column 22: syntax error"),
    ("ALTER ROLE shop PASSWORD 'x'; SELEC 1", "line 1, column 31: syntax error at or near \"SELEC\""),
  ])
  func whatMayBeAPasswordIsNotQuoted(sql: String, message: String) throws {
    let refused = try post(scripted(sql), .validate)
    #expect(refused.causes.map(\.message) == ["script \"one\", \(message)"])
    let warned = try post(scripted(sql, image: "postgres"), .validate)
    #expect(warned.warnings == ["postern: script \"one\", \(message), says Postgres 15"])
    #expect(!(refused.root.text + warned.root.text).contains("hunter2"))
  }

  @Test(arguments: AdmissionPath.allCases)
  func aScriptIsRefusedInOneAnswerWithAllElseThatIsWrong(path: AdmissionPath) throws {
    let object = try scripted("CREATE TABEL t ()")
      .adding("/spec/template/spec/containers/-", #"{"name":"postern","image":"x"}"#)
    #expect(try post(object, path).fields.sorted() == [field, "spec.template.spec.containers[1].name"])
    let ofPod = try pod(
      metadata:
        #","annotations":\#(object["metadata"]?["annotations"].map { String(decoding: $0.bytes, as: UTF8.self) } ?? "")"#
    )
    .adding("/spec/containers/0/image", #""postgres:15""#)
    #expect(try post(ofPod, path).fields == [field])
  }

  /// Errors in the YAML do not hide errors in the SQL.
  @Test(arguments: AdmissionPath.allCases)
  func scriptsAreCheckedWhateverElseIsWrong(path: AdmissionPath) throws {
    let databases =
      "- nam: x\\n  scripts: [{name: a, sql: SELEC}]\\n- name: orders\\n  ownr: shop\\n  scripts:\\n"
      + "  - {name: b, rerun: x, sql: DROP ROLE y}\\n  - {sql: ALTER SYSTEM RESET ALL}\\n"
    let object = try deployment(
      annotations: #"{"postern.io/users":"- nam: shop","postern.io/databases":"\#(databases)"}"#
    )
    .adding("/spec/template/spec/containers/0/image", #""postgres:15""#)
    let annotation = "metadata.annotations[postern.io/databases]"
    let causes = try post(object, path).causes
    func message(_ place: String) -> String? { causes.first { $0.field == annotation + place }?.message }
    #expect(message("[0].scripts[0].sql") == "script \"a\", line 1, column 1: syntax error at or near \"SELEC\"")
    #expect(message("[1].scripts[0].sql")?.hasPrefix("script \"b\", line 1: drops a role; ") == true)
    #expect(
      message("[1].scripts[1].sql")?.hasPrefix("the script, line 1: changes the whole server's settings; ") == true)
    for place in ["[0].nam", "[1].ownr", "[1].scripts[0].rerun", "[1].scripts[1]"] {
      #expect(message(place) != nil, "\(place): \(causes)")
    }
    #expect(causes.contains { $0.field == "metadata.annotations[postern.io/users][0].nam" })
  }

  @Test func aScriptThatAnUpdateLeavesAsItWasIsNotLookedAtAgainWhateverElseWasOrIsWrong() throws {
    let (old, new) = (try scripted("SELEC", more: "- nam: x\n"), try scripted("SELEC", more: "- nam: y\n"))
    #expect(try post(new, .validate, replacing: old).fields.allSatisfy { !$0.hasSuffix("sql") })
    #expect(try post(new, .validate, replacing: scripted("SELECT 1", more: "- nam: x\n")).fields.contains(field))
  }

  /// The parser stops at the first error; the text after it is checked all the same.
  @Test func allThatIsWrongWithAScriptIsToldAtOnce() throws {
    let sql = """
      CREATE TABEL t (); SELECT 1;
      \\restrict abc
      DROP ROLE x; SELEC 1; BEGIN;
      INSERT INTO t VALUE (1);
      COPY t FROM stdin;
      1\tDROP DATABASE
      \\.
      SELECT FROM WHERE;
      """
    let places = try post(scripted(sql), .validate).causes.map { $0.message.prefix { $0 != ":" } }
    #expect(
      places == [
        "script \"one\", line 2, column 1", "script \"one\", line 3, column 23", "script \"one\", line 5, column 13",
        "script \"one\", line 1, column 8", "script \"one\", line 3, column 14", "script \"one\", line 4, column 15",
        "script \"one\", line 8, column 13", "script \"one\", line 3",
      ])
    let twice = try post(scripted("SELEC 1;\nSELECT 1; SELECT ;;\nSELEC 2"), .validate)
    #expect(
      twice.causes.map(\.message) == [
        "script \"one\", line 1, column 1: syntax error at or near \"SELEC\"",
        "script \"one\", line 3, column 1: syntax error at or near \"SELEC\"",
      ])
  }

  /// Words that became keywords later are names for an older server.
  @Test(
    .enabled(if: PostgresParser.majorVersion > 16),
    arguments: [
      ("CREATE FUNCTION json_value(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'", 16),
      ("CREATE TABLE t (system_user text)", 15),
    ])
  func aWordThatIsAKeywordOnlyLaterIsWarnedOf(sql: String, newest: Int) throws {
    let old = try post(scripted(sql, image: "postgres:\(newest)"), .validate)
    #expect(old.isAllowed && old.warnings.contains { $0.contains("syntax error") } == true, "\(old.causes)")
    #expect(try !post(scripted(sql, image: "postgres:\(newest + 1)"), .validate).isAllowed)
  }

  @Test(arguments: ["VACUUM t", "CREATE INDEX CONCURRENTLY i ON t (a)"])
  func whatNeedsNoTransactionRunsInAScriptWithout(sql: String) throws {
    let reply = try post(scripted(sql, more: "      transaction: false\n"), .validate)
    #expect(reply.isAllowed && reply.warnings == [], "\(reply.causes)")
  }

  /// Syntax that is too new for the image's server, as far as the parser accepts it.
  @Test(arguments: [
    (
      "SELECT 1;\nMERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", 14,
      "line 2: MERGE INTO needs Postgres 15"
    ),
    ("CREATE TABLE t (a int, UNIQUE NULLS NOT DISTINCT (a))", 14, "line 1: NULLS NOT DISTINCT needs Postgres 15"),
    ("CREATE VIEW v WITH (security_invoker) AS SELECT 1", 14, "line 1: WITH ( SECURITY_INVOKER needs Postgres 15"),
    (
      "CREATE OR REPLACE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", 13,
      "CREATE OR REPLACE TRIGGER needs Postgres 14"
    ),
    ("ALTER TABLE t SET ACCESS METHOD heap", 14, "SET ACCESS METHOD needs Postgres 15"),
    ("CREATE PUBLICATION p FOR TABLE t (a)", 14, "a list of columns in a publication needs Postgres 15"),
    ("ALTER PUBLICATION p ADD TABLE u, s.t (a, b)", 14, "a list of columns in a publication needs Postgres 15"),
    ("CREATE PUBLICATION p FOR TABLE ONLY t WHERE (a > 1)", 14, "WHERE of a publication needs Postgres 15"),
    ("CREATE TABLE t (a text COMPRESSION lz4)", 13, "COMPRESSION LZ4 needs Postgres 14"),
    ("ALTER TABLE t ALTER a SET COMPRESSION pglz", 13, "COMPRESSION PGLZ needs Postgres 14"),
    ("CREATE STATISTICS s ON (a+1) FROM t", 13, "an expression in CREATE STATISTICS needs Postgres 14"),
    (
      "CREATE STATISTICS IF NOT EXISTS s (mcv) ON a, lower(b) FROM t", 13,
      "an expression in CREATE STATISTICS needs Postgres 14"
    ),
    ("CREATE FUNCTION f(a int) RETURNS int RETURN a + 1", 13, "RETURN of a function needs Postgres 14"),
    (
      "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql RETURN (1)", 13, "RETURN of a function needs Postgres 14"
    ),
  ])
  func whatIsTooNewForTheServerIsRefused(sql: String, version: Int, message: String) throws {
    let old = try post(scripted(sql, image: "postgres:\(version)"), .validate)
    #expect(old.causes.count == 1 && old.causes.first?.message.contains(message) == true, "\(old.causes)")
    #expect(old.causes.first?.message.hasSuffix(", and the image is of \(version)") == true)
    let new = try post(scripted(sql, image: "postgres:\(version + 1)"), .validate)
    #expect(new.isAllowed && new.warnings == [], "\(new.causes)")
    let quoted = try post(scripted("SELECT $$ \(sql) $$", image: "postgres:\(version)"), .validate)
    #expect(quoted.isAllowed && quoted.warnings == [], "\(quoted.causes)")
  }

  @Test func whatMayBeAFunctionOfTheUsersOwnIsWarnedOf() throws {
    let reply = try post(scripted("SELECT any_value(a) FROM t", image: "postgres:14"), .validate)
    #expect(reply.isAllowed)
    #expect(reply.warnings == ["postern: script \"one\", line 1: ANY_VALUE needs Postgres 16, and the image is of 14"])
    for function in ["regexp_like", "regexp_count", "regexp_instr", "regexp_substr"] {
      let sql = "SELECT \(function)('a', 'b')"
      let older = try post(scripted(sql, image: "postgres:14"), .validate)
      let name = function.uppercased()
      #expect(
        older.warnings == ["postern: script \"one\", line 1: \(name) needs Postgres 15, and the image is of 14"])
      #expect(try post(scripted(sql, image: "postgres:15"), .validate).warnings == [])
    }
  }

  /// If a dump was pasted, the message says how to load one.
  @Test func aDumpIsToldHowItComesIn() throws {
    let reply = try post(scripted("\\restrict x\nCOPY t (a) FROM stdin;\n1\n\\.\n\\unrestrict x\n"), .validate)
    #expect(reply.causes.count == 3)
    #expect(reply.causes.allSatisfy { $0.message.contains("pg_dump --inserts writes") }, "\(reply.causes)")
  }

  @Test(arguments: ["postgres:15", "postgres:18", "postgres"])
  func whatNestsWithoutEndIsRefusedForEveryServer(image: String) throws {
    for (open, close) in [("(", ""), ("(", ")"), ("f(", ")"), ("(SELECT ", ")")] {
      let sql = "SELECT " + String(repeating: open, count: 1001) + "1" + String(repeating: close, count: 1001)
      #expect(
        try post(scripted(sql, image: image), .validate).causes.map(\.message) == [
          "script \"one\": parentheses nest deeper than 1000 levels; write it flatter"
        ])
    }
    for text in ["NOT ", "- ", "CASE WHEN "] {
      let causes = try post(scripted("SELECT " + String(repeating: text, count: 20_000) + "1", image: image), .validate)
        .causes
      #expect(causes.count == 1 && causes.first?.message.hasSuffix("nested too deep; write it flatter") == true)
    }
    let deep = "SELECT " + String(repeating: "(", count: 1000) + "1" + String(repeating: ")", count: 1000)
    #expect(try post(scripted(deep + "; SELECT ':" + String(repeating: "(", count: 5000) + "'"), .validate).isAllowed)
  }
}

/// Text for which PostgreSQL's scanner needs quadratic time is not passed to it, and the line of each of a thousand
/// errors or warnings is not counted from the script's beginning each time. Both once took minutes.
@Suite(.timeLimit(.minutes(1))) struct EndlessScriptTests {
  @Test(arguments: [("+", 150_000), ("/*", 100_000), ("+-", 100_000), ("=+", 100_000), ("/*+", 80_000)])
  func signsWithoutEndAreRefused(sign: String, count: Int) throws {
    for image in ["postgres:15", "postgres:18"] {
      let reply = try post(
        scripted("SELECT 1;\nSELECT " + String(repeating: sign, count: count), image: image), .validate)
      #expect(
        reply.causes.map(\.message) == [
          "script \"one\", line 2: more than 64 \"+\" or \"/*\" without anything between them, which is too much to check; "
            + "take some out"
        ])
    }
  }

  @Test(arguments: [
    ("-- ", "=", 1000, "\nSELECT 1"), ("/", "*", 1000, "/ SELECT 1"), ("SELECT '", "+/", 64, "'"),
    ("SELECT 1", " + 1", 10_000, ""),
    ("-- +", "-", 500, "+\nSELECT 1"),
  ])
  func bannersAndSumsAreTaken(start: String, repeated: String, count: Int, end: String) throws {
    let sql = start + String(repeating: repeated, count: count) + end
    let reply = try post(scripted(sql), .validate)
    #expect(reply.isAllowed && reply.warnings == [], "\(reply.causes)")
  }

  @Test func thousandsOfStatementsAreLookedAtOnceEach() throws {
    let refused = try post(scripted(String(repeating: "DROP ROLE x;\n", count: 1000)), .validate)
    #expect(refused.causes.count == 1000)
    #expect(refused.causes.last?.message.hasPrefix("script \"one\", line 1000: drops a role") == true)
    let warned = try post(scripted(String(repeating: "TRUNCATE x; ", count: 20_000)), .validate)
    #expect(warned.warnings == [#"postern: script "one", line 1 (and 19999 more) empties a table"#])
    let tooMany = try post(scripted(String(repeating: "TRUNCATE x; ", count: 20_001)), .validate)
    #expect(
      tooMany.causes.map(\.message) == [
        "script \"one\": 20001 statements, and one script may have 20000; make several of it"
      ])
  }
}
