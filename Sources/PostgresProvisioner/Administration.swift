import DatabaseSpec
import LibPQ
import Provisioning

/// How Postern logs in as the superuser. No unqualified name can resolve to an object that a tenant has created in a
/// database. It waits only a few seconds for a lock that another session holds, and does not wait for a standby. A
/// database's owner can set nearly every parameter for all sessions in it (ALTER DATABASE … SET), so parameters that
/// would hinder Postern are set here.
struct Administration {
  var settings: ConnectionSettings

  init(_ settings: ConnectionSettings) {
    self.settings = settings
    self.settings.runtimeOptions += [
      .init("search_path", "pg_catalog, pg_temp"),
      .init("synchronous_commit", "local"),
      .init("standard_conforming_strings", "on"),
      .init("lock_timeout", "5s"),
      .init("client_min_messages", "warning"),
      // Some errors are told apart by their words.
      .init("lc_messages", "C"),
      .init("role", "none"),
      .init("default_transaction_read_only", "off"),
      .init("default_transaction_isolation", "read committed"),
      .init("statement_timeout", "0"),
      .init("idle_in_transaction_session_timeout", "0"),
      .init("exit_on_error", "off"),
      .init("local_preload_libraries", ""),
      // The server decides at a transaction's beginning whether to log all of it, which is too early for the
      // transactions that set a password.
      .init("log_transaction_sample_rate", "0"),
    ]
  }

  /// Parameters that older servers do not know. A server that does not check whether its client is still there
  /// continues the statement of a sidecar that was killed, and keeps the lock for which the next sidecar waits. Queries about
  /// catalogs end early where the server sorts as it joins, and none is worth being compiled.
  private static func options(serverVersion: Int) -> [ConnectionSettings.RuntimeOption] {
    var options: [ConnectionSettings.RuntimeOption] = [.init("enable_nestloop", "on")]
    if serverVersion >= 110_000 { options.append(.init("jit", "off")) }
    if serverVersion >= 130_000 { options.append(.init("enable_incremental_sort", "on")) }
    if serverVersion >= 140_000 {
      options += [.init("idle_session_timeout", "0"), .init("client_connection_check_interval", "1s")]
    }
    if serverVersion >= 170_000 { options.append(.init("transaction_timeout", "0")) }
    return options
  }

  /// The same for the other connections that a pass makes to a server of this version. They have a name of their own,
  /// so that the holder of the lock recognises connections that a dead pass has left.
  func adapted(to serverVersion: Int, isPass: Bool) -> Administration {
    var adapted = self
    adapted.settings.runtimeOptions += Self.options(serverVersion: serverVersion)
    if isPass { adapted.settings.applicationName = Self.passName }
    return adapted
  }

  /// The application name, in `pg_stat_activity`, of a pass's connections other than the one that holds the lock.
  static let passName = "postern pass"

  /// How a script's owner logs in. The owner's parameters apply, except those that would prevent the script from being
  /// recorded, or end it before its own timeout.
  func settings(
    ofOwner owner: PostgresName, password: Password?, database: PostgresName, serverVersion: Int
  ) -> ConnectionSettings {
    var kept = [
      "standard_conforming_strings", "client_min_messages", "synchronous_commit", "client_connection_check_interval",
      "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "default_transaction_read_only",
      "exit_on_error",
    ]
    if serverVersion >= 140_000 { kept.append("idle_session_timeout") }
    if serverVersion >= 170_000 { kept.append("transaction_timeout") }
    var settings = settings
    settings.user = owner.text
    settings.password = password?.unredacted
    settings.database = database.text
    settings.runtimeOptions.removeAll { option in !kept.contains { $0.utf8.elementsEqual(option.name.utf8) } }
    return settings
  }

  func connect(to database: PostgresName) throws(PostgresError) -> Connection {
    var settings = settings
    settings.database = database.text
    return try Self.logIn(settings)
  }

  /// Logs in as the superuser. From version 17 on, an event trigger can run at a login, and refuse it, or fail where it
  /// finds nothing by an unqualified name. The server has a parameter for that case alone; other event triggers run.
  static func logIn(_ settings: ConnectionSettings) throws(PostgresError) -> Connection {
    do throws(PostgresError) { return try Connection(settings) } catch {
      guard error.mayBeOfEventTrigger else { throw error }
      let cause = error
      var settings = settings
      settings.runtimeOptions.append(.init("event_triggers", "off"))
      // Older servers do not know the parameter.
      do throws(PostgresError) {
        let connection = try Connection(settings)
        try connection.execute("SET event_triggers = on")
        return connection
      } catch { throw error.isServer(SQLState.undefinedObject) || cause.context == nil ? cause : error }
    }
  }

  /// The first connection of everything: to the one database that belongs to no tenant.
  func connect() throws(PostgresError) -> Connection {
    let connection = try connect(to: Postern.database)
    let options = Self.options(serverVersion: connection.serverVersion)
    if !options.isEmpty {
      try connection.execute(options.map { "SET \($0.name) = '\($0.value)'" }.joined(separator: "; "))
    }
    return connection
  }
}

extension PostgresError {
  /// Whether a login may have failed in an event trigger's function: not where the server itself lets nobody in, or not
  /// by that name, password or database. A function can raise any SQLSTATE; but the server says where it was called.
  fileprivate var mayBeOfEventTrigger: Bool {
    guard let sqlState else { return false }
    return context != nil || !["28", "3D", "53", "55", "57"].contains { sqlState.utf8.starts(with: $0.utf8) }
  }
}
