import DatabaseSpec
import LibPQ
import Provisioning

/// How Postern logs in as the superuser. What a tenant has put into a database is never found by an unqualified name,
/// a lock that somebody holds is waited for a few seconds only, and a standby is not waited for. A database's owner may
/// set nearly every parameter for all who come in (ALTER DATABASE … SET): what would keep Postern out is set here.
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
      .init("role", "none"),
      .init("default_transaction_read_only", "off"),
      .init("default_transaction_isolation", "read committed"),
      .init("statement_timeout", "0"),
      .init("idle_in_transaction_session_timeout", "0"),
      .init("exit_on_error", "off"),
      .init("local_preload_libraries", ""),
      // Whether a transaction is logged whole is decided as it begins: too early for those that set a password.
      .init("log_transaction_sample_rate", "0"),
    ]
  }

  /// What older servers do not know. One that does not look for its client goes on with the statement of a sidecar that
  /// was killed, and keeps the lock that the next one waits for.
  private static func options(serverVersion: Int) -> [ConnectionSettings.RuntimeOption] {
    var options: [ConnectionSettings.RuntimeOption] = []
    if serverVersion >= 140_000 {
      options += [.init("idle_session_timeout", "0"), .init("client_connection_check_interval", "1s")]
    }
    if serverVersion >= 170_000 { options.append(.init("transaction_timeout", "0")) }
    return options
  }

  /// The same for the other connections that a pass makes to a server of this version. They go by a name of their own,
  /// so that whoever holds the lock can tell which ones a pass that is no more has left.
  func adapted(to serverVersion: Int, isPass: Bool) -> Administration {
    var adapted = self
    adapted.settings.runtimeOptions += Self.options(serverVersion: serverVersion)
    if isPass { adapted.settings.applicationName = Self.passName }
    return adapted
  }

  /// What `pg_stat_activity` shows of the connections that a pass makes beside the one that holds the lock.
  static let passName = "postern pass"

  /// How a script's owner logs in. The owner's parameters hold, but for those that would keep the script from being
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
    return try Connection(settings)
  }

  /// The connection that everything begins with, to the one database that is no tenant's.
  func connect() throws(PostgresError) -> Connection {
    let connection = try connect(to: Postern.database)
    let options = Self.options(serverVersion: connection.serverVersion)
    if !options.isEmpty {
      try connection.execute(options.map { "SET \($0.name) = '\($0.value)'" }.joined(separator: "; "))
    }
    return connection
  }
}
