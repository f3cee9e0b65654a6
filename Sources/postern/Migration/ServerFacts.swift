import LibPQ
import PostgresProvisioner
import Provisioning

/// What a server holds besides what a pass looks at: for remarks, and for what is in databases.
struct ServerFacts {
  /// A right that a role other than an object's owner has.
  struct Right {
    /// Empty for everybody.
    let role: String
    /// `n` schema, `r` table, `S` sequence, `f` routine, `c` column, `T` type, `O` other; behind `d` a default privilege of all
    /// schemas, behind `e` of one schema.
    let kind: String
    let privilege: String
    let count: Int
  }

  /// What is in one database.
  struct Contents {
    var schemas: [(name: String, owner: String, isOfExtension: Bool)] = []
    var extensions: [(name: String, schema: String, isInOwnSchema: Bool)] = []
    var rights: [Right] = []
    /// Kinds of objects that no declaration is about, and how many.
    var others: [(kind: String, count: Int)] = []
  }

  /// Attributes of roles that no declaration has.
  private(set) var powers: [String: [String]] = [:]
  private(set) var administeredRoles: [(member: String, role: String)] = []
  /// Roles and databases with parameters of their own.
  private(set) var parameters: [String] = []
  private(set) var md5Users: [String] = []
  private(set) var tablespaces: [String] = []
  /// Of databases: the character type, the tablespace if it is not the default one, whether it is a template.
  private(set) var databases: [String: (characterType: String, tablespace: String?, isTemplate: Bool)] = [:]
  private(set) var subscriptions: [String] = []

  private let settings: ConnectionSettings

  /// Asks the server, over connections that write nothing.
  init(_ settings: ConnectionSettings) throws(PostgresError) {
    self.settings = settings.forReading
    let connection = try Connection(self.settings)
    for role in try connection.rows(Self.roles) {
      powers[role.name] = role.powers.split(separator: ",").map(String.init)
      if role.hasMD5 { md5Users.append(role.name) }
    }
    administeredRoles = try connection.rows(Self.administrators)
    parameters = try connection.rows(Self.parameters)
    tablespaces = try connection.rows(Self.tablespaces)
    for database in try connection.rows(Self.databases) {
      databases[database.name] = (database.characterType, database.tablespace, database.isTemplate)
    }
    subscriptions = try connection.rows(Self.subscriptions)
  }

  func contents(of database: String) throws(PostgresError) -> Contents {
    var settings = settings
    settings.database = database
    let connection = try Connection(settings)
    return Contents(
      schemas: try connection.rows(Self.schemas), extensions: try connection.rows(Self.extensions),
      rights: try connection.rows(Self.rights), others: try connection.rows(Self.others))
  }

  // MARK: Queries

  private static var roles: CatalogQuery<(name: String, powers: String, hasMD5: Bool)> {
    CatalogQuery(
      "the attributes of roles",
      """
      SELECT rolname, concat_ws(',', CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolcreaterole THEN 'createrole' END,
        CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END,
        CASE WHEN NOT rolinherit THEN 'noinherit' END), coalesce(rolpassword ~ '^md5', false)
      FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY rolname
      """
    ) { row throws(CatalogMismatch) in (try row.text(), try row.text(), try row.isTrue()) }
  }

  private static var administrators: CatalogQuery<(member: String, role: String)> {
    CatalogQuery(
      "who may give roles",
      """
      SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_authid m ON m.oid = a.member JOIN pg_authid r ON r.oid = a.roleid
      WHERE a.admin_option AND m.rolname !~ '^pg_' AND NOT m.rolsuper GROUP BY 1, 2 ORDER BY 1, 2
      """
    ) { row throws(CatalogMismatch) in (try row.text(), try row.text()) }
  }

