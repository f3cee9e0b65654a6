internal import CLinux

/// A program to run as a child of this process. It gets no descriptor but its three streams, and handles signals as by
/// default, whatever this process ignores or blocks.
///
/// Not Foundation's `Process`: that of Swift 6.3 reads past a buffer, and puts each program in a process group of its own,
/// so that it cannot read from the terminal. Not swift-subprocess: a program of it lasts no longer than an async call.
package struct ChildProgram: Sendable {
  /// Its standard input.
  package enum Input: Sendable {
    case nothing, inherited
    /// A file that holds these bytes.
    case bytes([UInt8])
    /// A pipe without bytes that ends when this process or the ``ChildProcess`` does.
    case open
  }

  /// Its standard output or standard error.
  package enum Output: Sendable {
    case nothing, inherited
    /// What it writes is collected by ``ChildProcess/answer(within:)`` or ``ChildProcess/nextOutput()``.
    case collected
    /// What it writes is added to a file, which is made where there is none.
    case file(String)
    /// Errors go where the output goes.
    case asOutput
  }

  /// Its path. A name without a slash is looked for in the folders of PATH.
  package var program: String
  /// Without the program's name.
  package var arguments: [String]
  /// All its variables; nil for this process's own.
  package var environment: [String: String]?
  /// The folder that it runs in; nil for this process's.
  package var folder: String?
  package var input = Input.nothing
  package var output = Output.inherited
  package var errors = Output.inherited
  /// Whether it is in a process group of its own: then the terminal's signals do not reach it, and it cannot read there.
  package var leadsGroup = false

  package init(_ program: String, _ arguments: [String] = []) {
    self.program = program
    self.arguments = arguments
  }

  /// Starts it.
  package func start() throws(FileError) -> ChildProcess { try ChildProcess(self) }

  /// Runs it to its end. It blocks the thread.
  /// - Parameter milliseconds: how long it may take; then it is ended.
  package func answer(within milliseconds: Int? = nil) throws(FileError) -> ChildAnswer {
    try start().answer(within: milliseconds)
  }

  /// Runs it to its end in this process's place at the terminal, with this process's streams. It blocks the thread.
  /// Signals from the terminal are the program's alone, and a request to end this process ends the program.
  /// - Returns: its exit status; 128 and the signal's number where a signal ended it.
  package func runAtTerminal() throws(FileError) -> Int32 {
    let (path, texts) = try prepared()
    let status = unsafe texts.withPointers { arguments, variables in
      unsafe postern_run_child(
        path, arguments, Int32(texts.argumentCount), variables, Int32(texts.variableCount), folder)
    }
    guard status >= 0 else { throw failure(path, Int(status)) }
    return status
  }

  /// The path of a program that may be run: of a name without a slash, the first in the folders of PATH. Nil where there
  /// is none.
  package static func path(of name: String) -> String? {
    guard !name.utf8.contains(UInt8(ascii: "/")) else { return unsafe postern_is_program(name) != 0 ? name : nil }
    let folders = (CurrentProcess.environment("PATH") ?? "/usr/bin:/bin").utf8.split(separator: UInt8(ascii: ":"))
    for folder in folders {
      let path = String(decoding: Array(folder) + [UInt8(ascii: "/")] + Array(name.utf8), as: UTF8.self)
      if unsafe postern_is_program(path) != 0 { return path }
    }
    return nil
  }

  /// The program's path, and the texts that it is started with.
  func prepared() throws(FileError) -> (path: String, texts: ChildTexts) {
    let variables = environment.map { $0.map { "\($0.key)=\($0.value)" } }
    guard !([program, folder ?? ""] + arguments + (variables ?? [])).contains(where: { $0.utf8.contains(0) }) else {
      throw FileError(program, reason: "its name, an argument or a variable contains a NUL; remove it")
    }
    let path = try path
    return (path, ChildTexts([path] + arguments, variables))
  }

  private var path: String {
    get throws(FileError) {
      guard !program.utf8.contains(UInt8(ascii: "/")) else { return program }
      guard let path = Self.path(of: program) else {
        throw FileError(program, reason: "there is no such program in the folders of PATH; install it")
      }
      return path
    }
  }

  /// Why it could not be started. The system does not say which of the files was meant.
  func failure(_ path: String, _ code: Int) -> FileError {
    if let folder, unsafe postern_is_folder(folder) == 0 {
      return FileError(folder, reason: "there is no such folder to run \(program) in; make it")
    }
    let failure = Int32(clamping: -code)
    if postern_is_missing(failure) != 0 {
      return FileError(
        path,
        reason: File.exists(path)
          ? "what it is run by is missing: the program of its first line, or a loader; install that"
          : "there is no such program; install it, or correct its path")
    }
    if postern_may_not(failure) != 0 {
      return FileError(path, reason: "it may not be run; make it executable, and its folder readable (chmod a+rx)")
    }
    if postern_is_no_program(failure) != 0 {
      return FileError(
        path, reason: "it is no program of this machine; install that of its architecture, or begin a script with #!")
    }
    return FileError(path, code: code)
  }
}
