import LibPQ

extension ConnectionSettings {
  /// The same for a session that writes nothing, waits for no lock long, and finds no object of a tenant by a name without a schema.
  var forReading: Self {
    var settings = self
    settings.runtimeOptions += [
      .init("search_path", "pg_catalog, pg_temp"), .init("default_transaction_read_only", "on"), .init("role", "none"),
      .init("lock_timeout", "5s"), .init("client_min_messages", "warning"), .init("lc_messages", "C"),
    ]
    return settings
  }
}
