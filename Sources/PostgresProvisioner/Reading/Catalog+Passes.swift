import Provisioning

/// Queries that keep passes apart.
extension Catalog {
  /// One lock for all sidecars of a server, in the database that is the same for all of them: "postern" in ASCII.
  private static let lockKey = "31649045226775918"

  /// Takes the lock if nobody holds it; the row says whether it did.
  static var tryLock: CatalogQuery<Bool> {
    CatalogQuery("the lock of a pass", "SELECT pg_try_advisory_lock(\(lockKey))") { row throws(CatalogMismatch) in
      try row.isTrue()
    }
  }

  /// Tells the sessions of earlier passes to end. Anybody can give a session their name, so it counts only where it is a
  /// superuser's, or of a role that may be what an owner of a database is: only these run scripts.
  static func endSessions(named application: String) -> CatalogQuery<PassSession> {
    CatalogQuery(
      "the sessions of another pass",
      """
      SELECT concat(a.pid, ' ', a.backend_start), \(session("a.pid")), r.rolsuper, pg_terminate_backend(a.pid)
      FROM pg_stat_activity a JOIN pg_authid r ON r.oid = a.usesysid
      WHERE a.application_name = $1 AND a.backend_type = 'client backend'
        AND EXISTS (SELECT FROM pg_database d WHERE pg_has_role(r.oid, d.datdba, 'MEMBER'))
      """, [application]
    ) { row throws(CatalogMismatch) in
      let session = PassSession(
        identity: try row.text(), description: try row.text(), isSuperuser: try row.isTrue())
      _ = try row.isTrue()
      return session
    }
  }
}

/// A session of an earlier pass.
struct PassSession {
  /// What no other session has.
  var identity: String
  /// The session in words.
  var description: String
  var isSuperuser: Bool
}
