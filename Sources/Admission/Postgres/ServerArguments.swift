import Declarations

/// The server's arguments in a container's command: `-p`, `-h`, `-D`, and settings by `-c` or `--` (PostgreSQL docs, "postgres"),
/// also within `-o` of `pg_ctl`. Of a shell's script, those of the commands that start a server, or of all where none is seen to;
/// and the variables that it sets for the server, which arguments go before. A value with `$` in it is not known; the container's
/// variables may tell it.
struct ServerArguments {
  private(set) var settings: [String: String] = [:]
  /// Whether a shell runs first, which may set more variables.
  private(set) var isShell = false
  /// Whether something of the user's own runs before the server, or instead of it. It may set variables that are not seen here.
  private(set) var runsOther = false
  /// The program that only keeps the container alive, such as `sleep`; nil where a server may run.
  private(set) var waitingProgram: String?

  /// Nil where none is given, or none that is known.
  var port: Int? { settings["port"].flatMap(Self.port) }

  /// What a script that only waits has besides.
  private static let aroundWaiting: Set = ["true", ":", "trap", "wait", "exit", "echo"]
  /// How other programs that run a server call its settings.
  private static let names = [
    "pgport": "port", "pg_port": "port", "pgdata": "data_directory", "data_dir": "data_directory",
  ]

  init(_ arguments: [String]) {
    guard let first = arguments.first else { return }
    guard first.utf8.first != UInt8(ascii: "-") else {
      read(arguments[...], isServers: true)
      return
    }
    let (programs, isShell) = StartedProgram.all(arguments)
    self.isShell = isShell
    let starting = Self.starting(programs)
    if starting.isEmpty {
      waitingProgram = Self.waitingProgram(of: programs)
      if isShell {
        read(programs.flatMap(\.divided)[...], isServers: false)
      } else {
        read(arguments[...], isServers: true)
      }
    }
    runsOther = isShell || starting.isEmpty && waitingProgram == nil
    for program in starting {
      if program.isControl { readControl(program.arguments) } else { read(program.arguments, isServers: true) }
    }
    for (name, value) in programs.flatMap(\.variables) {
      if let setting = Self.variables[name], settings[setting] == nil { set(setting, value) }
    }
  }

  /// Arguments that an image's program puts behind those it is given.
  mutating func append(_ arguments: [String]) { read(arguments[...], isServers: true) }

  /// The variables that the server reads (PostgreSQL docs, "postgres", "Environment").
  private static let variables = ["PGPORT": "port", "PGDATA": "data_directory"]

  /// The commands that start the server with which a container goes on. One that is stopped again, or is in the background where
  /// another comes, only prepares the data.
  private static func starting(_ programs: [StartedProgram]) -> [StartedProgram] {
    var found: [StartedProgram] = []
    // Whether another one replaces what was found.
    var ends = false
    for program in programs {
      if program.isStop { ends = true }
      guard program.isServer else { continue }
      if ends || !program.isControl && found.last.map({ !$0.isLast }) ?? false { found = [] }
      ends = false
      found.append(program)
    }
    return found
  }

  /// What a container waits by; nil where it does anything else.
  private static func waitingProgram(of programs: [StartedProgram]) -> String? {
    var found: String?
    for program in programs where !program.own.isEmpty {
      if StartedProgram.waiting.contains(program.name) {
        found = found ?? program.name
      } else if !aroundWaiting.contains(program.name) {
        return nil
      }
    }
    return found
  }

  /// - Parameter isServers: whether the words are a server's, so that `-h` is an address to listen on.
  private mutating func read(_ arguments: ArraySlice<some StringProtocol>, isServers: Bool) {
    var words = arguments.flatMap { Self.words(of: Substring($0)) }[...]
    while let word = words.popFirst() {
      if word == "-p" {
        if let port = words.first { set("port", port) }
      } else if word == "-h", isServers {
        if let addresses = words.first { set("listen_addresses", addresses) }
      } else if word.hasPrefix("-D") {
        if let folder = word == "-D" ? words.first : word.dropFirst(2) { set("data_directory", folder) }
      } else if word == "-c" {
        if let setting = words.first { set(setting) }
      } else if word.hasPrefix("--") {
        if !set(word.dropFirst(2)), let name = Self.names[Self.name(word.dropFirst(2))], let value = words.first {
          set(name, value)
        }
      } else if word.hasPrefix("-p") {
        set("port", word.dropFirst(2))
      } else if word.hasPrefix("-c") {
        set(word.dropFirst(2))
      }
    }
  }

  /// Reads what `pg_ctl` is given; with `-o` that is a text of the server's arguments, which a shell divides.
  private mutating func readControl(_ arguments: ArraySlice<String>) {
    var words = arguments
    while let word = words.popFirst() {
      let isLong = word.hasPrefix("--")
      let name = isLong ? word.prefix { $0 != "=" } : word.prefix(2)
      guard let option = Self.controlOptions[String(name)] else { continue }
      guard
        let value = name.count < word.count ? String(word.dropFirst(name.count + (isLong ? 1 : 0))) : words.popFirst()
      else { return }
      switch option {
      case .folder: set("data_directory", value)
      case .arguments: for command in ShellCommands(value).commands { read(command[...], isServers: true) }
      case .other: break
      }
    }
  }

  private enum ControlOption { case folder, arguments, other }

  /// The options of `pg_ctl` and `pg_ctlcluster` that have a value.
  private static let controlOptions: [String: ControlOption] = [
    "-D": .folder, "--pgdata": .folder, "-o": .arguments, "--options": .arguments, "-l": .other, "--log": .other,
    "-m": .other, "--mode": .other, "-p": .other, "-t": .other, "--timeout": .other,
  ]

  /// The words of an argument. An option and its value may be one argument; a value may have spaces in it.
  private static func words(of word: Substring) -> [Substring] {
    guard ["-c ", "-p ", "-h "].contains(where: word.hasPrefix) else { return [word] }
    return [word.prefix(2), word.dropFirst(2).drop { $0 == " " }]
  }

  /// - Returns: whether it is a setting, `NAME=VALUE`.
  @discardableResult
  private mutating func set(_ setting: Substring) -> Bool {
    guard let equals = setting.firstIndex(of: "=") else { return false }
    let name = Self.name(setting[..<equals])
    set(Self.names[name] ?? name, setting[setting.index(after: equals)...])
    return true
  }

  private mutating func set(_ name: String, _ value: some StringProtocol) {
    let value = String(Self.unquoted(Substring(value)))
    // What is no port leaves the one before it.
    guard name != "port" || value.contains(ascii: "$") || Self.port(value) != nil else { return }
    settings[name] = value
  }

  /// A setting's name as PostgreSQL writes it.
  private static func name(_ word: Substring) -> String {
    String(
      decoding: word.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }

  /// A number of a port; nil where it is none.
  static func port(_ text: String) -> Int? { UInt16(text).flatMap { $0 > 0 ? Int($0) : nil } }

  private static func unquoted(_ word: Substring) -> Substring {
    var word = word
    while let first = word.first, "'\"".contains(first) { word.removeFirst() }
    while let last = word.last, "'\";".contains(last) { word.removeLast() }
    return word
  }
}
