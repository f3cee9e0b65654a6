import Synchronization
import UnixSignals

/// Whether somebody has asked the command to end: at the terminal, by closing it (SIGHUP), or by SIGTERM.
final class Interruption: Sendable {
  private struct State {
    var signal: Int32?
    var listening: Task<Void, Never>?
    var isExpected = false
  }

  private let state = Mutex(State())

  /// From now on such a signal is noted and does not end the process.
  func listen() async {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    let listening = Task {
      for await signal in signals { state.withLock { $0.signal = $0.signal ?? signal.rawValue } }
    }
    state.withLock { $0.listening = listening }
  }

  /// Notes no more, as signals are the business of a program that runs now.
  func stopListening() { state.withLock { $0.listening }?.cancel() }

  /// The signal that came first.
  var signal: Int32? { state.withLock { $0.signal } }

  var isOver: Bool { signal != nil }

  /// Whether the command waits for nothing else, so that its end is no failure.
  var isExpected: Bool {
    get { state.withLock { $0.isExpected } }
    set { state.withLock { $0.isExpected = newValue } }
  }
}
