/// An upper bound of the number of values in a YAML document: each begins after a `,`, a bracket, a `:`, a `- ` or a `?
/// `. The lines of block scalars, which contain the SQL, do not count, unless something before them makes it doubtful
/// that they belong to one.
struct YAMLMarks {
  private(set) var count = 1

  init(_ text: String) {
    // The column at which a block scalar's owner begins. Lines that are indented further belong to the block.
    var owner: Int?
    var isSure = !Self.hasOtherLineBreaks(text)
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if let begin = owner {
        let indentation = line.prefix { $0 == UInt8(ascii: " ") }.count
        if indentation > begin || line.allSatisfy({ $0 <= 0x20 }) { continue }
        owner = nil
      }
      let marks = Self.marks(in: line)
      count += marks.count
      isSure = isSure && marks.isClosed
      if isSure { owner = Self.ownerOfBlock(line) }
    }
  }

  /// Counts the marks in a line. Also returns whether every quote and bracket that the line opens is closed in it.
  private static func marks(in line: Substring.UTF8View) -> (count: Int, isClosed: Bool) {
    var (count, quotes, apostrophes, brackets) = (0, 0, 0, 0)
    var indicator = false
    for byte in line {
      if indicator, byte <= 0x20 { count += 1 }
      indicator = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?")
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: ":"): count += 1
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        count += 1
        brackets += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets -= 1
      case UInt8(ascii: "\""): quotes += 1
      case UInt8(ascii: "'"): apostrophes += 1
      default: break
      }
    }
    if indicator { count += 1 }
    return (count, quotes % 2 == 0 && apostrophes % 2 == 0 && brackets == 0)
  }

  /// The column at which the owner of a block scalar begins, in a line such as `- sql: |`; nil for any other line.
  private static func ownerOfBlock(_ line: Substring.UTF8View) -> Int? {
    var rest = line[...]
    while rest.last.map({ $0 <= 0x20 }) == true { rest.removeLast() }
    if let last = rest.last, last == UInt8(ascii: "-") || last == UInt8(ascii: "+") { rest.removeLast() }
    guard let style = rest.popLast(), style == UInt8(ascii: "|") || style == UInt8(ascii: ">") else { return nil }
    while rest.last == UInt8(ascii: " ") { rest.removeLast() }
    if rest.isEmpty { return -1 }
    var begin = 0
    var dash = -1
    while let byte = rest.first, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") {
      if byte == UInt8(ascii: "-") { dash = begin }
      begin += 1
      rest.removeFirst()
    }
    if rest.isEmpty { return dash }
    guard rest.popLast() == UInt8(ascii: ":"), rest.allSatisfy(isPlain) else { return nil }
    return begin
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// Whether there are other line breaks of YAML than LF and CR LF: CR, U+0085, U+2028, U+2029.
  private static func hasOtherLineBreaks(_ text: String) -> Bool {
    var previous: (UInt8, UInt8) = (0, 0)
    for byte in text.utf8 {
      if previous.1 == 0x0D, byte != 0x0A { return true }
      if previous.1 == 0xC2, byte == 0x85 { return true }
      if previous == (0xE2, 0x80), byte == 0xA8 || byte == 0xA9 { return true }
      previous = (previous.1, byte)
    }
    return false
  }
}
