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

  /// Ends the sessions with an application name, and waits up to five seconds for each. Each row says whether one has
  /// ended.
  static func endSessions(named application: String) -> CatalogQuery<Bool> {
    CatalogQuery(
      "the sessions of another pass",
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1", [application]
    ) { row throws(CatalogMismatch) in try row.isTrue() }
  }
}
