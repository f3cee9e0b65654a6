import DatabaseSpec
import LibPQ
import Provisioning

extension Executor {
  /// Logs in as the owner for a script from a Secret, of which no word may get into the server's log. The owner may not
  /// turn logging off, so the superuser turns it off for the session before it begins, and resets that when it has
  /// begun.
  /// - Parameters:
  ///   - login: the role that logs in: the owner, or its second login.
  ///   - main: the connection that holds the pass's lock.
  mutating func connectConfidentially(
    _ settings: ConnectionSettings, as login: PostgresName, in database: PostgresName, _ main: borrowing Connection
  ) throws(PostgresError) -> Connection {
    let set = try main.rows(Catalog.settings(of: login, in: database))
    // A process that was killed in between has left all of these settings.
    let isLeftOver = set.contains { $0.utf8.elementsEqual(StatementLogging.mark.utf8) }
    let off = StatementLogging.off.filter { option in
      isLeftOver || !set.contains { $0.utf8.elementsEqual(option.name.utf8) }
    }
    try perform(StatementLogging.begin(off, for: login, in: database).joined(separator: "; "), main)
    let end = StatementLogging.end(off, for: login, in: database).joined(separator: "; ")
    let connection: Connection
    do throws(PostgresError) { connection = try Connection(settings) } catch {
      if !main.isBroken { try main.execute(end) }
      throw error
    }
    try main.execute(end)
    return connection
  }
}

extension Catalog {
  /// The names of the parameters that are set for a role in a database.
  fileprivate static func settings(of role: PostgresName, in database: PostgresName) -> CatalogQuery<String> {
    CatalogQuery(
      "a role's settings",
      """
      SELECT split_part(unnest(s.setconfig), '=', 1) FROM pg_db_role_setting s JOIN pg_authid r ON r.oid = s.setrole
      JOIN pg_database d ON d.oid = s.setdatabase WHERE r.rolname = $1 AND d.datname = $2
      """, [role.text, database.text]
    ) { row throws(CatalogMismatch) in try row.text() }
  }
}
