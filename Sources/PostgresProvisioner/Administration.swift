import DatabaseSpec
import LibPQ

/// How Postern logs in as the superuser. What a tenant has put into a database is never found by an unqualified name,
/// a lock that somebody holds is waited for a few seconds only, and a standby is not waited for.
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
    ]
  }

  func connect(to database: PostgresName) throws(PostgresError) -> Connection {
    var settings = settings
    settings.database = database.text
    return try Connection(settings)
  }
}
