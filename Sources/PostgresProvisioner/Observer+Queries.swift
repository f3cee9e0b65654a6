// The catalog queries, with `search_path` pinned to pg_catalog.

extension Observer {
  static let rolesQuery = """
    SELECT r.rolname, r.oid, r.rolsuper, r.rolcanlogin, r.rolconnlimit,
      CASE r.rolvaliduntil WHEN 'infinity' THEN NULL WHEN '-infinity' THEN -9223372036854775808
        ELSE (extract(epoch FROM r.rolvaliduntil) * 1000000)::bigint END,
      r.rolpassword, s.sessions
    FROM pg_authid r
    LEFT JOIN (SELECT usesysid, count(*) AS sessions FROM pg_stat_activity GROUP BY usesysid) s ON s.usesysid = r.oid
    """

  /// Member, role, and whether the member has the role's rights and may become it: from 16 on, each grantor says so.
  static func membershipsQuery(serverVersion: Int) -> String {
    """
    SELECT m.rolname, r.rolname, bool_or(\(serverVersion >= 160_000 ? "a.inherit_option AND a.set_option" : "true"))
    FROM pg_auth_members a JOIN pg_authid m ON m.oid = a.member JOIN pg_authid r ON r.oid = a.roleid
    GROUP BY m.rolname, r.rolname
    """
  }

  static let databasesQuery = """
    SELECT d.datname, r.rolname, d.datallowconn, d.datconnlimit, pg_encoding_to_char(d.encoding), d.datcollate,
      coalesce(d.datacl, acldefault('d', d.datdba)) @> makeaclitem(0, d.datdba, 'CONNECT', false)
    FROM pg_database d JOIN pg_authid r ON r.oid = d.datdba
    """

  static let connectorsQuery = """
    SELECT d.datname, r.rolname FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) e
    JOIN pg_authid r ON r.oid = e.grantee WHERE e.privilege_type = 'CONNECT' AND e.grantor = d.datdba
    """

  static let recordsQuery = """
    SELECT r.rolname, r.rolsuper FROM pg_namespace n JOIN pg_authid r ON r.oid = n.nspowner
    WHERE n.nspname = 'postern'
    """

  static let dependenciesQuery = """
    SELECT r.rolname, d.datname, count(*) FILTER (
      WHERE s.deptype = 'o' AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))
    FROM pg_shdepend s JOIN pg_authid r ON r.oid = s.refobjid JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = ANY ($1::text[])
    GROUP BY r.rolname, d.datname ORDER BY r.rolname, d.datname
    """

  static let holdingsQuery = """
    SELECT owner, 'x', gid, database FROM pg_prepared_xacts WHERE owner = ANY ($1::text[])
    UNION ALL
    SELECT r.rolname, 's', s.subname, d.datname FROM pg_subscription s
    JOIN pg_authid r ON r.oid = s.subowner JOIN pg_database d ON d.oid = s.subdbid WHERE r.rolname = ANY ($1::text[])
    UNION ALL
    SELECT r.rolname, 't', t.spcname, NULL FROM pg_tablespace t
    JOIN pg_authid r ON r.oid = t.spcowner WHERE r.rolname = ANY ($1::text[])
    ORDER BY 1, 2, 3
    """

  static let schemasQuery = """
    SELECT n.nspname, r.rolname FROM pg_namespace n JOIN pg_authid r ON r.oid = n.nspowner
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    """

  static let extensionsQuery = """
    SELECT e.extname, n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    """

  static let publicSchemaQuery = """
    SELECT coalesce(bool_or(nspacl @> makeaclitem(0, nspowner, 'CREATE', false)), false)
    FROM pg_namespace WHERE nspname = 'public'
    """

