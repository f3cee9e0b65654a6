/// The members of the status as JSON, which the sidecar writes and the controller reads.
package enum StatusKey {
  /// The format's version, as in ``VolumeLayout/apiVersion``.
  package static let apiVersion = "apiVersion"
  /// The sidecar's version. The file does not contain it.
  package static let version = "version"
  package static let customer = "customer"
  package static let ready = "ready"
  package static let outcome = "outcome"
  package static let message = "message"
  /// SHA-256 of the last `spec.json` with which a pass converged.
  package static let specHash = "specHash"
  package static let appliedAt = "appliedAt"
  package static let postgresStart = "postgresStart"
  package static let convergedStart = "convergedStart"
  /// SHA-256 of the `spec.json` that the last pass used.
  package static let triedSpecHash = "triedSpecHash"
  /// ``VolumeLayout/generationFile`` as the last pass read it.
  package static let triedGeneration = "triedGeneration"
  /// Whose logins are as the files say, where passwords turn: ``generation``, ``held``.
  package static let logins = "logins"
  /// ``VolumeLayout/generationFile`` as it was read when the logins were set.
  package static let generation = "generation"
  /// The users of whom not every login is so.
  package static let held = "held"
  /// The sidecar's time when it answered. The file does not contain it.
  package static let time = "time"
  /// The script that runs: ``item``, ``since``, ``waitsFor``.
  package static let running = "running"
  package static let since = "since"
  package static let waitsFor = "waitsFor"
  /// The problems: ``item``, ``message``, ``sqlState``, ``hint``, ``failure``.
  package static let problems = "problems"
  package static let item = "item"
  package static let sqlState = "sqlState"
  package static let hint = "hint"
  package static let failure = "failure"
  /// How many problems are left out.
  package static let moreProblems = "moreProblems"
}
