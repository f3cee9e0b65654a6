package import LibPQ
package import Provisioning

/// What the sidecar's loop lets be done to Postgres; tests put something else in its place.
package struct SidecarPasses {
  /// A pass over the server at the settings. It throws where nobody can log in.
  package typealias Pass = (DesiredState, ConnectionSettings, PassControl) throws(PostgresError) -> PassReport

  /// Makes Postgres what it is to be. Blocks, but looks between two steps, and while a script runs, what else there is.
  package var pass: Pass
  /// What a pass would do, as SQL without secrets; nothing is done.
  package var plan: (DesiredState, ConnectionSettings) throws(PostgresError) -> [String]

  /// Passes made of these.
  package init(
    pass: @escaping Pass,
    plan: @escaping (DesiredState, ConnectionSettings) throws(PostgresError) -> [String]
  ) {
    self.pass = pass
    self.plan = plan
  }
}
