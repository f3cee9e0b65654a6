/// Generates manifests that use as many spellings of YAML and JSON as possible. The same seed gives the same file.
struct YAMLOddities: RandomNumberGenerator {
  private var state: UInt64
  private var anchors = 0

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
  private mutating func happens(_ percent: Int) -> Bool { below(100) < percent }
  private mutating func pick(_ words: [String]) -> String { words[below(words.count)] }

  // MARK: Files

  mutating func file() -> String {
    if happens(15) { return (0...below(3)).map { _ in json() }.joined(separator: pick(["", "\n", "\n\n"])) }
    var documents: [String] = []
    for _ in 0...below(4) {
      documents.append(happens(10) ? pick(["null\n", "# nothing\n", "\n", "~\n"]) : happens(20) ? list() : manifest(0))
    }
    let separator = pick(["---\n", "--- # next\n", "---   \n", "---\n# comment\n", "...\n---\n"])
    var text = pick(["", "---\n", "# first\n"]) + documents.joined(separator: separator)
    if happens(10) { text = "\u{FEFF}" + text }
    return happens(15) ? text.replacing("\n", with: "\r\n") : text
  }

  /// A file in which a few bytes are changed, removed or added.
  mutating func damagedFile() -> [UInt8] {
    var bytes = Array(file().utf8)
    let marks = Array("{}[]:,-?&*!|>'\"%@`# \t\n\\/<~=+.0x_ye".utf8)
    for _ in 0...below(3) where !bytes.isEmpty {
      let place = below(bytes.count)
      switch below(3) {
      case 0: bytes.remove(at: place)
      case 1: bytes.insert(marks[below(marks.count)], at: place)
      default: bytes[place] = marks[below(marks.count)]
      }
    }
    return bytes
  }

  private mutating func manifest(_ indent: Int) -> String {
    anchors = 0
    let space = String(repeating: " ", count: indent)
    var text = "\(space)apiVersion: \(pick(["v1", "apps/v1", "\"v1\"", "example.com/v1beta1"]))\n"
    text += "\(space)kind: \(pick(["ConfigMap", "Thing", "'Pod'"]))\n"
    text += "\(space)metadata: {name: \(pick(["a", "b-1", "\"c\"", "x.y"]))}\n"
    for name in ["spec", "data", "rest"].prefix(below(4)) { text += "\(space)\(name):\(node(indent + 2, 0))" }
    return text
  }

  private mutating func list() -> String {
    let items = (0...below(3)).map { _ in
      happens(50) ? "- metadata: {name: n\(below(9))}\n" : "-\n" + manifest(2)
    }
    return "apiVersion: v1\nkind: \(pick(["List", "PodList", "SecretList"]))\nitems:\n" + items.joined()
  }

  // MARK: YAML

  /// The text after a colon or a dash, to the end of its last line.
  private mutating func node(_ indent: Int, _ depth: Int) -> String {
    let space = String(repeating: " ", count: indent)
    switch depth > 3 ? 9 : below(10) {
    case 0, 1, 2:
      var text = anchor() + comment() + "\n"
      var used: Set<String> = []
      if anchors > 0, happens(25) { text += "\(space)<<: *m\(below(anchors))\n" }
      for _ in 0...below(4) {
        let key = key()
        guard used.insert(key).inserted else { continue }
        text += "\(space)\(key):\(node(indent + 1 + below(4), depth + 1))"
      }
      return text
    case 3, 4:
      var text = comment() + "\n"
      for _ in 0...below(4) { text += "\(space)-\(node(indent + 2, depth + 1))" }
      return text
    case 5: return " \(flow(depth))\(comment())\n"
    case 6:
      let head = pick(["|", ">", "|-", ">-", "|+", ">+"])
      let lines = (0...below(4)).map { _ in happens(20) ? "" : space + " " + pick(Self.texts) }
      return " \(head)\n\(space) first\n" + lines.joined(separator: "\n") + "\n"
    case 7: return "\n\(space)\(scalar())\n"
    default: return " \(scalar())\(comment())\n"
    }
  }

  private mutating func anchor() -> String {
    guard happens(30) else { return "" }
    anchors += 1
    return " &m\(anchors - 1)"
  }

  private mutating func comment() -> String { happens(15) ? pick([" # c", "  #", " # \"x: y"]) : "" }

  private mutating func flow(_ depth: Int) -> String {
    guard depth < 4 else { return pick(Self.flowScalars) }
    switch below(4) {
    case 0: return "[" + (0..<below(4)).map { _ in flow(depth + 1) }.joined(separator: ", ") + "]"
    case 1:
      return "{" + (0..<below(4)).map { "k\($0): \(flow(depth + 1))" }.joined(separator: pick([", ", ",", ",  "])) + "}"
    default: return pick(Self.flowScalars)
    }
  }

  private mutating func key() -> String {
    happens(70) ? "\(pick(["a", "b", "name", "x-y", "A_B"]))\(below(99))" : pick(Self.keys)
  }

  private mutating func scalar() -> String {
    happens(60)
      ? pick(ScalarTests.rows.map(\.yaml).filter { !$0.hasPrefix("<<") && !$0.hasPrefix("*") }) : pick(Self.texts)
  }

  // MARK: JSON

  private mutating func json() -> String {
    "{\(pick(["", " ", "\n\t"]))\"apiVersion\":\"v1\",\"kind\": \"Thing\",\"metadata\":{\"name\":\"a\"},\"spec\":\(value(0))}"
  }

  private mutating func value(_ depth: Int) -> String {
    switch depth > 3 ? 9 : below(7) {
    case 0: "[" + (0..<below(4)).map { _ in value(depth + 1) }.joined(separator: pick([",", " , ", ",\n"])) + "]"
    case 1: "{" + (0..<below(4)).map { "\"k\($0)\":\(value(depth + 1))" }.joined(separator: ",") + "}"
    default: pick(Self.jsonScalars)
    }
  }

  private static let texts = [
    "plain words", "http://host:80/a?b=c#d", "a:b", "a #b", "x, y", "- no", "it's", "\"quoted: text\"",
    "'single # text'",
    "\"a\\nb\\tc\"", "\"\\u00e9\\x41\\U0001F600\"", "ü 😀", "{ brace", "$(VAR)", "1 2", "0777 x", "key: value", "%a",
    "@a",
    "100%", "a\\b", "\"trailing \"", "''", "\"\"", "yes", "No", "~", "null", "2026-11-26T10:00:00Z", "1_000", "0o17",
  ]
  private static let flowScalars = [
    "a", "1", "0x1F", "0777", "y", "off", "~", "null", "\"q, [r]\"", "'s}'", "1.50", "1e3", "http://a/b", "a b", "-1",
    "+.5",
    "[]", "{}", "\"a\\\"b\"", "2026-11-26", "!!str 1", "!!int \"2\"", "x#y", "1_0",
  ]
  private static let keys = [
    "1", "0x10", "0777", "y", "Off", "1.5", "1e3", "\"q k\"", "'s'", "a/b.c", "? c", "2026-11-26", "\"\"", "!!str 7",
    "a b", "é",
  ]
  private static let jsonScalars = [
    "1", "-1", "1.0", "1.50", "1e3", "1E-7", "-0", "0.1", "12345678901234567890", "9223372036854775807", "true",
    "false",
    "null", "\"\"", "\"a\\/b\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\u0000\\u001f\"", "\"é\\n\\t\\\"\\\\\"",
    "\"yes\"",
    "\"0777\"", "1e21", "123456789.123456789",
  ]
}
