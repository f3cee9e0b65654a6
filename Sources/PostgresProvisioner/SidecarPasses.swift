public import LibPQ
public import Provisioning

/// What the sidecar's loop lets be done to Postgres; tests put something else in its place.
public struct SidecarPasses {
  /// Makes Postgres what it is to be. Blocks; looks between two steps whether it is to stop.
  public var pass: (DesiredState, ConnectionSettings, @escaping Log, @escaping () -> Bool) -> PassReport
  /// What a pass would do, as SQL without secrets; nothing is done.
  public var plan: (DesiredState, ConnectionSettings) throws(PostgresError) -> [String]

  /// Passes made of these.
  public init(
    pass: @escaping (DesiredState, ConnectionSettings, @escaping Log, @escaping () -> Bool) -> PassReport,
    plan: @escaping (DesiredState, ConnectionSettings) throws(PostgresError) -> [String]
  ) {
    self.pass = pass
    self.plan = plan
  }
}
