import DatabaseSpec
import Provisioning

/// The queries on the server's catalogs, each with the reader of its rows. `search_path` is fixed to pg_catalog.
enum Catalog {
  /// The superuser that Postern is logged in as.
  static var administrator: CatalogQuery<PostgresName> {
    CatalogQuery("who is logged in", "SELECT current_user") { row throws(CatalogMismatch) in try row.name() }
  }

  /// The server's time.
  static var now: CatalogQuery<Timestamp> {
    CatalogQuery("the server's time", "SELECT (extract(epoch FROM now()) * 1000000)::bigint") {
      row throws(CatalogMismatch) in Timestamp(microseconds: try row.value("a number") { Int64($0) })
    }
  }

  /// The parameters that are set for some roles.
  static func settings(of roles: [PostgresName]) -> CatalogQuery<(role: PostgresName, setting: RoleSetting)> {
    CatalogQuery(
      "the settings of roles",
      """
      SELECT r.rolname, d.datname, split_part(c.setting, '=', 1), substr(c.setting, strpos(c.setting, '=') + 1)
      FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
      JOIN pg_authid r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
      WHERE r.rolname = ANY ($1::text[]) AND (s.setdatabase = 0 OR d.oid IS NOT NULL)
      """, [SQLText.array(roles.map({ $0.text }))]
    ) { row throws(CatalogMismatch) in
      let role = try row.name()
      let database = try row.optionalName()
      return (role, RoleSetting(database: database, name: try row.text(), value: try row.text()))
    }
  }

  /// When the server was started, in seconds since 1970, and whether it is a standby.
  static var start: CatalogQuery<(time: String, isStandby: Bool)> {
    CatalogQuery(
      "the start of the server", "SELECT date_part('epoch', pg_postmaster_start_time()), pg_is_in_recovery()"
    ) { row throws(CatalogMismatch) in (try row.text(), try row.isTrue()) }
  }

  /// What the data folder's lock file says of another server.
  enum Rival {
    /// One was started on the folder since. The file's third line has the start time of the server that wrote it (src:
    /// `miscadmin.h`, `LOCK_FILE_LINE_START_TIME`), which is at most some seconds before, and never after, the time that
    /// this server itself reports. Two seconds are for a clock that is set meanwhile.
    case started
    /// The file is gone, as where one has ended on the folder. Within a minute this server ends itself because of it
    /// (src: `miscinit.c`, `RecheckDataDirLockFile`).
    case ended
  }

  static var rival: CatalogQuery<Rival?> {
    CatalogQuery(
      "the server's lock file",
      """
      SELECT file IS NULL, coalesce(substring(split_part(file, chr(10), 3) FROM '^[0-9]{1,15}$')::bigint
        > date_part('epoch', pg_postmaster_start_time()) + 2, false)
      FROM pg_read_file('postmaster.pid', 0, 10000, true) AS file
      """
    ) { row throws(CatalogMismatch) in
      let isMissing = try row.isTrue()
      let isNewer = try row.isTrue()
      return isMissing ? .ended : isNewer ? .started : nil
    }
  }

  /// Every role. The server's years go further than microseconds in 64 bits.
  static var roles: CatalogQuery<RoleRow> {
    CatalogQuery(
      "the roles",
      """
      SELECT r.rolname, r.oid, r.rolsuper, r.rolcanlogin, r.rolinherit, r.rolconnlimit,
        CASE WHEN r.rolvaliduntil IS NULL OR r.rolvaliduntil = 'infinity' THEN NULL
          WHEN r.rolvaliduntil = '-infinity' THEN -9223372036854775808
          ELSE least(extract(epoch FROM r.rolvaliduntil) * 1000000, 9223372036854775807)::bigint END,
        r.rolpassword, coalesce(s.sessions, 0), o.role IS NOT NULL
      FROM pg_authid r
      LEFT JOIN (SELECT usesysid, count(*) AS sessions FROM pg_stat_activity GROUP BY usesysid) s ON s.usesysid = r.oid
      LEFT JOIN (
        SELECT DISTINCT setrole AS role FROM pg_db_role_setting
        WHERE EXISTS (SELECT FROM unnest(setconfig) AS c(setting) WHERE starts_with(c.setting, '\(StatementLogging.mark)='))
      ) o ON o.role = r.oid
      """
    ) { row throws(CatalogMismatch) in try RoleRow(&row) }
  }

