import Linux
import Synchronization

/// What commands print: results to standard output, what went wrong to standard error; colour only on a terminal.
final class Console: Sendable {
  private let isColoured =
    CurrentProcess.outputIsTerminal && (CurrentProcess.environment("NO_COLOR") ?? "").isEmpty
  private let firstFault = Mutex<FileError?>(nil)

  /// Why not all that was printed has been written; nil where it has.
  var fault: FileError? { firstFault.withLock(\.self) }

  func print(_ line: String = "", terminator: String = "\n") {
    do throws(FileError) {
      try CurrentProcess.writeOutput(line + terminator)
    } catch {
      firstFault.withLock { $0 = $0 ?? error }
    }
  }

  func error(_ line: String) {
    CurrentProcess.writeError(line + "\n")
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
