package import Provisioning

/// The state of the instance, for the readiness probe and `kubectl exec … cat`.
package struct Status: Equatable, Sendable {
  /// The result of the sidecar's last action.
  package enum Outcome: String, CaseIterable, Sendable {
    /// Postgres does not accept connections, or not this login.
    case waitingForPostgres
    /// The mounted files are missing or cannot be read.
    case waitingForFiles
    case converged, incomplete, standby, interrupted
  }

  /// The files that a pass used.
  package struct Tried: Equatable, Sendable {
    /// SHA-256 of the `spec.json`.
    package var specHash: String
    /// ``DesiredState/generation``
    package var generation: String?
  }

  /// The logins of users whose passwords turn, as they are on the server.
  package struct Logins: Equatable, Sendable {
    /// ``VolumeContents/generation`` of the files by which they were set.
    package var generation: String
    /// The users of whom not every login is as these files say.
    package var held: [String]

    /// Logins with these values.
    package init(generation: String, held: [String] = []) {
      self.generation = generation
      self.held = held
    }
  }

  /// The customer; nil before a pass has ended.
  package var customer: String?
  /// Whether a pass has converged since the present Postgres started, or only known failures remain: items that had
  /// already failed while it was ready.
  package var isReady: Bool
  /// The last result.
  package var outcome: Outcome
  /// The reason for the result, in one line, if it is not a success.
  package var message: String?
  /// SHA-256 of the `spec.json` that is applied; nil before a pass has converged.
  package var specHash: String?
  /// SHA-256 of the `spec.json` that the last pass used, and the generation of its passwords.
  package var tried: Tried?
  /// The logins that were set last; nil where no password turns.
  package var logins: Logins?
  /// When it was applied, as in RFC 3339.
  package var appliedAt: String?
  /// The start time of the present Postgres, in seconds since 1970; nil where it is not known.
  package var postgresStart: String?
  /// The start time of the Postgres that was last ready. The file outlives the sidecar's container. As long as that
  /// Postgres runs, its contents are still there.
  package var convergedStart: String?
  /// The problems, by item.
  package var problems: [ItemProblem]
  /// The script that is running.
  package var running: RunningScript?

  /// A status with these values; by default, that of a sidecar that has just started.
  package init(
    customer: String? = nil, isReady: Bool = false, outcome: Outcome = .waitingForPostgres, message: String? = nil,
    specHash: String? = nil, appliedAt: String? = nil, postgresStart: String? = nil, convergedStart: String? = nil,
    problems: [ItemProblem] = [], running: RunningScript? = nil, tried: Tried? = nil
  ) {
    self.customer = customer
    self.isReady = isReady
    self.outcome = outcome
    self.message = message
    self.specHash = specHash
    self.appliedAt = appliedAt
    self.postgresStart = postgresStart
    self.convergedStart = convergedStart
    self.problems = problems
    self.running = running
    self.tried = tried
  }

  /// Why the Pod is not ready, in one line; nil where it is.
  package var whyNotReady: String? {
    guard !isReady else { return nil }
    if let running {
      return "\(running.item) has been running since \(running.since)"
        + (running.waitsFor.map { ", and waits for a lock that is held by \($0)" } ?? "")
    }
    let failures = problems.filter { $0.isFailure }
    guard outcome == .incomplete, let first = failures.first else {
      return message ?? "the first pass has not converged yet"
    }
    let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
    return "\(first.item): \(first.message)\(more)"
  }
}
