import Linux
package import LogLine
package import Provisioning

/// The functions by which a pass and the sidecar's loop talk to each other while the pass runs.
package struct PassControl {
  /// Writes log lines.
  package var log: Log
  /// Whether the process must end. A pass asks between two steps.
  package var shouldStop: () -> Bool
  /// Is called with the server's start time, in seconds since 1970, before the pass does anything.
  package var loggedIn: (String) -> Void
  /// Waits until a socket can be read, for at most `milliseconds`, or until something else needs attention.
  package var wait: (_ socket: Int32, _ milliseconds: Int) -> PassWake
  /// Reads the newest desired state; nil where the files cannot be read.
  package var reread: () -> DesiredState?
  /// Is called when a script begins, with the problems so far, and with nil when it has ended.
  package var scriptRuns: (RunningScript?, [ItemProblem]) -> Void
  /// Is called with the result of a pass that ran while a script was running.
  package var passEnded: (PassReport, DesiredState) -> Void
  /// Whether the instance is ready. Items that fail from then on are recorded in the server.
  package var isReady: () -> Bool

  /// A control that never interrupts the pass.
  package init(log: @escaping Log = { _, _, _ in }, shouldStop: @escaping () -> Bool = { false }) {
    self.log = log
    self.shouldStop = shouldStop
    loggedIn = { _ in }
    wait = { SocketWait.wait(for: $0, .readable, milliseconds: $1) ? .readable : .timeOver }
    reread = { nil }
    scriptRuns = { _, _ in }
    passEnded = { _, _ in }
    isReady = { false }
  }
}

/// Why a wait for the server's answer has ended.
package enum PassWake: Equatable, Sendable {
  /// The socket can be read.
  case readable
  /// The timeout has passed.
  case timeOver
  /// The mounted files have changed.
  case filesChanged
  /// The process must end.
  case stopRequested
}

/// A script that is running.
package struct RunningScript: Equatable, Sendable {
  /// The item as users know it, such as `script 001-tables in orders`.
  package var item: String
  /// The time at which it began, as in RFC 3339.
  package var since: String
  /// The holder of the lock that it waits for; nil where it does not wait for one.
  package var waitsFor: String?

  /// A script with these values.
  package init(item: String, since: String, waitsFor: String? = nil) {
    self.item = item
    self.since = since
    self.waitsFor = waitsFor
  }
}
