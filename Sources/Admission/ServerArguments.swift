import Declarations

/// The server's arguments in a container's command: `-p`, `-h`, `-D`, and settings by `-c` or `--` (PostgreSQL docs, "postgres").
/// Of a shell's script, those of the commands that start a server, or of all where none is seen to.
struct ServerArguments {
  private(set) var port: Int?
  private(set) var settings: [String: String] = [:]
  /// Whether a shell runs first, which may set more variables.
  let isShell: Bool
  /// The program that only keeps the container alive, such as `sleep`; nil where a server may run.
  private(set) var waitingProgram: String?

  static let shells: Set = ["sh", "bash", "ash", "dash"]
  static let servers: Set = [
    "postgres", "postmaster", "docker-entrypoint.sh", "pg_ctl", "pg_ctlcluster", "run-postgresql", "patroni",
  ]

  /// Programs by which somebody stops a server for a while, to look into its volume.
  private static let waiting: Set = ["sleep", "tail", "pause"]
  /// What another program is run by.
  private static let launchers: Set = ["exec", "gosu", "su-exec"]
  /// What a script that only waits has besides.
  private static let aroundWaiting: Set = ["while", "do", "done", "true", ":", "trap", "wait", "exit", "echo", "exec"]

  init(_ arguments: [String]) {
    let program = arguments.first.map { Self.program($0) } ?? ""
    isShell = Self.shells.contains(program)
    guard isShell else {
      if Self.waiting.contains(program) { waitingProgram = program }
      read(arguments.flatMap(Self.words), isServers: true)
      return
    }
    let commands = arguments.dropFirst().flatMap(Self.commands)
    let starting = commands.filter { $0.contains { Self.servers.contains(Self.program($0)) } }
    if starting.isEmpty { waitingProgram = Self.waitingProgram(of: commands) }
    read((starting.isEmpty ? commands : starting).flatMap(\.self), isServers: !starting.isEmpty)
  }

  /// What a script waits by; nil where it does anything else. The shell's own options are words before the script's.
  private static func waitingProgram(of commands: [[Substring]]) -> String? {
    var found: String?
    for command in commands {
      let words = command.drop { $0.hasPrefix("-") || $0 == "do" }
      guard !words.isEmpty else { continue }
      let program = program(of: words)
      if waiting.contains(program) { found = found ?? program } else if !aroundWaiting.contains(program) { return nil }
    }
    return found
  }

  /// The program that a command comes to: `exec gosu postgres pgbouncer` to pgbouncer.
  static func program(of command: ArraySlice<Substring>) -> String {
    var words = command
    while let first = words.first, launchers.contains(program(first)), words.count > 1 {
      words = words.dropFirst(program(first) == "exec" ? 1 : 2)
    }
    return words.first.map { program($0) } ?? ""
  }

  /// The file name of a program, without quotes around it.
  static func program(_ word: some StringProtocol) -> String {
    String(unquoted(Substring(word)).split(separator: "/").last ?? "")
  }

  /// The words of an argument. An option and its value may be one argument; a value may have spaces in it.
  private static func words(of argument: String) -> [Substring] {
    let word = Substring(argument)
    guard ["-c ", "-p ", "-h "].contains(where: word.hasPrefix) else { return [word] }
    return [word.prefix(2), word.dropFirst(2).drop { $0 == " " }]
  }

  /// The words of each of a script's commands. Text in quotes is divided, too.
  static func commands(of script: String) -> [[Substring]] {
    // A backslash at a line's end continues the command; elsewhere it stands before a quote.
    script.replacing("\\\n", with: " ").unicodeScalars
      .split { ";&|\n".unicodeScalars.contains($0) }
      .map { $0.split { $0.isWhiteSpace || $0 == "\\" }.map { Substring($0) } }
  }

  /// - Parameter isServers: whether the words are a server's, so that `-h` is an address to listen on.
  private mutating func read(_ words: [Substring], isServers: Bool) {
    var words = words[...]
    while let word = words.popFirst() {
      if word == "-p" {
        port = words.first.flatMap(Self.port) ?? port
      } else if word == "-h", isServers {
        if let addresses = words.first { settings["listen_addresses"] = String(Self.unquoted(addresses)) }
      } else if word.hasPrefix("-D") {
        let folder = word == "-D" ? words.first : word.dropFirst(2)
        if let folder { settings["data_directory"] = String(Self.unquoted(folder)) }
      } else if word == "-c" {
        if let setting = words.first { set(setting) }
      } else if word.hasPrefix("--") {
        set(word.dropFirst(2))
      } else if word.hasPrefix("-p") {
        port = Self.port(word.dropFirst(2)) ?? port
      } else if word.hasPrefix("-c") {
        set(word.dropFirst(2))
      }
    }
    if let text = settings["port"] { port = Self.port(text[...]) ?? port }
  }

  private mutating func set(_ setting: Substring) {
    guard let equals = setting.firstIndex(of: "=") else { return }
    let name = String(
      decoding: setting[..<equals].lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 },
      as: UTF8.self)
    settings[name] = String(Self.unquoted(setting[setting.index(after: equals)...]))
  }

  private static func port(_ word: Substring) -> Int? { UInt16(unquoted(word)).flatMap { $0 > 0 ? Int($0) : nil } }

  private static func unquoted(_ word: Substring) -> Substring {
    var word = word
    while let first = word.first, "'\"".contains(first) { word.removeFirst() }
    while let last = word.last, "'\";".contains(last) { word.removeLast() }
    return word
  }
}