  static let superuserRelationsQuery = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_authid r ON r.oid = c.relowner
    WHERE r.rolsuper AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'postern') AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
    """

  /// The owners of the schema, the table and the function by which scripts are recorded.
  static let recorderQuery = """
    WITH n AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = 'postern'),
      o AS (
        SELECT nspowner AS oid FROM n
        UNION SELECT c.relowner FROM pg_class c JOIN n ON n.oid = c.relnamespace
        UNION SELECT p.proowner FROM pg_proc p JOIN n ON n.oid = p.pronamespace)
    SELECT r.rolname, r.rolsuper FROM o JOIN pg_authid r ON r.oid = o.oid ORDER BY r.rolname
    """

  static let callersQuery = """
    SELECT r.rolname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL aclexplode(p.proacl) e JOIN pg_authid r ON r.oid = e.grantee
    WHERE n.nspname = 'postern' AND p.proname = 'record_script' AND e.privilege_type = 'EXECUTE' AND e.grantee <> p.proowner
    """

  static let noGapsQuery = "SELECT WHERE false"

  /// Where privileges differ: role, kind, whether it is about future objects, object or creator, privilege, whether it
  /// is missing. Asked for: $1 roles, $2 kinds, $3 privileges, $4 whether it is wanted; $5 whose objects it is about.
  /// What PUBLIC may do everybody may; an owner's own rights are never touched; the schema `public` counts whoever
  /// owns it.
  static let gapsQuery = """
    WITH asked AS (
        SELECT a.nr, a.role, a.kind, a.privilege, a.wanted, r.oid
        FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) WITH ORDINALITY
          AS a(role, kind, privilege, wanted, nr)
        LEFT JOIN pg_authid r ON r.rolname = a.role),
      creator AS (
        SELECT c.name, r.oid FROM unnest($5::text[]) AS c(name) LEFT JOIN pg_authid r ON r.rolname = c.name),
      namespace AS (
        SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'postern')),
      object AS (
        SELECT 'n' AS kind, format('%I', nspname) AS name, nspowner AS owner, nspacl AS acl, nspname = 'public' AS open
        FROM namespace
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'S' ELSE 'r' END, format('%I.%I', n.nspname, c.relname), c.relowner,
          c.relacl, false
        FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT 'f', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner,
          coalesce(p.proacl, acldefault('f', p.proowner)), false
        FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace),
      gap AS (
        SELECT a.nr, a.role, a.kind, false AS future, o.name, a.privilege, a.wanted
        FROM object o JOIN asked a ON a.kind = o.kind
        WHERE o.owner IS DISTINCT FROM a.oid AND CASE
          WHEN a.wanted THEN (o.open OR o.owner IN (SELECT oid FROM creator))
            AND NOT coalesce(o.acl @> makeaclitem(a.oid, o.owner, a.privilege, false), false)
            AND NOT coalesce(o.acl @> makeaclitem(0, o.owner, a.privilege, false), false)
          ELSE coalesce(o.acl @> makeaclitem(a.oid, o.owner, a.privilege, false), false) END
        UNION ALL
        SELECT a.nr, a.role, a.kind, true, c.name, a.privilege, true
        FROM asked a CROSS JOIN creator c
        WHERE a.wanted AND c.name <> a.role AND NOT EXISTS (
          SELECT FROM pg_default_acl d
          WHERE d.defaclrole = c.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = a.kind::"char"
            AND d.defaclacl @> makeaclitem(a.oid, c.oid, a.privilege, false))
        UNION ALL
        SELECT a.nr, a.role, a.kind, true, r.rolname, a.privilege, false
        FROM asked a JOIN pg_default_acl d ON d.defaclnamespace = 0 AND d.defaclobjtype = a.kind::"char"
          AND d.defaclacl @> makeaclitem(a.oid, d.defaclrole, a.privilege, false)
        JOIN pg_authid r ON r.oid = d.defaclrole
        WHERE NOT a.wanted)
    SELECT role, kind, future, name, privilege, wanted FROM gap
    ORDER BY role COLLATE "C", kind COLLATE "C", future, name COLLATE "C", wanted, nr
    """
}
