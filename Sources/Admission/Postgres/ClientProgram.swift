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

  /// The client that a container runs; nil where it may run a server. A shell runs one where its script names a client that
  /// goes to another host, and starts no server.
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
    let (programs, isShell) = StartedProgram.all(words)
    guard !programs.contains(where: \.isServer), let last = programs.last else { return nil }
    // The last command is what the container goes on with.
    if helpers.contains(last.name) || !isShell && names.contains(last.name) { return last.name }
    guard isShell else { return nil }
    // A text in quotes may be a command, too: a line of a crontab.
    let script = programs.flatMap(\.divided)
    guard knowsDatabase || script.contains(where: tellsHost) else { return nil }
    return script.lazy.map { StartedProgram.name(String($0)) }.first { names.contains($0) }
  }

  /// Whether a word of a script says where a database is.
  private static func tellsHost(_ word: Substring) -> Bool {
    ["-h", "--host", "PGHOST=", "host=", "postgres://", "postgresql://"].contains(where: word.hasPrefix)
  }
}
