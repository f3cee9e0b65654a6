import Linux
package import LogLine
package import Provisioning

/// The functions by which a pass and the sidecar's loop talk to each other while the pass runs.
package struct PassControl {
  /// Takes log lines.
  package var log: Log
  /// Whether the process must end. A pass asks between two steps.
  package var shouldStop: () -> Bool
  /// Is told when the server started, in seconds since 1970, before anything is done.
  package var loggedIn: (String) -> Void
  /// Waits until a socket can be read, for at most `milliseconds`, or until something else needs attention.
  package var wait: (_ socket: Int32, _ milliseconds: Int) -> PassWake
  /// What is desired by now; nil where the files cannot be read.
  package var reread: () -> DesiredState?
  /// Is called when a script begins, with the problems so far, and with nil when it has ended.
  package var scriptRuns: (RunningScript?, [ItemProblem]) -> Void
  /// Is told how a pass has ended that was made beside a script.
  package var passEnded: (PassReport, DesiredState) -> Void
  /// Whether the instance is ready. Items that fail from then on are recorded in the server.
  package var isReady: () -> Bool

  /// A pass that nothing disturbs.
  package init(log: @escaping Log = { _, _, _ in }, shouldStop: @escaping () -> Bool = { false }) {
    self.log = log
    self.shouldStop = shouldStop
    loggedIn = { _ in }
    wait = { SystemClock.waitUntilReadable($0, milliseconds: $1) ? .readable : .timeOver }
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
  /// The time is over.
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
  /// Whose lock it waits for, where it waits for one.
  package var waitsFor: String?

  /// A script with these values.
  package init(item: String, since: String, waitsFor: String? = nil) {
    self.item = item
    self.since = since
    self.waitsFor = waitsFor
  }
}
