internal import CLinux

/// This process: its arguments and environment, its output, its end.
package enum CurrentProcess {
  /// The process id.
  package static var identifier: Int { Int(postern_process_identifier()) }

  /// Its arguments, the program's name first. Read from /proc: Embedded Swift has no `CommandLine`.
  package static func arguments() throws(FileError) -> [String] {
    var bytes = try File.read("/proc/self/cmdline")
    if bytes.last == 0 { bytes.removeLast() }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A variable of its environment; nil where it is not set.
  package static func environment(_ name: String) -> String? {
    unsafe postern_environment(name).map { unsafe String(cString: $0) }
  }

  /// From now on SIGINT, SIGQUIT, SIGTERM and SIGHUP are noted and do not end it; those that it ignores, as nohup(1) has it ignore
  /// SIGHUP, it still ignores. A program that runs at the terminal gets them instead.
  package static func noteSignals() { postern_note_signals() }

  /// The first of them that came.
  package static var notedSignal: Int32? {
    let signal = postern_noted_signal()
    return signal == 0 ? nil : signal
  }

  /// Whether standard input is a terminal.
  package static var inputIsTerminal: Bool { postern_is_terminal(0) == 1 }

  /// Whether standard output is a terminal.
  package static var outputIsTerminal: Bool { postern_is_terminal(1) == 1 }

  /// Standard input to its end.
  package static func readInput(limit: Int) throws(FileError) -> [UInt8] {
    try File.read(descriptor: 0, "standard input", limit: limit)
  }

  /// Writes a text to standard output. It is not an error if nobody reads it, but it is if it cannot be written, such as
  /// to a file on a full disk.
  package static func writeOutput(_ text: String) throws(FileError) {
    let outcome = write(Array(text.utf8), to: 1)
    guard outcome < 0, postern_is_unread(-outcome) == 0 else { return }
    throw FileError("standard output", code: Int(outcome))
  }

  /// Writes a text to standard error. Where that cannot be done, there is nobody left to tell.
  package static func writeError(_ text: String) { _ = write(Array(text.utf8), to: 2) }

  /// Writes bytes to standard error.
  package static func writeError(_ bytes: [UInt8]) { _ = write(bytes, to: 2) }

  /// Returns 0, or the negated number of the system's error.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    unsafe bytes.withUnsafeBytes { unsafe postern_write(descriptor, $0.baseAddress, $0.count) }
  }

  /// From now on, allocations of a MiB or more return to the system as soon as they are freed.
  package static func keepLargeMemoryApart() { postern_keep_large_memory_apart() }

  /// Raises the limit of open files and connections to the most that the process may have. Container runtimes start it
  /// with 1,024.
  package static func raiseFileLimit() { postern_raise_file_limit() }

  /// From now on the process's other threads take precedence over the calling thread when there are not enough cores.
  package static func yieldThreadToOthers() { postern_yield_to_others() }

  /// How many cores the calling thread may run on, as a CPU manager or `taskset` has set it; `Int32.max` where the
  /// system does not say.
  package static var usableCores: Int { Int(postern_usable_cores()) }

  /// Returns unused memory to the system, before a long wait.
  package static func releaseMemory() { postern_release_memory() }

  /// Returns the pages of the program's code and constants to the system. A page that is needed again is read from the
  /// system's cache of the file, within microseconds.
  package static func releaseProgram() { postern_release_program() }

  /// Ends the process.
  package static func exit(_ code: Int32) -> Never { postern_exit(code) }

  /// From now on SIGTERM and SIGINT request the end of the process (``stopRequested``) and wake a ``FolderWatch``, and
  /// a write that nobody reads does not end the process. If the process has not ended within 0.8 seconds, it is
  /// ended with exit code 0. So all work must be able to continue after an end at any step.
  package static func catchSignals() throws(FileError) {
    _ = try File.check(Int(postern_catch_signals(800)), "signal handlers")
  }

  /// Whether the process was asked to end.
  package static var stopRequested: Bool { postern_stop_requested() != 0 }
}
