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
      .init("default_tablespace", ""),
      .init("default_table_access_method", "heap"),
      .init("statement_timeout", "0"),
      .init("idle_in_transaction_session_timeout", "0"),
      .init("exit_on_error", "off"),
      .init("local_preload_libraries", ""),
      // Whether a transaction is logged whole is decided as it begins: too early for those that set a password.
      .init("log_transaction_sample_rate", "0"),
    ]
  }

  /// The same for the other connections to a server of this version: what older ones do not know cannot be asked of
  /// all. One that does not look for its client goes on with the statement of a sidecar that was killed, and keeps the
  /// lock that the next one waits for.
  func adapted(to serverVersion: Int) -> Administration {
    var adapted = self
    if serverVersion >= 140_000 {
      adapted.settings.runtimeOptions += [
        .init("idle_session_timeout", "0"), .init("client_connection_check_interval", "1s"),
      ]
    }
    if serverVersion >= 170_000 { adapted.settings.runtimeOptions.append(.init("transaction_timeout", "0")) }
    return adapted
  }

  func connect(to database: PostgresName) throws(PostgresError) -> Connection {
    var settings = settings
    settings.database = database.text
    return try Connection(settings)
  }

  /// The connection that everything begins with, to the one database that is no tenant's.
  func connect() throws(PostgresError) -> Connection {
    let connection = try connect(to: Postern.database)
    if connection.serverVersion >= 140_000 { try connection.execute("SET client_connection_check_interval = '1s'") }
    return connection
  }
}
