import ArgumentParser
import FoundationEssentials
import KubernetesClient
import Linux

/// `postern psql CUSTOMER [USER] [DATABASE] [-- ARGUMENTS]`
struct OpenPsql: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psql",
    abstract: "Open psql in a customer's Postgres, with the login of a user's Secret.",
    discussion: """
      The connection goes through a port-forward to the Pod, by a Unix socket that only you can reach. The password is on no \
      command line. What follows -- is given to psql: postern psql acme shop orders -- -c 'SELECT 1'. Ends as psql ends. It \
      needs the rights to list pods, to get the user's Secret, and to get and create pods/portforward.
      """)

  @Argument(
    help: "The customer: the label of its Pods.",
    completion: .custom { words, _, start in await ClusterOptions.customers(beginning: start, words: words) })
  var customer: String

  @Argument(help: "The user. (default: the first that is declared and has a database)")
  var user: String?

  @Argument(help: "The database. (default: the user's first)")
  var database: String?

  @OptionGroup var cluster: ClusterOptions

  @Option(help: "The Pod. (default: the first that is ready)")
  var pod: String?

  @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments for psql, after --.", valueName: "arguments"))
  var arguments: [String] = []

  func run() async throws {
    let console = Console()
    var status: Int32 = 0
    try await report(on: console) { () throws(CommandError) in
      status = try await opened(console)
      return .success
    }
    if status != 0 { throw ExitCode(status) }
  }

  private func opened(_ console: Console) async throws(CommandError) -> Int32 {
    let program = try Self.program()
    return try await cluster.access(console).using { access throws(CommandError) in
      let server = try await CustomerServer.find(customer, pod: pod, in: access)
      let found = try await LoginReading(access: access).user(user, of: server)
      let login = Login(user: found.user, password: found.password, database: database ?? found.database)
      let arguments = arguments
      return try await access.forwarding(server) { port throws(CommandError) in
        var psql = ChildProgram(program, arguments)
        psql.environment = Self.environment(login, port)
        do throws(FileError) { return try psql.runAtTerminal() } catch {
          throw .refused("psql cannot be run: \(error.message)")
        }
      }
    }
  }

  /// psql's path.
  private static func program() throws(CommandError) -> String {
    guard let path = ChildProgram.path(of: "psql") else {
      throw .refused("there is no psql on the PATH; install it (Debian: postgresql-client; Homebrew: libpq)")
    }
    return path
  }

  /// This process's environment, of which nothing decides where psql connects and as whom (PostgreSQL docs §34.15).
  private static func environment(_ login: Login, _ port: ForwardedPort) -> [String: String] {
    let kept: Set = [
      "PGAPPNAME", "PGOPTIONS", "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", "PGTZ", "PGDATESTYLE", "PGGEQO",
    ]
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") || kept.contains($0.key) }
    variables["PGHOST"] = port.folder
    variables["PGPORT"] = String(port.port)
    variables["PGUSER"] = login.user
    variables["PGDATABASE"] = login.database ?? login.user
    variables["PGPASSWORD"] = login.password
    return variables
  }
}
