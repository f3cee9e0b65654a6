/// A part of a file that kubectl reads as one YAML document: the lines between those that begin with `---`. kubectl
/// divides a file by its lines, before it parses them.
struct ManifestDocument: Equatable {
  /// Its lines, with their line ends.
  let text: String
  /// The line of the file on which it begins, from 1.
  let line: Int
  /// The number of the document in the file, from 1. Empty documents count too.
  let number: Int

  /// Whether it contains nothing but comments.
  var isBlank: Bool {
    text.split(separator: "\n").allSatisfy { line in
      let word = line.first { $0 != " " && $0 != "\t" }
      return word == nil || word == "#"
    }
  }

  /// All documents of a file, or of its rest, in order.
  /// - Parameters:
  ///   - firstLine: the line of the file on which the text begins.
  ///   - count: the number of documents before it.
  static func all(
    in text: String, from firstLine: Int = 1, after count: Int = 0
  ) throws(ManifestFault) -> [ManifestDocument] {
    var documents: [ManifestDocument] = []
    var lines: [Substring.UTF8View] = []
    var start = firstLine
    func end(before line: Int) {
      // kubectl does not count an empty document before the first `---`.
      if !lines.isEmpty {
        let text = lines.map { String(Substring($0)) + "\n" }.joined()
        documents.append(ManifestDocument(text: text, line: start, number: count + documents.count + 1))
      }
      lines = []
      start = line + 1
    }
    var all = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if all.last?.isEmpty == true { all.removeLast() }
    for (number, line) in zip(firstLine..., all) {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard line.starts(with: "---".utf8) else {
        lines.append(line)
        continue
      }
      let rest = line.dropFirst(3)
      let word = rest.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      guard word == nil || word == UInt8(ascii: "#") else {
        throw ManifestFault(
          problem: "a line that begins with --- divides documents, and holds nothing else but a comment",
          line: number, column: 1, document: count + documents.count + (lines.isEmpty ? 1 : 2), path: [])
      }
      end(before: number)
    }
    end(before: firstLine + all.count)
    return documents
  }
}
