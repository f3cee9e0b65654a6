import Foundation

/// What commands print: results to standard output, what went wrong to standard error; colour only on a terminal.
struct Console: Sendable {
  private let isColoured =
    isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty

  func print(_ line: String = "", terminator: String = "\n") {
    FileHandle.standardOutput.write(Data((line + terminator).utf8))
  }

  func error(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  enum Colour: Int {
    case red = 31
    case green, yellow
  }

  func coloured(_ text: String, _ colour: Colour) -> String {
    isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }

  func heading(_ title: String, _ remark: String = "") {
    let coloured = isColoured ? "\u{1B}[1m\(title)\u{1B}[0m" : title
    print()
    print(remark.isEmpty ? coloured : "\(coloured)  \(remark)")
  }
}
