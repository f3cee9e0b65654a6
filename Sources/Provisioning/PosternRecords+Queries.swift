package import DatabaseSpec

/// Queries for the records of what Postern manages.
extension Postern {
  /// The OIDs of the roles by whose right something is done where the records are read or written: the owners of the schema
  /// in the current database, and of its tables and functions.
  static let holders = """
    SELECT nspowner AS oid FROM pg_namespace WHERE nspname = 'postern'
    UNION SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('postern')
    UNION SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('postern')
    """

  /// The OIDs of the tables.
  private static let tables = """
    SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('postern') AND relname IN (\
    'managed_role', 'managed_membership', 'managed_grant', 'known_failure', 'script')
    """

  /// What is on the tables, is not Postern's, and does its work even where ``unnoticed`` stands: only the tables' owner can have made
  /// it, as where somebody has restored them. As the server names it, in one text, five of it at most; null where there is nothing.
  static let additions = additions(on: tables)

  static func additions(on tables: String) -> String {
    """
    (SELECT string_agg(pg_describe_object(a.class, a.object, 0), ', ' ORDER BY a.object) FROM (
      SELECT 'pg_trigger'::regclass AS class, oid AS object FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled IN ('A', 'R') AND tgrelid IN (\(tables))
      UNION SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE ev_class IN (\(tables))
      UNION SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE contype = 'c' AND conrelid IN (\(tables))
      UNION SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef
        WHERE adrelid IN (\(tables)) AND pg_get_expr(adbin, adrelid) NOT IN ('now()', '"now"()')
      UNION SELECT 'pg_class'::regclass, indexrelid FROM pg_index
        WHERE indrelid IN (\(tables)) AND (indexprs IS NOT NULL OR indpred IS NOT NULL)
      UNION SELECT 'pg_class'::regclass, inhrelid FROM pg_inherits WHERE inhparent IN (\(tables)) ORDER BY 2 LIMIT 5) a)
    """
  }

  /// The triggers on the tables and the foreign keys that refer to them, which who has got a right can have made. A trigger runs by the
  /// right of who writes there by hand. A foreign key's check runs by the right of the table's owner, with the casts of its column,
  /// whoever writes on the other side. Those on tables that are no superuser's are somebody's own.
  private static let handles = """
    SELECT 'pg_trigger'::regclass AS class, oid AS object, format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) AS
      statement FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O' AND tgrelid IN (\(superusersTables))
    UNION ALL SELECT 'pg_constraint'::regclass, oid, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
      FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND confrelid IN (\(superusersTables))
    """
  private static let superusersTables = "\(tables) AND relowner IN (SELECT oid FROM pg_authid WHERE rolsuper)"

  /// What others than their owners may do with the schema, its tables and its function, one right a row, other than to find and
  /// read them. A superuser needs no right.
  private static let rights = """
    SELECT e.*, coalesce(quote_ident(r.rolname), 'PUBLIC') AS name FROM (
      SELECT 'TABLE' AS kind, c.oid::regclass::text AS object, c.relowner AS owner, e.* FROM pg_class c CROSS JOIN LATERAL (
        SELECT * FROM aclexplode(c.relacl)
        UNION ALL SELECT e.* FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) e WHERE a.attrelid = c.oid) e
      WHERE c.oid IN (\(tables)) AND e.privilege_type <> 'SELECT'
      UNION ALL SELECT 'SCHEMA', 'postern', n.nspowner, e.* FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) e
      WHERE n.nspname = 'postern' AND e.privilege_type <> 'USAGE'
      UNION ALL SELECT 'FUNCTION', p.oid::regprocedure::text, p.proowner, e.*
      FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) e
      WHERE p.pronamespace = to_regnamespace('postern') AND p.proname = 'record_script') e
    JOIN pg_authid o ON o.oid = e.owner AND o.rolsuper
    LEFT JOIN pg_authid r ON r.oid = e.grantee WHERE e.grantee <> e.owner AND r.rolsuper IS NOT TRUE
    """

  /// Who has such rights, each with them, and ``handles``, in one text; null where there is nothing. Whom Postern has let record
  /// scripts is not among them.
  static let intruders = """
    (SELECT string_agg(i.text, ', ' ORDER BY i.place, i.text) FROM (
      SELECT 1 AS place, format('%s (%s)', e.name, string_agg(DISTINCT e.privilege_type, ', ')) AS text FROM (\(rights)) e
      WHERE e.kind <> 'FUNCTION' OR e.grantee = 0 OR e.grantor <> e.owner GROUP BY e.name
      UNION ALL SELECT 2, pg_describe_object(h.class, h.object, 0) FROM (\(handles)) h) i)
    """

  /// Takes all these rights back, and from whom they were passed on to, also from whom Postern has let record scripts: whoever may
  /// make a trigger on a table could otherwise act as the superuser who writes into it. What others than the owner gave, and that
  /// did not go with what they had themselves, they alone could take back, and a superuser not even that, as it counts as the owner:
  /// so they are the owner for a moment, which nobody else sees. Then it disables triggers and drops foreign keys.
  static let close = [
    closeNew,
    closing(
      "<>",
      "ALTER %1$s %2$s OWNER TO %5$I; REVOKE %4$s ON %1$s %2$s FROM %3$s CASCADE; ALTER %1$s %2$s OWNER TO %6$I"),
    block("entry text; BEGIN FOR entry IN SELECT h.statement FROM (\(handles)) h LOOP EXECUTE entry; END LOOP; END"),
  ]

  /// As ``close``, of what has just been made: default privileges give rights in the owner's name.
  static let closeNew = closing("=", "REVOKE %4$s ON %1$s %2$s FROM %3$s CASCADE")

  private static func block(_ body: String) -> String { "DO \(SQLText.literal("DECLARE \(body)"))" }

  private static func closing(_ isOwner: String, _ statements: String) -> String {
    block(
      """
      entry record; BEGIN \
      FOR entry IN SELECT r.kind, r.object, r.owner, r.name, r.grantor, string_agg(DISTINCT r.privilege_type, ', ') AS rights \
      FROM (\(rights)) r WHERE r.grantor \(isOwner) r.owner GROUP BY 1, 2, 3, 4, 5 LOOP \
      EXECUTE format(\(SQLText.literal(statements)), entry.kind, entry.object, entry.name, entry.rights, \
      pg_get_userbyid(entry.grantor), pg_get_userbyid(entry.owner)); END LOOP; END
      """)
  }

  /// The records in the database `postgres`, and whether they have all columns. There is no row where the schema does not exist yet.
  package static var recordsOwner:
    CatalogQuery<(condition: RecordsCondition, isComplete: Bool, publications: WidePublications?)>
  {
    CatalogQuery(
      "the owner of Postern's records",
      """
      SELECT \(condition), EXISTS (
        SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = n.oid AND c.relname = 'managed_role' AND a.attname = 'home' AND NOT a.attisdropped),
        p.first, p.count
      FROM \(firstHolder) CROSS JOIN pg_namespace n CROSS JOIN (\(widePublications)) p WHERE n.nspname = 'postern'
      """
    ) { row throws(CatalogMismatch) in
      (try RecordsCondition.read(&row), try row.isTrue(), try WidePublications.read(&row))
    }
  }

  /// The columns that ``RecordsCondition/read(_:)`` reads, of ``firstHolder``.
  static let condition = "r.rolname, r.rolsuper, \(additions), \(intruders)"
  static let firstHolder =
    "(SELECT rolname, rolsuper FROM pg_authid WHERE oid IN (\(holders)) ORDER BY rolsuper, rolname LIMIT 1) r"

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
