/// The server's arguments in a container's command: `-p`, and settings by `-c` or `--` (PostgreSQL docs, "postgres").
/// In a shell's command, every word is checked.
struct ServerArguments {
  private(set) var port: Int?
  private(set) var settings: [String: String] = [:]
  /// Whether a shell runs first, which may set more variables.
  let isShell: Bool

  init(_ arguments: [String]) {
    let program = arguments.first?.split(separator: "/").last
    isShell = program.map { ["sh", "bash", "ash", "dash"].contains($0) } ?? false
    var words = arguments.flatMap { $0.split(whereSeparator: \.isWhitespace) }[...]
    while let word = words.popFirst() {
      if word == "-p" {
        port = words.first.flatMap(Self.port) ?? port
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

  private static func port(_ word: Substring) -> Int? { UInt16(unquoted(word)).map(Int.init) }

  private static func unquoted(_ word: Substring) -> Substring {
    var word = word
    while let first = word.first, "'\"".contains(first) { word.removeFirst() }
    while let last = word.last, "'\";".contains(last) { word.removeLast() }
    return word
  }
}
