/// Transactions that have not ended and have made something that belongs to a role, or that it has rights on. Nobody else
/// sees it yet, so nobody can give it to another role, or take the rights back. Whatever makes such an object locks the
/// role until its transaction ends (src: `pg_shdepend.c`, `shdepAddDependency`).
package enum OpenTransactions {
  /// These locks in the current database, as a FROM clause: `r` is the role, `l` the lock, `a` the session, `p` the
  /// prepared transaction where there is no session.
  /// - Parameter roles: an SQL expression of the type `text[]`.
  package static func source(of roles: String) -> String {
    """
    FROM pg_locks l JOIN pg_authid r ON r.oid = l.objid LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    LEFT JOIN (pg_prepared_xacts p JOIN pg_locks own ON own.transactionid = p.transaction AND own.pid IS NULL)
    ON l.pid IS NULL AND own.virtualtransaction = l.virtualtransaction
    WHERE l.locktype = 'object' AND l.classid = 'pg_authid'::regclass AND l.mode = 'AccessShareLock' AND l.granted
    AND r.rolname = ANY (\(roles)) AND current_database() IN (a.datname, p.database)
    """
  }
}
