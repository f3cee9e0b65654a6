/// The members of the status as JSON, which the sidecar writes and the controller reads.
package enum StatusKey {
  /// The form's version, as in ``VolumeLayout/apiVersion``.
  package static let apiVersion = "apiVersion"
  /// Of the sidecar; not in the file.
  package static let version = "version"
  package static let customer = "customer"
  package static let ready = "ready"
  package static let outcome = "outcome"
  package static let message = "message"
  /// SHA-256 of the `spec.json` over which a pass converged last.
  package static let specHash = "specHash"
  package static let appliedAt = "appliedAt"
  package static let postgresStart = "postgresStart"
  package static let convergedStart = "convergedStart"
  /// SHA-256 of the `spec.json` that the last pass was about.
  package static let triedSpecHash = "triedSpecHash"
  /// ``VolumeLayout/generationFile``, as the last pass found it.
  package static let triedGeneration = "triedGeneration"
  /// The script that runs: ``item``, ``since``, ``waitsFor``.
  package static let running = "running"
  package static let since = "since"
  package static let waitsFor = "waitsFor"
  /// What is wrong: ``item``, ``message``, ``sqlState``, ``hint``, ``failure``.
  package static let problems = "problems"
  package static let item = "item"
  package static let sqlState = "sqlState"
  package static let hint = "hint"
  package static let failure = "failure"
  /// How many of them are left out.
  package static let moreProblems = "moreProblems"
}
