package import DatabaseSpec

/// The record of scripts. Each database with scripts has one.
extension Postern {
  /// Creates the record of scripts in a database, and the function by which a script's own transaction adds to it.
  static let createRecorder =
    ownDefaults + [
      "CREATE SCHEMA postern",
      "REVOKE ALL ON SCHEMA postern FROM PUBLIC",
      """
      CREATE TABLE postern.script \
      (name text COLLATE "C" PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
      """,
    ] + makeFunction + ["REVOKE ALL ON ALL TABLES IN SCHEMA postern FROM PUBLIC", closeNew]

  /// Makes the function, also in the place of an older version's. It does what ``unnoticed`` does by itself: in a clause of the
  /// function's, that would be a setting that no owner can restore from a dump.
  static let makeFunction = [
    """
    CREATE OR REPLACE FUNCTION postern.record_script(text, text) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER \
    SET search_path = pg_catalog, pg_temp AS 'DECLARE earlier text := current_setting(''session_replication_role''); \
    is_new boolean; BEGIN PERFORM set_config(''session_replication_role'', ''replica'', true); \
    INSERT INTO postern.script (name, sha256) VALUES ($1, $2) \
    ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now() \
    WHERE script.sha256 <> excluded.sha256 RETURNING true INTO is_new; \
    PERFORM set_config(''session_replication_role'', earlier, true); RETURN is_new; END'
    """,
    "REVOKE ALL ON FUNCTION postern.record_script(text, text) FROM PUBLIC",
  ]

  /// The call of the function, with a script's name and hash, as the last statement of the script. It is qualified, so
  /// no setting of the script can change its meaning. True where the script was not recorded yet; NULL where it has
  /// already run, so that its effects must now be rolled back.
  package static func recordScript(_ run: ScriptRun) -> CatalogQuery<Bool> {
    CatalogQuery(
      "the record of a script",
      """
      SELECT postern.record_script(\
      \(SQLText.literal(run.name))::pg_catalog.text, \(SQLText.literal(run.sha256))::pg_catalog.text)
      """
    ) { row throws(CatalogMismatch) in try row.optionalIsTrue() ?? false }
  }

  /// pg_dump locks every table that it finds, which needs SELECT: the owner could dump nothing of its database otherwise.
  static func allowRecording(by role: PostgresName) -> [String] {
    [
      "GRANT USAGE ON SCHEMA postern TO \(id(role))",
      "GRANT EXECUTE ON FUNCTION postern.record_script(text, text) TO \(id(role))",
      "GRANT SELECT ON TABLE postern.script TO \(id(role))",
    ]
  }

  static func forbidRecording(by role: PostgresName) -> [String] {
    [
      "REVOKE SELECT ON TABLE postern.script FROM \(id(role)) CASCADE",
      "REVOKE EXECUTE ON FUNCTION postern.record_script(text, text) FROM \(id(role)) CASCADE",
      "REVOKE USAGE ON SCHEMA postern FROM \(id(role)) CASCADE",
    ]
  }

  /// The record of scripts in the current database, and whether its function does what ``unnoticed`` does, which is null where
  /// no superuser has one. There is no row where nothing exists.
  package static var recorder: CatalogQuery<(condition: RecordsCondition, isQuiet: Bool?)> {
    CatalogQuery(
      "the record of scripts",
      """
      SELECT \(condition), (
        SELECT strpos(p.prosrc, 'session_replication_role') > 0 FROM pg_proc p JOIN pg_authid o ON o.oid = p.proowner
        WHERE o.rolsuper AND p.pronamespace = to_regnamespace('postern')
          AND p.oid = to_regprocedure('postern.record_script(text, text)'))
      FROM \(firstHolder)
      """
    ) { row throws(CatalogMismatch) in (try RecordsCondition.read(&row), try row.optionalIsTrue()) }
  }

  /// The roles, but superusers, that may call the function by its owner's grant, and whether they may read the table as well.
  package static var recorderCallers: CatalogQuery<(caller: PostgresName, isReader: Bool)> {
    CatalogQuery(
      "the callers of the record of scripts",
      """
      SELECT r.rolname, EXISTS (
        SELECT FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) t
        WHERE c.relnamespace = n.oid AND c.relname = 'script' AND t.grantee = r.oid AND t.privilege_type = 'SELECT')
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      CROSS JOIN LATERAL aclexplode(p.proacl) e JOIN pg_authid r ON r.oid = e.grantee AND NOT r.rolsuper
      WHERE n.nspname = 'postern' AND p.proname = 'record_script' AND e.privilege_type = 'EXECUTE'
        AND e.grantee <> p.proowner AND e.grantor = p.proowner
      """
    ) { row throws(CatalogMismatch) in (try row.name(), try row.isTrue()) }
  }

  /// The scripts that have run in the current database.
  package static var recordedScripts: CatalogQuery<AppliedScript> {
    CatalogQuery("the scripts that ran", "SELECT name, sha256 FROM postern.script ORDER BY name") {
      row throws(CatalogMismatch) in AppliedScript(name: try row.text(), sha256: try row.text())
    }
  }

  /// When they ran last, in UTC as in RFC 3339.
  package static var scriptTimes: CatalogQuery<(name: String, ranAt: String)> {
    CatalogQuery(
      "when the scripts ran",
      """
      SELECT name, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM postern.script ORDER BY name
      """
    ) { row throws(CatalogMismatch) in (try row.text(), try row.text()) }
  }
}
