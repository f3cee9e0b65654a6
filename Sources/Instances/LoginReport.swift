import DatabaseSpec

/// What a Pod's sidecar has told of the logins of users whose passwords turn.
package struct LoginReport: Equatable, Sendable {
  /// ``VolumeLayout/generationFile`` of the files by which they were set.
  package var generation: String
  /// The users of whom not every login is so.
  package var held: Set<String>
  /// Whether the sidecar's clock and the controller's are further apart than ``maximumSkew``.
  package var isSkewed: Bool

  /// Postgres ends the old password by its own clock. Further apart than this many seconds, it might do so too early.
  package static let maximumSkew = 60

  /// A report with these values.
  package init(generation: String, held: Set<String>, isSkewed: Bool) {
    self.generation = generation
    self.held = held
    self.isSkewed = isSkewed
  }
}

/// What all Pods of an instance have told.
package struct LoginReports: Equatable, Sendable {
  /// By the Pod's name; nil where the Pod has told nothing.
  package var reports: [String: LoginReport?] = [:]

  /// What these Pods have told.
  package init(reports: [String: LoginReport?] = [:]) { self.reports = reports }

  private var byName: [(pod: String, report: LoginReport?)] {
    reports.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Why a Pod's clock may be far from the controller's; nil where every Pod has told, and none is.
  var clockDoubt: String? {
    guard !reports.isEmpty else { return "no Pod of the customer's Postgres runs" }
    return byName.lazy.compactMap { Self.clockDoubt(of: $0, $1) }.first
  }

  private static func clockDoubt(of pod: String, _ report: LoginReport?) -> String? {
    guard let report else { return "the sidecar of Pod \(pod) does not tell of its logins" }
    guard report.isSkewed else { return nil }
    return "the clock of Pod \(pod)'s node and the controller's are more than \(LoginReport.maximumSkew) s apart"
  }

  /// Whether every Pod has a user's logins as the Secret of this generation says.
  func readiness(of user: PostgresName, generation: String?) -> LoginReadiness {
    if let clockDoubt { return .held(clockDoubt) }
    for (pod, report) in byName {
      guard let report, let generation, report.generation == generation else {
        return .held("Pod \(pod) does not have the new login yet")
      }
      guard !report.held.contains(user.text) else {
        return .held("Postgres in Pod \(pod) does not have the new login: see what the sidecar says of it")
      }
    }
    return .applied
  }
}
