package import LibPQ
package import LogLine
package import Provisioning

/// What the sidecar's loop lets be done to Postgres; tests put something else in its place.
package struct SidecarPasses {
  /// A pass over the server at the settings: what is desired, whom to tell when the server started, where log lines go,
  /// and whether it is to stop. It throws where nobody can log in.
  package typealias Pass = (
    DesiredState, ConnectionSettings, _ loggedIn: (String) -> Void, @escaping Log, @escaping () -> Bool
  ) throws(PostgresError) -> PassReport

  /// Makes Postgres what it is to be. Blocks; looks between two steps whether it is to stop.
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
