import PostgresParser

/// SQL that the parser knows and an older server does not (PostgreSQL's release notes, "Changes", of 13 to 18). Quoted
/// text, such as the bodies of most functions, is not checked.
struct NewerSyntax: Equatable {
  /// How it is written in SQL.
  let name: String
  /// The first major version that knows it.
  let version: Int
  /// Whether it may be something else with the same name, such as a function of the user's own.
  let isGuess: Bool
  /// The offset of its first byte in the script.
  let start: Int

  /// The syntax in a script that a server of this major version does not know, with the first place of each.
  static func all(in script: String, for server: Int) -> [NewerSyntax] {
    guard server < newest, let tokens = PostgresParser.allTokens(of: script) else { return [] }
    var found: [NewerSyntax] = []
    var names: Set<String> = []
    func add(_ name: String, _ version: Int, isGuess: Bool = false, at start: Int) {
      guard server < version, names.insert(name).inserted else { return }
      found.append(NewerSyntax(name: name, version: version, isGuess: isGuess, start: start))
    }
    var isMerge = false
    var isReturning = false
    var opened: [Bool] = []
    for (index, token) in tokens.enumerated() {
      let rest = tokens[index...]
      if index == 0 || tokens[index - 1].text == ";" && opened.isEmpty { (isMerge, isReturning) = (false, false) }
      for construct in constructs[token.text] ?? [] where rest.starts(with: construct.words) {
        add(construct.words.joined(separator: " ").uppercased(), construct.version, at: token.start)
      }
      if let version = functions[token.text], rest.dropFirst().first?.text == "(" {
        add(token.text.uppercased(), version, isGuess: true, at: token.start)
      }
      switch token.text {
      case "merge": isMerge = isMerge || rest.starts(with: ["merge", "into"])
      case "returning":
        isReturning = true
        if isMerge { add("RETURNING of MERGE", 17, at: token.start) }
      case "old", "new":
        guard isReturning, rest.dropFirst().first?.text == "." else { break }
        add("\(token.text.uppercased()) in RETURNING", 18, isGuess: true, at: token.start)
      case "(":
        opened.append(tokens[..<index].suffix(3).map(\.text) == ["generated", "always", "as"])
      case ")":
        guard opened.popLast() == true, rest.dropFirst().first?.text != "stored" else { break }
        add("a generated column that is not STORED", 18, at: token.start)
      default:
        if isNewNumber(token.text) { add("the number \(token.text)", 16, at: token.start) }
      }
    }
    return found
  }

  private static let newest = 18

  private static let constructs: [String: [(words: [String], version: Int)]] = Dictionary(
    grouping: [
      ("with ties", 13), ("create or replace trigger", 14), ("begin atomic", 14), ("group by distinct", 14),
      ("search depth first", 14), ("search breadth first", 14), ("merge into", 15), ("nulls not distinct", 15),
      ("nulls distinct", 15), ("security_invoker", 15), ("tables in schema", 15), ("is json", 16), ("is not json", 16),
      ("when not matched by", 17), ("set expression as", 17), ("returning with (", 18), ("without overlaps", 18),
      ("not enforced", 18),
    ].map { (words: $0.0.split(separator: " ").map(String.init), version: $0.1) }, by: { $0.words.first ?? "" })

  private static let functions = [
    "any_value": 16, "json_arrayagg": 16, "json_objectagg": 16, "json_table": 17, "json_exists": 17, "json_query": 17,
    "json_value": 17, "json_scalar": 17, "json_serialize": 17, "merge_action": 17, "uuidv7": 18,
  ]

  /// `0x1F`, `0o17`, `0b11` and `1_000`.
  private static func isNewNumber(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x30...0x39).contains(first) else { return false }
    return text.utf8.contains(UInt8(ascii: "_")) || ["0x", "0o", "0b"].contains { text.hasPrefix($0) }
  }
}

extension ArraySlice<SQLToken> {
  fileprivate func starts(with words: [String]) -> Bool {
    words.count <= count && zip(self, words).allSatisfy { $0.text == $1 }
  }
}
