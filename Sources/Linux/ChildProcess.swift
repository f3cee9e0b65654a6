internal import CLinux

/// A program that runs as a child of this process. It is killed when this object goes.
///
/// Signals and waits may come from any threads. Its output has one reader.
@safe package final class ChildProcess: @unchecked Sendable {
  /// Its process id.
  package let identifier: Int32
  private let child: OpaquePointer
  private var output: ChildPipe
  private var errors: ChildPipe
  /// This process's end of its input; -1 where there is none.
  private let input: Int32

  private static let terminate: Int32 = 15

  init(_ program: ChildProgram) throws(FileError) {
    let (path, texts) = try program.prepared()
    var streams = ChildStreams()
    try streams.open(program)
    var failure: Int32 = 0
    let started = unsafe texts.withPointers { arguments, variables in
      unsafe postern_child_start(
        path, arguments, Int32(texts.argumentCount), variables, Int32(texts.variableCount), program.folder,
        streams.theirs, program.leadsGroup ? 1 : 0, &failure)
    }
    guard let started = unsafe started else { throw program.failure(path, Int(failure)) }
    unsafe child = started
    identifier = unsafe postern_child_identifier(started)
    input = streams.takeInput()
    output = ChildPipe(descriptor: streams.takeOutput())
    errors = ChildPipe(descriptor: streams.takeErrors())
  }

  deinit {
    unsafe postern_child_kill(child)
    _ = unsafe postern_child_wait(child, -1, -1, 10_000)
    unsafe postern_child_free(child)
    if input >= 0 { postern_close(input) }
  }

  /// How it has ended; nil while it runs.
  package var end: ChildEnd? {
    let code = unsafe postern_child_end(child)
    return code < 0 ? nil : ChildEnd(code: code)
  }

  package var isRunning: Bool { end == nil }

  /// Waits until it has ended. It blocks the thread.
  /// - Parameter milliseconds: how long at most.
  /// - Returns: nil where it still runs.
  package func waitForEnd(within milliseconds: Int) -> ChildEnd? {
    _ = unsafe postern_child_wait(child, -1, -1, Int32(clamping: max(0, milliseconds)))
    return end
  }

  /// Waits until it has ended, for as long as it takes. It blocks the thread.
  package func waitForEnd() -> ChildEnd {
    while true {
      _ = unsafe postern_child_wait(child, -1, -1, -1)
      if let end { return end }
    }
  }

  /// Sends it a signal, if it has not ended.
  package func signal(_ signal: Int32) { _ = unsafe postern_child_signal(child, signal) }

  /// Asks it to end, by SIGTERM.
  package func terminate() { signal(Self.terminate) }

  /// Kills it, with its process group if it leads one.
  package func kill() { unsafe postern_child_kill(child) }

  /// Asks it to end, and kills it when it has not ended in time. It blocks the thread.
  @discardableResult package func stop(within milliseconds: Int = 10_000) -> ChildEnd {
    terminate()
    if let end = waitForEnd(within: milliseconds) { return end }
    kill()
    return waitForEnd()
  }

  /// The next bytes of its output, as soon as there are some; nil after the last. It blocks the thread. What other
  /// processes that hold its output write after its end is not waited for.
  package func nextOutput() -> [UInt8]? {
    while output.descriptor >= 0 {
      let seen = Int(unsafe postern_child_wait(child, output.descriptor, -1, -1))
      if seen & POSTERN_CHILD_ENDED != 0 { output.childHasEnded() }
      let bytes = output.read()
      if !bytes.isEmpty { return bytes }
    }
    return nil
  }

  /// Collects what it writes until it has ended. It blocks the thread.
  /// - Parameter milliseconds: how long it may take; then it is ended.
  package func answer(within milliseconds: Int? = nil) -> ChildAnswer {
    let deadline = milliseconds.map { SystemClock.monotonicMilliseconds + Int64($0) }
    var (outputBytes, errorBytes): ([UInt8], [UInt8]) = ([], [])
    var wasLate = false
    while true {
      let left = wasLate ? nil : deadline.map { max(0, $0 - SystemClock.monotonicMilliseconds) }
      let seen = Int(
        unsafe postern_child_wait(child, output.descriptor, errors.descriptor, left.map { Int32(clamping: $0) } ?? -1))
      if seen & POSTERN_CHILD_ENDED != 0 {
        output.childHasEnded()
        errors.childHasEnded()
      } else if left == 0 {
        wasLate = true
        stop(within: 2000)
        continue
      }
      if seen & POSTERN_CHILD_OUTPUT != 0 { outputBytes += output.read() }
      if seen & POSTERN_CHILD_ERRORS != 0 { errorBytes += errors.read() }
      if output.descriptor < 0, errors.descriptor < 0, let end {
        return ChildAnswer(end: end, output: outputBytes, errors: errorBytes, wasLate: wasLate)
      }
    }
  }
}
