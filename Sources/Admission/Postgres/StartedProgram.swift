import Declarations

/// A program that a container runs: its own, or a command of a shell's script, behind what runs it (`exec gosu postgres …`).
struct StartedProgram {
  /// The words of the command as it stands.
  let words: [String]
  /// The program and its arguments; empty where the command runs none.
  let own: ArraySlice<String>
  /// Whether it is an image's entry point, which runs the server where it is told of nothing else.
  private let isEntryPoint: Bool

  /// The name of its file.
  let name: String

  private init(words: [String], own: ArraySlice<String>, isEntryPoint: Bool) {
    (self.words, self.own, self.isEntryPoint) = (words, own, isEntryPoint)
    name = own.first.map { Self.name($0) } ?? ""
  }

  var arguments: ArraySlice<String> { own.dropFirst() }

  /// The words with text in quotes divided, too.
  var divided: [Substring] {
    words.flatMap { word in
      word.unicodeScalars.split { $0.isWhiteSpace || ";&|\"'\\".unicodeScalars.contains($0) }.map { Substring($0) }
    }
  }

  /// The variables that it sets for a server, the last first: its own, or those of the commands behind it in a shell.
  var variables: [(name: String, value: String)] {
    guard isServer || own.isEmpty || Self.exporters.contains(name) else { return [] }
    let assignments = isServer ? words.prefix { $0 != own.first } : words[...]
    return assignments.reversed().compactMap { word in
      guard let equals = word.firstIndex(of: "=") else { return nil }
      return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
  }

  private static let exporters: Set = ["export", "declare", "typeset"]

  /// The file name of a program.
  static func name(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  // MARK: Servers

  private static let servers: Set = [
    "postgres", "postmaster", "edb-postgres", "run-postgresql", "run-postgresql-master", "run-postgresql-slave",
    "patroni", "patroni.py", "stolon-keeper", "pg_autoctl",
  ]
  /// The programs that start a server, or do something else to it.
  private static let controls: Set = ["pg_ctl", "pg_ctlcluster", "service", "postgresql"]
  private static let otherActions: Set = [
    "init", "initdb", "stop", "reload", "status", "promote", "logrotate", "logreopen", "kill", "register", "unregister",
  ]
  /// With these as its first argument, a server's program only tells something, or serves nobody.
  private static let noServing: Set = [
    "--single", "--boot", "--check", "--describe-config", "--version", "-V", "--help", "-?", "-C",
  ]

  /// Whether it starts a server of Postgres.
  var isServer: Bool {
    if isEntryPoint || isRunScript { return true }
    if isControl { return !arguments.contains { Self.otherActions.contains($0) } }
    if name == "pg_autoctl" { return arguments.isEmpty || arguments.contains { ["run", "--run"].contains($0) } }
    return Self.servers.contains(name) && !(arguments.first.map { Self.noServing.contains($0) } ?? false)
  }

  /// Whether it starts a server in the background, or stops it.
  var isControl: Bool {
    guard Self.controls.contains(name) else { return false }
    return name != "service" || arguments.first?.hasPrefix("postgresql") == true
  }

  /// Whether no command follows it: it takes the place of the shell.
  var isLast: Bool { words.first { !$0.contains("=") } == "exec" }

  /// Whether it stops a server.
  var isStop: Bool { isControl && arguments.contains("stop") }

  /// Whether it is the program of Bitnami's images that runs the server.
  private var isRunScript: Bool {
    guard name == "run.sh", let path = own.first else { return false }
    return path.split(separator: "/").dropLast().last?.hasPrefix("postgresql") == true
  }

  // MARK: What runs it

  private static let shells: Set = ["sh", "bash", "ash", "dash", "zsh", "ksh"]

  /// What another program is run by.
  private struct Launcher {
    /// The options whose value is the next word.
    var valued: Set<String> = []
    /// How many words are before the program.
    var operands = 0

    /// Whether the word behind an option is its value; short ones may stand together, as in `sudo -iu postgres`.
    func takesNext(_ option: String) -> Bool {
      if option.hasPrefix("--") { return valued.contains(option) }
      let letters = option.dropFirst()
      return letters.firstIndex { valued.contains("-\($0)") }.map { letters.index(after: $0) == letters.endIndex }
        ?? false
    }
  }

  private static let launchers: [String: Launcher] = [
    "exec": Launcher(valued: ["-a"]), "command": Launcher(valued: ["-v", "-V"]), "builtin": Launcher(),
    ".": Launcher(), "source": Launcher(), "nohup": Launcher(), "setsid": Launcher(), "busybox": Launcher(),
    "gosu": Launcher(operands: 1), "su-exec": Launcher(operands: 1), "setuser": Launcher(operands: 1),
    "s6-setuidgid": Launcher(operands: 1), "chroot": Launcher(operands: 1),
    "chpst": Launcher(valued: ["-u", "-U", "-e", "-/", "-C", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c"]),
    "tini": Launcher(valued: ["-p", "-e"]), "dumb-init": Launcher(valued: ["-r", "--rewrite"]),
    "catatonit": Launcher(), "env": Launcher(valued: ["-u", "--unset", "-C", "--chdir"]),
    "nice": Launcher(valued: ["-n", "--adjustment"]),
    "ionice": Launcher(valued: ["-c", "-n", "--class", "--classdata"]), "taskset": Launcher(operands: 1),
    "chrt": Launcher(operands: 1), "stdbuf": Launcher(valued: ["-i", "-o", "-e"]),
    "numactl": Launcher(valued: ["-i", "-m", "-N", "-C", "-p"]),
    "timeout": Launcher(valued: ["-k", "-s", "--kill-after", "--signal"], operands: 1),
    "flock": Launcher(valued: ["-w", "-E", "--timeout", "--conflict-exit-code"], operands: 1),
    "xargs": Launcher(valued: ["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"]),
    "watch": Launcher(valued: ["-n", "--interval"]),
    "sudo": Launcher(valued: ["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-D", "-R", "--user", "--group"]),
    "doas": Launcher(valued: ["-u", "-C"]), "runuser": Launcher(valued: ["-u", "-g", "-G", "--user", "--group"]),
    "setpriv": Launcher(valued: [
      "--reuid", "--regid", "--ruid", "--euid", "--rgid", "--egid", "--groups", "--inh-caps", "--ambient-caps",
      "--bounding-set", "--securebits", "--pdeathsig", "--selinux-label", "--apparmor-profile",
    ]),
    "python": Launcher(valued: ["-W", "-X"]), "python3": Launcher(valued: ["-W", "-X"]),
  ]
  /// What runs the value of an option as a shell's script.
  private static let scriptRunners: Set = ["su", "runuser", "flock", "script"]
  private static let valuedOfSu: Set = ["-s", "--shell", "-g", "--group", "-G", "--supp-group", "-w", "-E"]

  /// More than anybody nests.
  private static let deepest = 8
  /// How often parameters of scripts are put in, in all scripts together: they may be as long as a script each time, and hold
  /// another one.
  private static let mostParameters = 10

  /// The programs of a command and its arguments, in their order, and whether a shell runs them.
  static func all(_ words: [String]) -> (programs: [Self], isShell: Bool) {
    var found: [Self] = []
    var isShell = false
    var left = mostParameters
    add(words, to: &found, depth: 0, &isShell, &left)
    return (found, isShell)
  }

  private static func add(
    _ words: [String], to found: inout [Self], depth: Int, _ isShell: inout Bool, _ left: inout Int
  ) {
    var rest = words[...]
    var entryPoint: ArraySlice<String>?
    passAssignments(&rest)
    while let first = rest.first {
      let program = name(first)
      if let (script, parameters) = script(of: program, rest.dropFirst()), depth < deepest {
        isShell = true
        for command in ShellCommands(script).commands {
          var words: [String] = []
          for word in command {
            if isAll(word), left > 0 {
              left -= 1
              words += parameters
            } else {
              words.append(word)
            }
          }
          add(words, to: &found, depth: depth + 1, &isShell, &left)
        }
        return
      }
      if shells.contains(program) {
        isShell = true
        guard let file = shellOperands(rest.dropFirst()).operands, !file.isEmpty else { break }
        rest = file
      } else if let launcher = launchers[program] {
        rest = behind(launcher, rest.dropFirst())
        passAssignments(&rest)
      } else if isEntryPoint(program) {
        let told = rest.dropFirst()
        guard let next = told.first, !next.hasPrefix("-") else {
          return found.append(Self(words: words, own: rest, isEntryPoint: true))
        }
        entryPoint = entryPoint ?? rest
        rest = told
      } else {
        break
      }
    }
    // What an entry point is told to run, it runs; but what is not known may be the server's.
    let program = Self(words: words, own: rest, isEntryPoint: false)
    if let entryPoint, !program.isServer, !ClientProgram.isKnown(program.name), !waiting.contains(program.name) {
      found.append(Self(words: words, own: entryPoint, isEntryPoint: true))
    } else {
      found.append(program)
    }
  }

  /// Programs by which somebody stops a server for a while, to look into its volume.
  static let waiting: Set = ["sleep", "tail", "pause"]

  /// Whether it is an image's own program, which prepares the server and runs it.
  private static func isEntryPoint(_ program: String) -> Bool {
    program == "entrypoint.sh" || program.hasSuffix("-entrypoint.sh") || program == "container-entrypoint"
  }

  /// Whether it stands for all parameters of a script.
  private static func isAll(_ word: String) -> Bool { word == "$@" || word == "$*" }

  /// Goes on behind `NAME=value`.
  private static func passAssignments(_ words: inout ArraySlice<String>) {
    words = words.drop { word in
      guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")), equals != word.startIndex else { return false }
      return word[..<equals].utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == UInt8(ascii: "_")
      }
    }
  }

  private static func behind(_ launcher: Launcher, _ words: ArraySlice<String>) -> ArraySlice<String> {
    var words = words
    while let word = words.first, word.hasPrefix("-") {
      words.removeFirst()
      if word == "--" { break }
      if launcher.takesNext(word) { words = words.dropFirst() }
    }
    return words.dropFirst(launcher.operands)
  }

  /// The script that a program is given, and the script's parameters; nil where it is given none.
  private static func script(
    of program: String, _ words: ArraySlice<String>
  ) -> (script: String, parameters: ArraySlice<String>)? {
    if shells.contains(program) {
      let (hasScript, operands) = shellOperands(words)
      guard hasScript, let script = operands?.first else { return nil }
      return (script, operands?.dropFirst(2) ?? [])
    }
    if program == "eval" { return (words.joined(separator: " "), []) }
    guard scriptRunners.contains(program) else { return nil }
    var words = words
    // The user, or the file that is locked.
    var operands = 0
    while let word = words.popFirst(), operands < 2, word != "-u", word != "--user" {
      if word.hasPrefix("--command=") { return (String(word.dropFirst(10)), []) }
      if ["--command", "--session-command"].contains(word) || word.hasSuffix("c") && word.hasPrefix("-") {
        return words.first.map { ($0, []) }
      }
      if valuedOfSu.contains(word) {
        words = words.dropFirst()
      } else if !word.hasPrefix("-") {
        operands += 1
      }
    }
    return nil
  }

  /// Whether a shell's first operand is a script, by `-c`, and its operands; nil where it has none.
  private static func shellOperands(
    _ words: ArraySlice<String>
  ) -> (hasScript: Bool, operands: ArraySlice<String>?) {
    var words = words
    var hasScript = false
    while let word = words.first, word.hasPrefix("-") || word.hasPrefix("+") {
      words.removeFirst()
      if word == "--" || word == "-" { break }
      guard !word.hasPrefix("--") else {
        if word == "--rcfile" || word == "--init-file" { words = words.dropFirst() }
        continue
      }
      if word.utf8.contains(UInt8(ascii: "c")), word.hasPrefix("-") { hasScript = true }
      if word.utf8.contains(UInt8(ascii: "o")) || word.utf8.contains(UInt8(ascii: "O")) { words = words.dropFirst() }
    }
    return (hasScript, words.isEmpty ? nil : words)
  }
}
