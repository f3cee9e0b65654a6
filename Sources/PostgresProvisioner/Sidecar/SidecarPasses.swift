package import LibPQ
package import Provisioning

/// What the sidecar's loop does to Postgres; tests replace it.
package struct SidecarPasses {
  /// A pass over the server at the settings. It throws where the superuser cannot log in.
  package typealias Pass = (DesiredState, ConnectionSettings, PassControl) throws(PostgresError) -> PassReport

  /// Makes Postgres match the declaration. It blocks, but checks for other events between two steps and while a script
  /// runs.
  package var pass: Pass
  /// What a pass would do, as SQL without secrets. Nothing is changed.
  package var plan: (DesiredState, ConnectionSettings) throws(PostgresError) -> [String]

  /// Passes made of these functions.
  package init(
    pass: @escaping Pass,
    plan: @escaping (DesiredState, ConnectionSettings) throws(PostgresError) -> [String]
  ) {
    self.pass = pass
    self.plan = plan
  }
}
