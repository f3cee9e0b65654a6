import DatabaseSpec
import Provisioning

/// Which sessions block each other.
extension Catalog {
  /// What a row `p` of pg_prepared_xacts is, and what ends it: it has no session that could be ended.
  private static var prepared: String {
    """
    format('prepared transaction %L of user %s in %s (%s; COMMIT PREPARED or ROLLBACK PREPARED there ends it)',
    p.gid, p.owner, p.database, \(since("p.prepared")))
    """
  }

  /// What a session with a transaction is: its process, and its row `a` of pg_stat_activity, which may be missing.
  static func session(_ process: StaticString) -> String {
    """
    concat('pid ', \(process), ' of ', coalesce('user ' || a.usename, a.backend_type), ' (', concat_ws(', ',
    nullif(a.application_name, ''), a.state, \(since("a.xact_start"))), ')')
    """
  }

  private static func since(_ time: StaticString) -> String {
    """
    to_char(\(time) AT TIME ZONE 'UTC', '"since" YYYY-MM-DD"T"HH24:MI:SS"Z"')
    """
  }

  /// The other sessions in a database, and what is prepared there, each described in words.
  static func sessions(in database: PostgresName) -> CatalogQuery<String> {
    CatalogQuery(
      "the sessions in a database",
      """
      (SELECT concat('pid ', a.pid, ' of ', coalesce('user ' || a.usename, a.backend_type), ' (',
        concat_ws(', ', nullif(a.application_name, ''), a.state), ')')
      FROM pg_stat_activity a WHERE a.datname = $1 AND a.pid <> pg_backend_pid() ORDER BY a.pid LIMIT 5)
      UNION ALL (SELECT \(prepared) FROM pg_prepared_xacts p WHERE p.database = $1 ORDER BY p.prepared LIMIT 5)
      """,
      [database.text]
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  /// The holders of the locks that a session waits for, each described in words.
  static func blockers(of process: Int) -> CatalogQuery<String> {
    CatalogQuery(
      "the holders of a lock",
      """
      (SELECT \(session("b.pid"))
      FROM (SELECT DISTINCT unnest(pg_blocking_pids($1::int)) AS pid) b LEFT JOIN pg_stat_activity a ON a.pid = b.pid
      WHERE b.pid <> 0 ORDER BY b.pid LIMIT 5)
      UNION ALL (SELECT \(prepared) FROM pg_prepared_xacts p JOIN pg_locks own ON own.transactionid = p.transaction
      WHERE own.pid IS NULL AND 0 = ANY (pg_blocking_pids($1::int)) AND EXISTS (SELECT FROM pg_locks w JOIN pg_locks h
      ON (h.locktype, h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid) IS NOT DISTINCT
      FROM (w.locktype, w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
      WHERE w.pid = $1::int AND NOT w.granted AND h.pid IS NULL AND h.virtualtransaction = own.virtualtransaction)
      ORDER BY p.prepared LIMIT 5)
      """,
      [String(process)]
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  /// The open transactions that have made something of these roles in the current database, one of each role, described in
  /// words.
  static func openTransactions(
    about roles: [PostgresName]
  ) -> CatalogQuery<(role: PostgresName, transaction: String)> {
    CatalogQuery(
      "the open transactions",
      """
      SELECT DISTINCT ON (r.rolname) r.rolname, CASE WHEN l.pid IS NULL THEN \(prepared) ELSE \(session("l.pid")) END
      \(OpenTransactions.source(of: "$1::text[]")) ORDER BY r.rolname, coalesce(a.xact_start, p.prepared)
      """, [SQLText.array(roles.map({ $0.text }))]
    ) { row throws(CatalogMismatch) in (try row.name(), try row.text()) }
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
