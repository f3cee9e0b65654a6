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

  static func recordMembership(of member: PostgresName, in role: PostgresName) -> String {
    "INSERT INTO postern.managed_membership VALUES (\(lit(member)), \(lit(role))) ON CONFLICT DO NOTHING"
  }

  static func forgetMembership(of member: PostgresName, in role: PostgresName) -> String {
    "DELETE FROM postern.managed_membership WHERE member = \(lit(member)) AND role = \(lit(role))"
  }

  static func recordGrant(_ level: Grant.Level, to user: PostgresName, on database: PostgresName) -> String {
    """
    INSERT INTO postern.managed_grant VALUES (\(lit(user)), \(lit(database)), \(SQLText.literal(level.rawValue))) \
    ON CONFLICT (role, database) DO UPDATE SET level = excluded.level
    """
  }

  static func forgetGrant(to user: PostgresName, on database: PostgresName) -> String {
    "DELETE FROM postern.managed_grant WHERE role = \(lit(user)) AND database = \(lit(database))"
  }
}
