package import DatabaseSpec

/// How the records of what Postern manages are read.
extension Postern {
  /// Who owns the schema of the records in the present database, and whether that is a superuser; no row where it is not
  /// made yet.
  package static var recordsOwner: CatalogQuery<(owner: PostgresName, isSuperuser: Bool)> {
    CatalogQuery(
      "the owner of Postern's records",
      """
      SELECT r.rolname, r.rolsuper FROM pg_namespace n JOIN pg_authid r ON r.oid = n.nspowner
      WHERE n.nspname = 'postern'
      """
    ) { row throws(CatalogMismatch) in (try row.name(), try row.isTrue()) }
  }

  package static var recordedRoles: CatalogQuery<(name: PostgresName, role: RecordedRole)> {
    CatalogQuery("the recorded roles", "SELECT name, role, made FROM postern.managed_role") {
      row throws(CatalogMismatch) in (try row.name(), RecordedRole(oid: try row.oid(), isMade: try row.isTrue()))
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
