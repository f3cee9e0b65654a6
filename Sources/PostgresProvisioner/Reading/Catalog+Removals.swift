import DatabaseSpec
import Provisioning

/// Queries for objects that depend on roles which may have to be dropped.
extension Catalog {
  /// What some roles own and were granted in each database.
  static func dependencies(
    of roles: [PostgresName]
  ) -> CatalogQuery<(role: PostgresName, dependency: RoleDependency)> {
    CatalogQuery(
      "the dependencies of roles",
      """
      SELECT r.rolname, d.datname, count(*) FILTER (
        WHERE s.deptype = 'o' AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))
      FROM pg_shdepend s JOIN pg_authid r ON r.oid = s.refobjid JOIN pg_database d ON d.oid = s.dbid
      WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = ANY ($1::text[])
      GROUP BY r.rolname, d.datname ORDER BY r.rolname, d.datname
      """, [SQLText.array(roles.map({ $0.text }))]
    ) { row throws(CatalogMismatch) in
      (try row.name(), RoleDependency(database: try row.name(), owned: try row.integer()))
    }
  }

  /// What some roles have outside of databases.
  static func holdings(of roles: [PostgresName]) -> CatalogQuery<(role: PostgresName, holding: RoleHolding)> {
    CatalogQuery(
      "the holdings of roles",
      """
      SELECT owner, 'x', gid, database FROM pg_prepared_xacts WHERE owner = ANY ($1::text[])
      UNION ALL
      SELECT r.rolname, 's', s.subname, d.datname FROM pg_subscription s
      JOIN pg_authid r ON r.oid = s.subowner JOIN pg_database d ON d.oid = s.subdbid WHERE r.rolname = ANY ($1::text[])
      UNION ALL
      SELECT r.rolname, 't', t.spcname, NULL FROM pg_tablespace t
      JOIN pg_authid r ON r.oid = t.spcowner WHERE r.rolname = ANY ($1::text[])
      ORDER BY 1, 2, 3
      """, [SQLText.array(roles.map({ $0.text }))]
    ) { row throws(CatalogMismatch) in
      (
        try row.name(),
        RoleHolding(
          kind: try row.value("a kind of holding") { RoleHolding.Kind(rawValue: $0) }, name: try row.text(),
          database: try row.optionalName())
      )
    }
  }
}
