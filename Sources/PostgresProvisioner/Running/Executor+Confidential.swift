import DatabaseSpec
import LibPQ
import Provisioning

extension Executor {
  /// Logs in as the owner for a script from a Secret, of which no word may get into the server's log. The owner may not
  /// turn logging off, so the superuser turns it off for the session before it begins, and resets that when it has
  /// begun.
  /// - Parameters:
  ///   - login: the role that logs in: the owner, or its second login.
  ///   - owner: whose settings its second login has, too.
  ///   - main: the connection that holds the pass's lock.
  mutating func connectConfidentially(
    _ settings: ConnectionSettings, as login: PostgresName, of owner: PostgresName, in database: PostgresName,
    _ main: borrowing Connection
  ) throws(PostgresError) -> Connection {
    let set = try main.rows(Catalog.settings(of: [login])).map({ $0.setting }).filter { $0.database == database }
    let hindrances = StatementLogging.hindrances(set)
    guard hindrances.isEmpty else { throw Self.refusal(hindrances, owner, database) }
    let off = StatementLogging.unset(set) + (StatementLogging.leftOver(set) ?? [])
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

  /// To set what somebody else has set, and give it back, could fail in between.
  private static func refusal(
    _ parameters: [String], _ owner: PostgresName, _ database: PostgresName
  ) -> PostgresError {
    let names = parameters.joined(separator: ", ")
    let role = SQLText.identifier(owner)
    return PostgresError(
      kind: .client,
      message:
        "\(names) is set for \(owner.text) in the database \(database.text), by which the server's log may get words "
        + "of a script that is a Secret's: it is not run",
      hint:
        "ALTER ROLE \(role) IN DATABASE \(SQLText.identifier(database)) RESET \(parameters[0]); set for the role in all "
        + "databases (ALTER ROLE \(role) SET …) it may stay, since such a script goes before that")
  }
}