  /// Member, role, and whether the member has the role's rights and may become it (from version 16 on, each grantor
  /// decides that).
  static var memberships: CatalogQuery<(member: PostgresName, role: PostgresName, isFull: Bool)> {
    CatalogQuery(
      "the memberships",
      """
      SELECT m.rolname, r.rolname, bool_or(coalesce(
        (to_jsonb(a) ->> 'inherit_option')::boolean AND (to_jsonb(a) ->> 'set_option')::boolean, true))
      FROM pg_auth_members a JOIN pg_authid m ON m.oid = a.member JOIN pg_authid r ON r.oid = a.roleid
      GROUP BY m.rolname, r.rolname
      """
    ) { row throws(CatalogMismatch) in (try row.name(), try row.name(), try row.isTrue()) }
  }

  /// Who, from version 16 on, loses the membership in a role with each of some members of it, which gave that on by ADMIN
  /// OPTION: what the superuser has given to a member is to be taken back. Who has it from somebody else, too, keeps it.
  static func passedOn(
    _ memberships: [(member: PostgresName, role: PostgresName)]
  ) -> CatalogQuery<(member: PostgresName, role: PostgresName, other: PostgresName)> {
    CatalogQuery(
      "the memberships that were passed on",
      """
      WITH RECURSIVE lost AS (
        SELECT a.oid, a.roleid, a.member, a.member AS giver
        FROM unnest($1::text[], $2::text[]) AS t(member, role) JOIN pg_authid m ON m.rolname = t.member
        JOIN pg_authid r ON r.rolname = t.role
        JOIN pg_auth_members a ON a.member = m.oid AND a.roleid = r.oid AND a.grantor = 10
        UNION
        SELECT a.oid, a.roleid, a.member, l.giver
        FROM pg_auth_members a JOIN lost l ON a.grantor = l.member AND a.roleid = l.roleid
        WHERE NOT EXISTS (
          SELECT FROM pg_auth_members o
          WHERE o.member = l.member AND o.roleid = l.roleid AND o.admin_option AND o.oid <> l.oid))
      SELECT DISTINCT g.rolname, r.rolname, m.rolname
      FROM lost l JOIN pg_authid g ON g.oid = l.giver JOIN pg_authid r ON r.oid = l.roleid
      JOIN pg_authid m ON m.oid = l.member
      WHERE l.member <> l.giver AND NOT EXISTS (
        SELECT FROM pg_auth_members o
        WHERE o.member = l.member AND o.roleid = l.roleid AND o.oid NOT IN (SELECT oid FROM lost))
      """,
      [SQLText.array(memberships.map({ $0.member.text })), SQLText.array(memberships.map({ $0.role.text }))]
    ) { row throws(CatalogMismatch) in (try row.name(), try row.name(), try row.name()) }
  }

