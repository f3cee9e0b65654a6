import Provisioning
import Testing

@Suite struct ScriptStatementTests {
  @Test(arguments: [
    ("", []),
    (" ; ;\n", []),
    ("SELECT 1", ["SELECT 1"]),
    ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
    ("SELECT ';'';'; B", ["SELECT ';'';'", "B"]),
    ("SELECT '\\'; B", ["SELECT '\\'", "B"]),
    ("SELECT E'\\';'; B", ["SELECT E'\\';'", "B"]),
    ("SELECT E'a'\n'\\';'; B", ["SELECT E'a'\n'\\';'", "B"]),
    ("SELECT \";\"\";\"; B", ["SELECT \";\"\";\"", "B"]),
    ("SELECT $$;$$; B", ["SELECT $$;$$", "B"]),
    ("SELECT $a$;$b$;$$;$a$; B", ["SELECT $a$;$b$;$$;$a$", "B"]),
    ("SELECT $1; B$c$; D$c$", ["SELECT $1", "B$c$", "D$c$"]),
    ("SELECT 1 -- ; '\n; B", ["SELECT 1 -- ; '\n", "B"]),
    ("/* ; /* ' */ ; */ SELECT 1; B", ["SELECT 1", "B"]),
    (
      "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); B",
      [
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "B",
      ]
    ),
    (
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; B",
      [
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "B",
      ]
    ),
    ("SELECT 'never ended; B", ["SELECT 'never ended; B"]),
    ("SELECT $E'\\';'; B", ["SELECT $E'\\';'", "B"]),
    ("-- schema\rCREATE TABLE t(a text);\r-- rows\rSELECT 1", ["CREATE TABLE t(a text)", "SELECT 1"]),
    ("SELECT E'a' -- '\r-- '\n '\\';'; B", ["SELECT E'a' -- '\r-- '\n '\\';'", "B"]),
    ("SELECT E'a' '\\'; B", ["SELECT E'a' '\\'", "B"]),
    (
      "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS ''; B",
      ["CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS ''", "B"]
    ),
    (
      "CREATE PROCEDURE p() BEGIN -- x\n ATOMIC SELECT 1 AS end, a.case; SELECT CASE 1 WHEN 1 THEN 2 END end; END; B",
      [
        "CREATE PROCEDURE p() BEGIN -- x\n ATOMIC SELECT 1 AS end, a.case; SELECT CASE 1 WHEN 1 THEN 2 END end; END",
        "B",
      ]
    ),
    ("SELECT begin atomic FROM t; B", ["SELECT begin atomic FROM t", "B"]),
    ("COPY t (stdin) TO '/x'; COPY stdin FROM '/x'", ["COPY t (stdin) TO '/x'", "COPY stdin FROM '/x'"]),
    ("ROLLBACK /* x */ TRANSACTION -- y\n TO a", ["ROLLBACK /* x */ TRANSACTION -- y\n TO a"]),
    ("\u{FEFF}SELECT 1", ["SELECT 1"]),
    (
      "SAVEPOINT a; ROLLBACK TO a; ROLLBACK WORK TO SAVEPOINT a",
      [
        "SAVEPOINT a", "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a",
      ]
    ),
  ])
  func splitsAsTheServerDoes(_ script: String, _ statements: [String]) throws {
    #expect(try ScriptStatement.split(script, isTransaction: true).map(\.text) == statements)
  }

  /// What does the work of a command of psql; its name alone is enough.
  @Test(arguments: [
    ("\\c shop", "of the other one"), ("\\connect -reuse-previous=on \"dbname=a\"", "of the other one"),
    ("SELECT 'CREATE DATABASE a'\\gexec", "declare databases and users"), ("\\i a.sql", "a script of its own"),
    ("\\ir a.sql", "a script of its own"), ("\\copy t FROM a", "pg_dump --inserts"),
    ("\\restrict abc", "what pg_dump has written"), ("\\unrestrict abc\r\nSELECT 1", "what pg_dump has written"),
    ("\\set a 1", "take it out"), ("\\crosstabview", "take it out"), ("\\", "take it out"),
  ])
  func psqlsCommandsHaveAHint(_ script: String, _ hint: String) {
    let errors = ScriptStatement.check(script, isTransaction: true).errors
    #expect(errors.count == 1 && errors.first?.hint.contains(hint) == true, "\(errors)")
  }

  @Test(arguments: [
    ("SELECT 1;\n  \\i other.sql", "line 2, column 3: holds a command of psql, which begins with a backslash"),
    ("SELECT 1 \\gexec", "line 1, column 10: holds a command of psql, which begins with a backslash"),
    ("COPY t FROM stdin;\n1\n\\.", "line 1, column 13: copies from or to the client"),
    ("SELECT 1; COMMIT", "line 1, column 11: begins or ends a transaction"),
    ("begin; SELECT 1", "line 1, column 1: begins or ends a transaction"),
    ("ROLLBACK", "line 1, column 1: begins or ends a transaction"),
    ("ROLLBACK /* to */; SELECT 1", "line 1, column 1: begins or ends a transaction"),
    ("ROLLBACK -- to\rWORK AND CHAIN", "line 1, column 1: begins or ends a transaction"),
    ("SELECT 1;\rSELECT 2;\r\n COMMIT", "line 3, column 2: begins or ends a transaction"),
    ("START TRANSACTION", "line 1, column 1: begins or ends a transaction"),
  ])
  func refusesWhatItCannotRun(_ script: String, _ message: String) {
    do throws(ScriptError) {
      _ = try ScriptStatement.split(script, isTransaction: true)
      Issue.record("was taken: \(script)")
    } catch { #expect(error.message == message) }
  }

  @Test func aScriptWithoutATransactionMayManageItsOwn() throws {
    #expect(try ScriptStatement.split("BEGIN; SELECT 1; COMMIT", isTransaction: false).count == 3)
  }

  @Test func theWordsAreWhatIsOutsideOfQuotesCommentsAndParentheses() {
    let script = """
      /* DROP TABLE a; */ Drop -- x
        TABLE "Drop;""x" , _b ; CREATE TABLE t (a int DEFAULT (1), "DELETE" text); ; SELECT $$ a; b $$, 'c; d' as E'e', É;
      CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM t; END
      """
    let statements = ScriptStatement.check(script, isTransaction: true).statements
    #expect(
      statements.map(\.words) == [
        ["drop", "table", #""Drop;""x""#, "_b"], ["create", "table", "t"], ["select", "as", "É"],
        ["create", "function", "f", "returns", "int", "begin", "atomic", "delete", "from", "t", "end"],
      ])
  }

  @Test func placesAreCountedInCharacters() throws {
    let statements = try ScriptStatement.split("-- é\n'🐘'; SELECT 'é',\n  x", isTransaction: true)
    #expect(statements.map(\.line) == [2, 2])
    #expect(statements.map(\.column) == [1, 6])
    #expect(statements[1].place(of: 8) == ScriptPlace(line: 2, column: 13))
    #expect(statements[1].place(of: 15) == ScriptPlace(line: 3, column: 3))
  }
}
