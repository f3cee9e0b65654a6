import DatabaseSpec
import KubernetesClient
import LibPQ
import PostgresProvisioner
import Provisioning

/// When a customer's scripts ran last, by the record that each database keeps.
struct ScriptTimes: Sendable {
  /// By database and script, in UTC as in RFC 3339.
  private var times: [PostgresName: [String: String]] = [:]
  /// What could not be asked, and why.
  private(set) var notes: [String] = []

  subscript(script: String, in database: PostgresName) -> String? { times[database]?[script] }

  /// Asks Postgres, as its superuser, through a port-forward. Nothing is written.
  static func ask(_ name: CustomerName, about databases: [Database], in access: ClusterAccess) async -> ScriptTimes {
    let databases = databases.filter { !$0.scripts.isEmpty }.map(\.name)
    guard !databases.isEmpty else { return ScriptTimes() }
    do throws(CommandError) {
      let server = try await CustomerServer.find(name.customer, in: access)
      let login = try await LoginReading(access: access).superuser(of: server)
      return try await access.forwarding(server, endsAtSignals: true) { port throws(CommandError) in
        var found = ScriptTimes()
        for database in databases {
          let settings = ConnectionSettings(
            host: port.folder, port: port.port, user: login.user, password: login.password, database: database.text)
          do throws(PostgresError) { try found.add(database, try Connection(settings.forReading)) } catch {
            found.note("the scripts of database \(database.text)", error.description.inOneLine)
          }
        }
        return found
      }
    } catch {
      var none = ScriptTimes()
      none.note("the scripts", error.lines.map { String($0.trimmingPrefix("error: ")) }.joined(separator: "; "))
      return none
    }
  }

  private mutating func add(_ database: PostgresName, _ connection: borrowing Connection) throws(PostgresError) {
    guard let condition = try connection.rows(Provisioning.Postern.recorder).first?.condition else { return }
    // What belongs to somebody else could run that role's code as the superuser.
    guard condition.isSuperuser else {
      return note(
        "the scripts of database \(database.text)",
        "its record belongs to role \"\(condition.owner.text)\", which is no superuser")
    }
    times[database] = Dictionary(try connection.rows(Provisioning.Postern.scriptTimes)) { $1 }
  }

  private mutating func note(_ what: String, _ why: String) {
    notes.append("note: when \(what) ran is not known: \(why)")
  }
}
