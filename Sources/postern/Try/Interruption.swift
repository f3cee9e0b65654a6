import Linux
import Synchronization

/// Whether somebody has asked the command to end: at the terminal (SIGINT, SIGQUIT), by closing it (SIGHUP), or by SIGTERM.
final class Interruption: Sendable {
  private let expected = Mutex(false)

  /// From now on such a signal is noted and does not end the process. One that it was started to ignore, as by nohup, it still does.
  init() { CurrentProcess.noteSignals() }

  /// The signal that came first.
  var signal: Int32? { CurrentProcess.notedSignal }

  var isOver: Bool { signal != nil }

  /// Whether the command waits for nothing else, so that its end is no failure.
  var isExpected: Bool {
    get { expected.withLock { $0 } }
    set { expected.withLock { $0 = newValue } }
  }
}
