/// The roles of every server (PostgreSQL docs §22.5, of 15 to 18).
package enum PredefinedRole {
  /// The first major version that has a role, of those that not every version from 12 on has.
  package static let versions = [
    "pg_read_all_data": 14, "pg_write_all_data": 14, "pg_database_owner": 14, "pg_checkpoint": 15,
    "pg_use_reserved_connections": 16, "pg_create_subscription": 16, "pg_maintain": 17,
    "pg_signal_autovacuum_worker": 18,
  ]

  static let known =
    ["pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"] + opening.keys.sorted()

  /// The roles that reach beyond the user's own databases, and what they allow.
  static let opening = [
    "pg_write_all_data": "it writes to every table of every database",
    "pg_signal_backend": "it ends the queries and sessions of other users",
    "pg_checkpoint": "it makes the server write all changes to disk at once",
    "pg_maintain": "it locks and rewrites every table of every database",
    "pg_use_reserved_connections": "it takes the connections that are kept for administration",
    "pg_create_subscription": "it makes the server connect to others and copy from there",
    "pg_signal_autovacuum_worker": "it stops autovacuum",
  ]

  /// The roles of which no declared user may be a member, and why.
  static let refused = [
    "pg_execute_server_program": "it runs programs on the server, which is as good as superuser",
    "pg_read_server_files": "it reads any file of the server, which is as good as superuser",
    "pg_write_server_files": "it writes any file of the server, which is as good as superuser",
    "pg_database_owner": "its one member is each database's owner",
  ]

  /// The same, but existing declarations may keep them, because they were once allowed.
  static let refusedWhereNew = [
    "pg_read_all_data": "it reads every table, pg_authid with the hashes of all passwords among them"
  ]
}
