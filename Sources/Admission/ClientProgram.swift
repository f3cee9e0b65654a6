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

  /// The client that a container runs; nil where it may run a server. A shell runs one where its script names a client that
  /// goes to another host, and no server.
  /// - Parameter knowsDatabase: whether its variables say where a database is.
  static func name(
    command: JSONSlice?, arguments: JSONSlice?, _ knowsDatabase: Bool, of bytes: [UInt8]
  ) throws(JSONError) -> String? {
    guard command != nil || arguments != nil else { return nil }
    let most = Container.maximumArguments
    let words =
      try JSONReader.texts(command, of: bytes, most: most) + JSONReader.texts(arguments, of: bytes, most: most)
    // Without a command, arguments such as -c are the server's.
    guard let first = words.first, command != nil || first.utf8.first != UInt8(ascii: "-") else { return nil }
    let program = ServerArguments.program(first)
    if names.contains(program) || helpers.contains(program) { return program }
    guard ServerArguments.shells.contains(program) else { return nil }
    let commands = words.dropFirst().flatMap { ServerArguments.commands(of: $0) }
    let script = commands.flatMap(\.self)
    let programs = script.map(ServerArguments.program)
    guard !programs.contains(where: ServerArguments.servers.contains) else { return nil }
    // The last command is what the container goes on with.
    if let last = commands.last(where: { !$0.isEmpty }) {
      let program = ServerArguments.program(of: last[...])
      if helpers.contains(program) { return program }
    }
    guard
      knowsDatabase || script.contains(where: { $0 == "-h" || $0.hasPrefix("--host") })
    else { return nil }
    return programs.first { names.contains($0) }
  }
}
