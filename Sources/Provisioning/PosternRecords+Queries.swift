package import DatabaseSpec

/// Queries for the records of what Postern manages.
extension Postern {
  /// The OIDs of the roles by whose right something is done where the records are read or written: the owners of the schema
  /// in the current database, of its tables and functions, and of the functions of their triggers.
  static let holders = """
    SELECT nspowner AS oid FROM pg_namespace WHERE nspname = 'postern'
    UNION SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('postern')
    UNION SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('postern')
    UNION SELECT p.proowner FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
      WHERE c.relnamespace = to_regnamespace('postern')
    """

  /// The grantees that may do more with the schema and the tables than find and read them, and, where there is no schema, those
  /// that would have rights on it by this role's default privileges (PostgreSQL docs §5.8, ALTER DEFAULT PRIVILEGES). As a list in
  /// SQL: names, quoted, and PUBLIC; nil where there is none.
  package static var intruders: CatalogQuery<String?> { grantees("SELECT \(intruderList)") }

  /// Those that have rights by this role's default privileges on what it makes now.
  package static var granteesByDefault: CatalogQuery<String?> { grantees("SELECT \(list(byDefault))") }

  private static var intruderList: String {
    list(
      """
      SELECT e.grantee FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) e
        WHERE c.relnamespace = to_regnamespace('postern') AND e.grantee <> c.relowner AND e.privilege_type <> 'SELECT'
      UNION SELECT e.grantee FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) e
        WHERE n.nspname = 'postern' AND e.grantee <> n.nspowner AND e.privilege_type <> 'USAGE'
      UNION SELECT grantee FROM (\(byDefault)) d WHERE to_regnamespace('postern') IS NULL
      """)
  }

  private static let byDefault = """
    SELECT e.grantee FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) e
    WHERE d.defaclrole = (SELECT oid FROM pg_authid WHERE rolname = current_user) AND e.grantee <> d.defaclrole
      AND (d.defaclnamespace = 0 OR d.defaclnamespace = to_regnamespace('postern'))
    """

  /// The names of roles by their OIDs, in one text.
  private static func list(_ oids: String) -> String {
    """
    (SELECT string_agg(DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ')
      FROM (\(oids)) g LEFT JOIN pg_authid r ON r.oid = g.grantee)
    """
  }

  private static func grantees(_ query: String) -> CatalogQuery<String?> {
    CatalogQuery("the rights on Postern's records", query) { row throws(CatalogMismatch) in try row.optionalText() }
  }

  /// The first owner of something in the records' schema in the current database who is no superuser, or else an owner; whether
  /// that is a superuser; whether the tables have all columns; and the ``intruders``. There is no row where the schema does not
  /// exist yet.
  package static var recordsOwner:
    CatalogQuery<
      (
        owner: PostgresName, isSuperuser: Bool, isComplete: Bool, publications: WidePublications?, intruders: String?
      )
    >
  {
    CatalogQuery(
      "the owner of Postern's records",
      """
      SELECT r.rolname, r.rolsuper, EXISTS (
        SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = n.oid AND c.relname = 'managed_role' AND a.attname = 'home' AND NOT a.attisdropped),
        p.first, p.count, \(intruderList)
      FROM pg_namespace n CROSS JOIN (\(widePublications)) p CROSS JOIN LATERAL (
        SELECT rolname, rolsuper FROM pg_authid WHERE oid IN (\(holders)) ORDER BY rolsuper, rolname LIMIT 1) r
      WHERE n.nspname = 'postern'
      """
    ) { row throws(CatalogMismatch) in
      (
        try row.name(), try row.isTrue(), try row.isTrue(), try WidePublications.read(&row), try row.optionalText()
      )
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
