import Provisioning

/// What keeps passes apart.
extension Catalog {
  /// One lock for all sidecars of a server, in the one database that is the same for all: "postern" in ASCII.
  private static let lockKey = "31649045226775918"

  /// Takes the lock where nobody has it, and says whether it did.
  static var tryLock: CatalogQuery<Bool> {
    CatalogQuery("the lock of a pass", "SELECT pg_try_advisory_lock(\(lockKey))") { row throws(CatalogMismatch) in
      try row.isTrue()
    }
  }

  /// Ends the sessions that go by a name, waiting up to five seconds for each; a row says whether one has ended.
  static func endSessions(named application: String) -> CatalogQuery<Bool> {
    CatalogQuery(
      "the sessions of another pass",
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1", [application]
    ) { row throws(CatalogMismatch) in try row.isTrue() }
  }
}
