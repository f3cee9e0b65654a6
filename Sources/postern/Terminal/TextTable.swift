/// Rows of text under a heading, with columns as wide as their contents, as kubectl prints them.
struct TextTable {
  let heading: [String]
  var rows: [[String]] = []
  /// What precedes each line.
  var indent = ""

  /// The heading, where it is wanted, and a line for each row. No cell's text reaches the terminal's control codes.
  func lines(hasHeading: Bool = true) -> [String] {
    let rows = (hasHeading ? [heading] : []) + rows.map { $0.map(\.inOneLine) }
    var widths = heading.map { _ in 0 }
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
    return rows.map { row in
      var line = indent
      for (column, cell) in row.enumerated() {
        line += cell
        guard column < row.count - 1 else { continue }
        line += String(repeating: " ", count: widths[column] - cell.count + 3)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
