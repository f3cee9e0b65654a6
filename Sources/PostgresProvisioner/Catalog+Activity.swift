import DatabaseSpec
import Provisioning

/// Which sessions block each other.
extension Catalog {
  /// The other sessions in a database, each described in words.
  static func sessions(in database: PostgresName) -> CatalogQuery<String> {
    CatalogQuery(
      "the sessions in a database",
      """
      SELECT concat('pid ', a.pid, ' of ', coalesce('user ' || a.usename, a.backend_type), ' (',
        concat_ws(', ', nullif(a.application_name, ''), a.state), ')')
      FROM pg_stat_activity a WHERE a.datname = $1 AND a.pid <> pg_backend_pid() ORDER BY a.pid LIMIT 5
      """,
      [database.text]
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  /// The holders of the locks that a session waits for, each described in words.
  static func blockers(of process: Int) -> CatalogQuery<String> {
    CatalogQuery(
      "the holders of a lock",
      """
      SELECT concat('pid ', b.pid, CASE
          WHEN b.pid = 0 THEN ', a prepared transaction'
          ELSE concat(
            ' of ', coalesce('user ' || a.usename, a.backend_type), ' (', concat_ws(', ',
              nullif(a.application_name, ''), a.state,
              to_char(a.xact_start AT TIME ZONE 'UTC', '"since" YYYY-MM-DD"T"HH24:MI:SS"Z"')), ')') END)
      FROM (SELECT DISTINCT unnest(pg_blocking_pids($1::int)) AS pid) b LEFT JOIN pg_stat_activity a ON a.pid = b.pid
      ORDER BY b.pid LIMIT 5
      """,
      [String(process)]
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  /// Ends a session, and waits up to `milliseconds` until it has ended; 0 does not wait. The row says whether it has
  /// ended.
  static func endSession(_ process: Int, milliseconds: Int) -> CatalogQuery<Bool> {
    CatalogQuery(
      "the end of a session", "SELECT pg_terminate_backend($1::int, $2::bigint)",
      [String(process), String(milliseconds)]
    ) { row throws(CatalogMismatch) in try row.isTrue() }
  }
}
