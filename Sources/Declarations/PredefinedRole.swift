/// Roles that every server has (PostgreSQL docs §22.5, of 15 to 18).
enum PredefinedRole {
  static let known = [
    "pg_monitor", "pg_read_all_data", "pg_write_all_data", "pg_read_all_settings", "pg_read_all_stats",
    "pg_stat_scan_tables", "pg_signal_backend", "pg_checkpoint", "pg_maintain", "pg_use_reserved_connections",
    "pg_create_subscription", "pg_signal_autovacuum_worker",
  ]

  /// Those that no declared user may be a member of, and why.
  static let refused = [
    "pg_execute_server_program": "it runs programs on the server, which is as good as superuser",
    "pg_read_server_files": "it reads any file of the server, which is as good as superuser",
    "pg_write_server_files": "it writes any file of the server, which is as good as superuser",
    "pg_database_owner": "its one member is each database's owner",
  ]
}
