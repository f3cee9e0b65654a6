package import DatabaseSpec

/// Queries for the records of what Postern manages.
extension Postern {
  /// The owner of the records' schema in the current database, whether that is a superuser, and whether the tables have
  /// all columns. There is no row where the schema does not exist yet.
  package static var recordsOwner:
    CatalogQuery<(owner: PostgresName, isSuperuser: Bool, isComplete: Bool, publications: WidePublications?)>
  {
    CatalogQuery(
      "the owner of Postern's records",
      """
      SELECT r.rolname, r.rolsuper, EXISTS (
        SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = n.oid AND c.relname = 'managed_role' AND a.attname = 'home' AND NOT a.attisdropped),
        p.first, p.count
      FROM pg_namespace n JOIN pg_authid r ON r.oid = n.nspowner CROSS JOIN (\(widePublications)) p
      WHERE n.nspname = 'postern'
      """
    ) { row throws(CatalogMismatch) in
      (try row.name(), try row.isTrue(), try row.isTrue(), try WidePublications.read(&row))
    }
  }

  private static var widePublications: String {
    """
    SELECT min(pubname::text COLLATE "C") AS first, count(*) AS count FROM pg_publication WHERE puballtables
    """
  }

  /// The publications of all tables of a database, which publish those of Postern's there, too.
  package static var publications: CatalogQuery<WidePublications?> {
    CatalogQuery("the publications", widePublications) { row throws(CatalogMismatch) in
      try WidePublications.read(&row)
    }
  }

  package static var recordedRoles: CatalogQuery<(name: PostgresName, role: RecordedRole)> {
    // By JSON, because the tables of version 0.1 lack some of the columns, and those of a server without a second login
    // lack its column.
    CatalogQuery(
      "the recorded roles",
      """
      SELECT name, role, made, to_jsonb(m) ->> 'customer', coalesce((to_jsonb(m) ->> 'home')::oid <> tableoid, false),
        to_jsonb(m) ->> 'login_of'
      FROM postern.managed_role m
      """
    ) { row throws(CatalogMismatch) in
      (
        try row.name(),
        RecordedRole(
          oid: try row.oid(), isMade: try row.isTrue(), customer: try row.optionalText(), isRestored: try row.isTrue(),
          loginOf: try row.optionalName())
      )
    }
  }

  package static var recordedMemberships: CatalogQuery<(member: PostgresName, role: PostgresName)> {
    CatalogQuery("the recorded memberships", "SELECT member, role FROM postern.managed_membership") {
      row throws(CatalogMismatch) in (try row.name(), try row.name())
    }
  }

  package static var recordedGrants: CatalogQuery<(user: PostgresName, database: PostgresName, level: Grant.Level)> {
    CatalogQuery("the recorded grants", "SELECT role, database, level FROM postern.managed_grant") {
      row throws(CatalogMismatch) in
      (try row.name(), try row.name(), try row.value("read or write") { Grant.Level(rawValue: $0) })
    }
  }
}
