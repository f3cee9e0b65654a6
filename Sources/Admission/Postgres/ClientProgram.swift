import Declarations
import JSONBytes

/// Clients of Postgres, and programs in front of it, which are in images of the server. Who runs one has no server in that
/// container.
enum ClientProgram {
  private static let names: Set = [
    "psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_isready", "pgbench", "pg_basebackup", "createdb", "dropdb",
    "createuser", "vacuumdb", "reindexdb", "pg_receivewal",
  ]
  /// Programs that are a container's own beside a server, whomever they connect to.
  private static let helpers: Set = [
    "pgbouncer", "pgpool", "pgbackrest", "wal-g", "barman", "postgres_exporter", "pgwatch", "pgagent", "patronictl",
    "stolon-proxy", "stolon-sentinel", "etcd", "haproxy",
  ]

  /// Whether a program is a client, or in front of a server.
  static func isKnown(_ program: String) -> Bool { names.contains(program) || helpers.contains(program) }

  /// The client that a container runs; its name is nil where it may run a server. A shell runs one where its script names a client
  /// that goes to another host, and starts no server.
  /// - Parameter knowsDatabase: whether its variables say where a database is.
  /// - Returns: also whether a word of what it runs says that, and no server is seen to be started.
  static func read(
    command: JSONSlice?, arguments: JSONSlice?, _ knowsDatabase: Bool, of bytes: [UInt8]
  ) throws(JSONError) -> (name: String?, knowsDatabase: Bool) {
    guard command != nil || arguments != nil else { return (nil, false) }
    let most = Container.maximumArguments
    let words =
      try JSONReader.texts(command, of: bytes, most: most) + JSONReader.texts(arguments, of: bytes, most: most)
    // Without a command, arguments such as -c are the server's.
    guard let first = words.first, command != nil || first.utf8.first != UInt8(ascii: "-") else { return (nil, false) }
    let (programs, isShell) = StartedProgram.all(words)
    guard !programs.contains(where: \.isServer), let last = programs.last else { return (nil, false) }
    let tells = words.contains { word in EnvironmentVariable.schemes.contains { word.contains(ascii: $0) } }
    // The last command is what the container goes on with.
    if helpers.contains(last.name) || !isShell && names.contains(last.name) { return (last.name, tells) }
    guard isShell else { return (nil, tells) }
    // A text in quotes may be a command, too: a line of a crontab.
    let script = programs.flatMap(\.divided)
    guard knowsDatabase || script.contains(where: tellsHost) else { return (nil, tells) }
    return (script.lazy.map { StartedProgram.name(String($0)) }.first { names.contains($0) }, tells)
  }

  /// Whether a word of a script says where a database is.
  private static func tellsHost(_ word: Substring) -> Bool {
    ["-h", "--host", "PGHOST=", "host=", "postgres://", "postgresql://"].contains(where: word.hasPrefix)
  }
}
