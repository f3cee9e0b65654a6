public import DatabaseSpec

/// What Postern keeps in the server: its names and the SQL that makes it. Nobody but the superuser has any right there,
/// except that a database's owner may call the function that records a script: a tenant could forge no more than the
/// history of scripts in its own database, and can read none of it.
public enum Postern {
  /// The database of the records and of the advisory lock, which are one per server.
  public static let database = constant("postgres")
  /// The schema of the records, in that database and in each that has scripts.
  public static let schema = constant("postern")

  /// The schema that every database has.
  static let publicSchema = constant("public")

  private static func constant(_ text: String) -> PostgresName {
    do throws(PostgresNameError) { return try PostgresName(text) } catch {
      preconditionFailure("\(text) is no name")
    }
  }

  /// Makes the records of what Postern manages. The texts compare by bytes.
  static let createRecords = [
    "CREATE SCHEMA postern",
    "REVOKE ALL ON SCHEMA postern FROM PUBLIC",
    """
    CREATE TABLE postern.managed_role (name text COLLATE "C" PRIMARY KEY, role oid NOT NULL, made boolean NOT NULL)
    """,
    """
    CREATE TABLE postern.managed_membership \
    (member text COLLATE "C", role text COLLATE "C", PRIMARY KEY (member, role))
    """,
    """
    CREATE TABLE postern.managed_grant \
    (role text COLLATE "C", database text COLLATE "C", level text NOT NULL, PRIMARY KEY (role, database))
    """,
    "REVOKE ALL ON ALL TABLES IN SCHEMA postern FROM PUBLIC",
  ]

  /// Makes the record of scripts in a database, and the function by which a script's own transaction adds to it.
  static let createRecorder = [
    "CREATE SCHEMA postern",
    "REVOKE ALL ON SCHEMA postern FROM PUBLIC",
    """
    CREATE TABLE postern.script \
    (name text COLLATE "C" PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
    """,
    """
    CREATE FUNCTION postern.record_script(text, text) RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER \
    SET search_path = pg_catalog, pg_temp AS 'INSERT INTO postern.script (name, sha256) VALUES ($1, $2) \
    ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now() \
    WHERE script.sha256 <> excluded.sha256 RETURNING true'
    """,
    "REVOKE ALL ON ALL TABLES IN SCHEMA postern FROM PUBLIC",
    "REVOKE ALL ON FUNCTION postern.record_script(text, text) FROM PUBLIC",
  ]

  /// What the function is called with, as the last statement of a script: its name and hash. It is qualified, and
  /// nothing that the script has set changes what it means. True where that was not recorded yet; else the script has
  /// run already, and what it did now is not to stay.
  public static func recordScript(_ run: ScriptRun) -> String {
    """
    SELECT postern.record_script(\
    \(SQLText.literal(run.name))::pg_catalog.text, \(SQLText.literal(run.sha256))::pg_catalog.text)
    """
  }

  static func allowRecording(by role: PostgresName) -> [String] {
    [
      "GRANT USAGE ON SCHEMA postern TO \(id(role))",
      "GRANT EXECUTE ON FUNCTION postern.record_script(text, text) TO \(id(role))",
    ]
  }

  static func forbidRecording(by role: PostgresName) -> [String] {
    [
      "REVOKE EXECUTE ON FUNCTION postern.record_script(text, text) FROM \(id(role))",
      "REVOKE USAGE ON SCHEMA postern FROM \(id(role))",
    ]
  }

  /// Notes a role that exists, by the OID that it has now.
  static func recordRole(_ name: PostgresName, isMade: Bool) -> String {
    """
    INSERT INTO postern.managed_role SELECT rolname, oid, \(isMade) FROM pg_roles WHERE rolname = \(lit(name)) \
    ON CONFLICT (name) DO UPDATE SET role = excluded.role, made = excluded.made
    """
  }

  static func forgetRole(_ name: PostgresName) -> [String] {
    [
      "DELETE FROM postern.managed_membership WHERE member = \(lit(name))",
      "DELETE FROM postern.managed_grant WHERE role = \(lit(name))",
      "DELETE FROM postern.managed_role WHERE name = \(lit(name))",
    ]
  }
}
