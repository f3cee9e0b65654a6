import Declarations
import JSONBytes

/// Clients of Postgres, which are in every image of the server. Who runs one has no server in that container.
enum ClientProgram {
  private static let names: Set = [
    "psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_isready", "pgbench", "pg_basebackup", "createdb", "dropdb",
    "createuser", "vacuumdb", "reindexdb",
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
    if names.contains(program) { return program }
    guard ServerArguments.shells.contains(program) else { return nil }
    let script = words.dropFirst().flatMap { ServerArguments.commands(of: $0) }.flatMap(\.self)
    let programs = script.map(ServerArguments.program)
    guard !programs.contains(where: ServerArguments.servers.contains),
      knowsDatabase || script.contains(where: { $0 == "-h" || $0.hasPrefix("--host") })
    else { return nil }
    return programs.first { names.contains($0) }
  }
}
