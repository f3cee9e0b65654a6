package import DatabaseSpec

/// Postern's own objects in the server: their names and the SQL that creates them. Only the superuser has rights on
/// them, except that a database's owner may call the function that records a script, and read that record. So a tenant
/// could forge only the history of scripts in its own database.
package enum Postern {
  /// The database that contains the records and the advisory lock, of which there is one per server.
  package static let database = constant("postgres")
  /// The schema of the records, in that database and in each that has scripts.
  package static let schema = constant("postern")

  /// The schema `public`, which every database has.
  static let publicSchema = constant("public")
  /// The database of which a new one is a copy, where no other is declared.
  package static let emptyTemplate = constant("template0")
  /// The role that means the owner of the current database, from version 14 on (PostgreSQL docs §22.5).
  package static let databaseOwner = constant("pg_database_owner")
  /// The server's own schema.
  package static let catalogSchema = constant("pg_catalog")

  private static func constant(_ text: String) -> PostgresName {
    do throws(PostgresNameError) { return try PostgresName(text) } catch {
      preconditionFailure("\(text) is no name")
    }
  }

  /// Creates the records of what Postern manages. The texts compare by bytes.
  static let createRecords =
    ownDefaults + [
      "CREATE SCHEMA postern",
      "REVOKE ALL ON SCHEMA postern FROM PUBLIC",
      """
      CREATE TABLE postern.managed_role (name text COLLATE "C" PRIMARY KEY, role oid NOT NULL, made boolean NOT NULL, \
      customer text, home oid)
      """,
      """
      CREATE TABLE postern.managed_membership \
      (member text COLLATE "C", role text COLLATE "C", PRIMARY KEY (member, role))
      """,
      """
      CREATE TABLE postern.managed_grant \
      (role text COLLATE "C", database text COLLATE "C", level text NOT NULL, PRIMARY KEY (role, database))
      """,
      "REVOKE ALL ON ALL TABLES IN SCHEMA postern FROM PUBLIC", closeNew,
    ]

  /// The records are ordinary tables in the database's own tablespace, whatever the defaults for new tables are.
  /// Objects of extensions use the database's defaults.
  static let ownDefaults = [
    unnoticed, "SET LOCAL default_tablespace = ''", "SET LOCAL default_table_access_method = 'heap'",
  ]

  /// No trigger and no rule runs for the rest of the transaction, unless it is one that always runs, which only the table's owner
  /// can make; neither does a foreign key do anything. So nobody who has got a right on the records acts as the superuser who
  /// writes there: it goes before each write. Nor does an event trigger run. Some give what is made to a role of theirs, and the
  /// records would not be Postern's any more. Statements about what is not Postern's go before it, or are of a kind that no
  /// event trigger is about, as all about roles and databases.
  static let unnoticed = "SET LOCAL session_replication_role = 'replica'"

  /// Adds to the records of version 0.1 what they lack: the customer of a role, and the table in which the role was
  /// recorded.
  static let completeRecords = [
    unnoticed,
    "ALTER TABLE postern.managed_role ADD COLUMN IF NOT EXISTS customer text, ADD COLUMN IF NOT EXISTS home oid",
    "UPDATE postern.managed_role SET home = tableoid WHERE home IS NULL",
  ]

  /// Updates the OIDs of roles that were restored from a dump. Their records are in another table than the one noted in
  /// them.
  static let renewRecords = [
    unnoticed,
    """
    UPDATE postern.managed_role m SET role = r.oid, home = m.tableoid FROM pg_roles r \
    WHERE r.rolname = m.name AND m.home <> m.tableoid
    """,
  ]

  /// Records an existing role with its present OID.
  static func recordRole(_ name: PostgresName, isMade: Bool, customer: String) -> [String] {
    [
      unnoticed,
      """
      INSERT INTO postern.managed_role (name, role, made, customer, home) \
      SELECT rolname, oid, \(isMade), \(SQLText.literal(customer)), 'postern.managed_role'::regclass \
      FROM pg_roles WHERE rolname = \(lit(name)) ON CONFLICT (name) DO UPDATE SET role = excluded.role, \
      made = excluded.made, customer = excluded.customer, home = excluded.home
      """,
    ]
  }

  /// Records a role as the second login of a user. The column is made with the first of them.
  static func recordLogin(_ name: PostgresName, of user: PostgresName, customer: String) -> [String] {
    recordRole(name, isMade: true, customer: customer) + [
      #"ALTER TABLE postern.managed_role ADD COLUMN IF NOT EXISTS login_of text COLLATE "C""#,
      "UPDATE postern.managed_role SET login_of = \(lit(user)) WHERE name = \(lit(name))",
    ]
  }

  /// Notes the new names of a user's second login and of the user.
  static func renameLogin(_ old: PostgresName, to new: PostgresName, of user: PostgresName) -> [String] {
    renameRole(old, to: new) + ["UPDATE postern.managed_role SET login_of = \(lit(user)) WHERE name = \(lit(new))"]
  }

  /// Records the customer of a role that version 0.1 has recorded.
  static func claimRole(_ name: PostgresName, customer: String) -> [String] {
    [unnoticed, "UPDATE postern.managed_role SET customer = \(SQLText.literal(customer)) WHERE name = \(lit(name))"]
  }

  static func forgetRole(_ name: PostgresName) -> [String] { [unnoticed] + forgetting(name) }

  /// What takes a role out of the records, also by hand.
  static func forgetting(_ name: PostgresName) -> [String] {
    [
      "DELETE FROM postern.managed_membership WHERE member = \(lit(name))",
      "DELETE FROM postern.managed_grant WHERE role = \(lit(name))",
      "DELETE FROM postern.managed_role WHERE name = \(lit(name))",
    ]
  }

  /// Notes a role's new name. What was recorded under that name was about a role that is gone.
  static func renameRole(_ old: PostgresName, to new: PostgresName) -> [String] {
    forgetRole(new) + [
      "UPDATE postern.managed_role SET name = \(lit(new)) WHERE name = \(lit(old))",
      "DELETE FROM postern.managed_membership WHERE role = \(lit(new))",
      "UPDATE postern.managed_membership SET member = \(lit(new)) WHERE member = \(lit(old))",
      "UPDATE postern.managed_membership SET role = \(lit(new)) WHERE role = \(lit(old))",
      "UPDATE postern.managed_grant SET role = \(lit(new)) WHERE role = \(lit(old))",
    ]
  }

  /// Notes a database's new name.
  static func renameDatabase(_ old: PostgresName, to new: PostgresName) -> [String] {
    [
      unnoticed,
      "DELETE FROM postern.managed_grant WHERE database = \(lit(new))",
      "UPDATE postern.managed_grant SET database = \(lit(new)) WHERE database = \(lit(old))",
    ]
  }

  static func recordMembership(of member: PostgresName, in role: PostgresName) -> [String] {
    [
      unnoticed,
      "INSERT INTO postern.managed_membership VALUES (\(lit(member)), \(lit(role))) ON CONFLICT DO NOTHING",
    ]
  }

  static func forgetMembership(of member: PostgresName, in role: PostgresName) -> [String] {
    [unnoticed, "DELETE FROM postern.managed_membership WHERE member = \(lit(member)) AND role = \(lit(role))"]
  }

  static func recordGrant(_ level: Grant.Level, to user: PostgresName, on database: PostgresName) -> [String] {
    [
      unnoticed,
      """
      INSERT INTO postern.managed_grant VALUES (\(lit(user)), \(lit(database)), \(SQLText.literal(level.rawValue))) \
      ON CONFLICT (role, database) DO UPDATE SET level = excluded.level
      """,
    ]
  }

  static func forgetGrant(to user: PostgresName, on database: PostgresName) -> [String] {
    [unnoticed, "DELETE FROM postern.managed_grant WHERE role = \(lit(user)) AND database = \(lit(database))"]
  }
}
