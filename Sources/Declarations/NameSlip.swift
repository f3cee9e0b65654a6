/// A name that Postgres takes and that is most likely a slip in a list: `-orders`, `orders, billing`, `orders;`, `"shop "`.
struct NameSlip {
  /// What is odd about it, such as `begins with a dash`.
  let reason: String
  /// What may be meant.
  let hint: String

  /// Nil for an ordinary name: letters, digits and signs, with spaces, dots and dashes inside.
  init?(_ name: String) {
    // Nearly all names hold nothing else, and this is asked of every name.
    guard name.utf8.contains(where: { !$0.isOfName && $0 != UInt8(ascii: ".") }) || name.utf8.first == UInt8(ascii: "-")
    else {
      return nil
    }
    guard let reason = Self.reason(name) else { return nil }
    self.reason = reason
    let (first, last) = (Self.signs + Self.dashes, Self.signs)
    var rest = Substring(name).unicodeScalars
    rest = Substring.UnicodeScalarView(rest.drop { $0.isWhiteSpace || first.contains($0) })
    while let scalar = rest.last, scalar.isWhiteSpace || last.contains(scalar) { rest.removeLast() }
    let meant = String(rest)
    hint =
      if meant.isEmpty {
        "take it out"
      } else if meant.unicodeScalars.contains(where: { $0 == "," || $0 == ";" || $0.isControl }) {
        "if several are meant, write an entry for each"
      } else {
        "did you mean \(quoted(meant))?"
      }
  }

  private static let dashes: [Unicode.Scalar] = ["-", "*", "•", "–", "—"]
  private static let quotes: [Unicode.Scalar] = ["\"", "'", "`", "“", "”", "„", "‘", "’"]
  private static let brackets: [(Unicode.Scalar, Unicode.Scalar)] = [("[", "]"), ("{", "}"), ("(", ")"), ("<", ">")]
  private static let signs = quotes + brackets.flatMap { [$0, $1] } + [",", ";", ":"]

  private static func reason(_ name: String) -> String? {
    let scalars = name.unicodeScalars
    guard let first = scalars.first, let last = scalars.last else { return nil }
    if first.isWhiteSpace { return "begins with white space" }
    if last.isWhiteSpace { return "ends in white space" }
    if scalars.contains(where: \.isControl) { return "holds a line break or another control character" }
    if dashes.contains(first) { return "begins with a dash" }
    if scalars.contains(",") { return "holds a comma" }
    if scalars.contains(";") { return "holds a semicolon" }
    if first == ":" { return "begins with a colon" }
    if last == ":" { return "ends in a colon" }
    if quotes.contains(first) { return "begins with a quote" }
    if quotes.contains(last) { return "ends in a quote" }
    if name.hasPlaceholder { return nil }
    for (open, close) in brackets {
      if first == open { return "begins with a bracket" }
      if last == open || last == close && !scalars.contains(open) { return "ends in a bracket" }
    }
    return nil
  }
}