  /// Every database. What was written in it is known by the server's statistics, which a crash and a reset empty.
  static var databases: CatalogQuery<(name: PostgresName, state: DatabaseState)> {
    CatalogQuery(
      "the databases",
      """
      SELECT d.datname, r.rolname, d.datallowconn, d.datconnlimit, pg_encoding_to_char(d.encoding), d.datcollate,
        coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
        EXISTS (
          SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) e
          WHERE e.grantee = 0 AND e.privilege_type = 'CONNECT' AND e.grantor = d.datdba),
        NOT EXISTS (
          SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) e
          WHERE e.grantee = d.datdba AND e.privilege_type = 'CONNECT'),
        CASE WHEN current_setting('track_counts')::boolean THEN hashtextextended(concat_ws(' ',
          d.oid, pg_postmaster_start_time(), s.since, pg_stat_get_db_stat_reset_time(d.oid),
          pg_stat_get_db_tuples_inserted(d.oid), pg_stat_get_db_tuples_updated(d.oid),
          pg_stat_get_db_tuples_deleted(d.oid)), 0) END,
        EXISTS (
          SELECT FROM pg_shdepend s WHERE s.dbid = d.oid AND s.classid = 'pg_proc'::regclass
            AND s.refclassid = 'pg_authid'::regclass AND s.refobjid = d.datdba AND s.deptype = 'a')
      FROM pg_database d JOIN pg_authid r ON r.oid = d.datdba
      CROSS JOIN (SELECT stats_reset AS since FROM pg_stat_bgwriter) s
      """
    ) { row throws(CatalogMismatch) in
      let name = try row.name()
      var state = DatabaseState(
        owner: try row.name(), allowsConnections: try row.isTrue(), connectionLimit: try row.integer(),
        encoding: try row.text(), collation: try row.text(), providerLocale: try row.optionalText(),
        isOpenToPublic: try row.isTrue())
      state.isClosedToOwner = try row.isTrue()
      state.writes = try row.optional("a number") { Int($0) }
      state.isOwnerCaller = try row.isTrue()
      return (name, state)
    }
  }

  /// The databases whose collation has another version than when they were made, from version 15 on. The server warns
  /// of that at each login.
  static var changedCollations: CatalogQuery<(database: PostgresName, collation: ChangedCollation)> {
    CatalogQuery(
      "the versions of collations",
      """
      SELECT datname, datcollversion, pg_database_collation_actual_version(oid) FROM pg_database
      WHERE datcollversion <> coalesce(pg_database_collation_actual_version(oid), '')
      """
    ) { row throws(CatalogMismatch) in
      (try row.name(), ChangedCollation(made: try row.text(), present: try row.optionalText()))
    }
  }

  /// The roles to which a database's owner has granted CONNECT.
  static var connectors: CatalogQuery<(database: PostgresName, role: PostgresName)> {
    CatalogQuery(
      "the rights to connect",
      """
      SELECT d.datname, r.rolname FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) e
      JOIN pg_authid r ON r.oid = e.grantee WHERE e.privilege_type = 'CONNECT' AND e.grantor = d.datdba
      """
    ) { row throws(CatalogMismatch) in (try row.name(), try row.name()) }
  }

  /// The roles other than the owner that have granted CONNECT on a database to PUBLIC.
  static var publicGrantors: CatalogQuery<(database: PostgresName, role: PostgresName)> {
    CatalogQuery(
      "the rights of everybody to connect",
      """
      SELECT d.datname, r.rolname FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) e
      JOIN pg_authid r ON r.oid = e.grantor
      WHERE e.grantee = 0 AND e.privilege_type = 'CONNECT' AND e.grantor <> d.datdba
      """
    ) { row throws(CatalogMismatch) in (try row.name(), try row.name()) }
  }

  /// The extensions that the server has available, in each version.
  static var availableExtensions: CatalogQuery<(name: PostgresName, version: AvailableExtension)> {
    CatalogQuery(
      "the extensions that there are",
      "SELECT name, version, schema FROM pg_available_extension_versions ORDER BY name, version"
    ) { row throws(CatalogMismatch) in
      (try row.name(), AvailableExtension(version: try row.text(), schema: try row.optionalName()))
    }
  }
}

/// A role, with its stored verifier.
struct RoleRow {
  var name: PostgresName
  var oid: UInt32
  var isSuperuser: Bool
  var canLogIn: Bool
  var inherits: Bool
  var connectionLimit: Int
  var validUntil: Expiry
  var verifier: String?
  var sessions: Int
  /// Whether a process may have left parameters that it has set for a script from a Secret.
  var isMarked: Bool

  init(_ row: inout CatalogRow) throws(CatalogMismatch) {
    name = try row.name()
    oid = try row.oid()
    isSuperuser = try row.isTrue()
    canLogIn = try row.isTrue()
    inherits = try row.isTrue()
    connectionLimit = try row.integer()
    validUntil = try row.optional("a number") { Int64($0) }.map { .time(Timestamp(microseconds: $0)) } ?? .infinity
    verifier = try row.optionalText()
    sessions = try row.integer()
    isMarked = try row.isTrue()
  }
}