  private static var parameters: CatalogQuery<String> {
    CatalogQuery(
      "parameters of roles and databases",
      """
      SELECT concat_ws(' in ', CASE WHEN r.oid IS NOT NULL THEN 'user ' || r.rolname END,
        CASE WHEN d.oid IS NOT NULL THEN 'database ' || d.datname END) || ': '
        || (SELECT string_agg(split_part(c, '=', 1), ', ' ORDER BY c) FROM unnest(s.setconfig) AS c)
      FROM pg_db_role_setting s LEFT JOIN pg_authid r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase ORDER BY 1
      """
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  private static var databases:
    CatalogQuery<(name: String, characterType: String, tablespace: String?, isTemplate: Bool)>
  {
    CatalogQuery(
      "databases",
      """
      SELECT d.datname, d.datctype,
        CASE WHEN t.spcname <> 'pg_default' THEN t.spcname END, d.datistemplate
      FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
      """
    ) { row throws(CatalogMismatch) in
      (try row.text(), try row.text(), try row.optionalText(), try row.isTrue())
    }
  }

  private static var tablespaces: CatalogQuery<String> {
    CatalogQuery("tablespaces", "SELECT spcname FROM pg_tablespace WHERE spcname !~ '^pg_' ORDER BY 1") {
      row throws(CatalogMismatch) in try row.text()
    }
  }

  private static var subscriptions: CatalogQuery<String> {
    CatalogQuery(
      "subscriptions",
      "SELECT d.datname || '/' || s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid ORDER BY 1"
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  private static var schemas: CatalogQuery<(name: String, owner: String, isOfExtension: Bool)> {
    CatalogQuery(
      "schemas",
      """
      SELECT n.nspname, r.rolname, EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
      FROM pg_namespace n JOIN pg_authid r ON r.oid = n.nspowner
      WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'postern', 'public') ORDER BY n.nspname
      """
    ) { row throws(CatalogMismatch) in (try row.text(), try row.text(), try row.isTrue()) }
  }

  private static var extensions: CatalogQuery<(name: String, schema: String, isInOwnSchema: Bool)> {
    CatalogQuery(
      "extensions",
      """
      SELECT e.extname, n.nspname, EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
      FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.extname
      """
    ) { row throws(CatalogMismatch) in (try row.text(), try row.text(), try row.isTrue()) }
  }

  private static var rights: CatalogQuery<Right> {
    CatalogQuery(
      "rights",
      """
      WITH namespace AS (
          SELECT * FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'postern')),
        object AS (
          SELECT 'n' AS kind, oid, 'pg_namespace'::regclass AS class, nspowner AS owner, nspacl AS acl FROM namespace
          UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'S' ELSE 'r' END, c.oid, 'pg_class'::regclass, c.relowner, c.relacl
            FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
          UNION ALL SELECT 'c', c.oid, 'pg_class'::regclass, c.relowner, a.attacl
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN namespace n ON n.oid = c.relnamespace
          UNION ALL SELECT 'f', p.oid, 'pg_proc'::regclass, p.proowner, p.proacl
            FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace
          UNION ALL SELECT 'T', t.oid, 'pg_type'::regclass, t.typowner, t.typacl
            FROM pg_type t JOIN namespace n ON n.oid = t.typnamespace
          UNION ALL SELECT 'O', oid, 'pg_foreign_data_wrapper'::regclass, fdwowner, fdwacl FROM pg_foreign_data_wrapper
          UNION ALL SELECT 'O', oid, 'pg_foreign_server'::regclass, srvowner, srvacl FROM pg_foreign_server
          UNION ALL SELECT 'O', oid, 'pg_largeobject'::regclass, lomowner, lomacl FROM pg_largeobject_metadata
          UNION ALL SELECT CASE defaclnamespace WHEN 0 THEN 'd' ELSE 'e' END || defaclobjtype::text, oid, 'pg_default_acl'::regclass,
            defaclrole, defaclacl FROM pg_default_acl)
      SELECT coalesce(r.rolname, ''), o.kind, e.privilege_type, count(*)
      FROM object o CROSS JOIN LATERAL aclexplode(o.acl) e LEFT JOIN pg_authid r ON r.oid = e.grantee
      WHERE e.grantee <> o.owner AND coalesce(r.rolname, '') <> 'pg_database_owner' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      """
    ) { row throws(CatalogMismatch) in
      Right(role: try row.text(), kind: try row.text(), privilege: try row.text(), count: try row.integer())
    }
  }

  private static var others: CatalogQuery<(kind: String, count: Int)> {
    CatalogQuery(
      "other objects",
      """
      SELECT * FROM (
        SELECT 'event triggers', count(*) FROM pg_event_trigger
        UNION ALL SELECT 'foreign servers', count(*) FROM pg_foreign_server
        UNION ALL SELECT 'user mappings', count(*) FROM pg_user_mapping
        UNION ALL SELECT 'publications', count(*) FROM pg_publication) AS o(kind, number) WHERE number > 0
      """
    ) { row throws(CatalogMismatch) in (try row.text(), try row.integer()) }
  }
}
