import DatabaseSpec

/// Statements that are each run by themselves, so that one object that cannot be changed does not prevent changes to
/// the others. For the server they are one statement: a PL/pgSQL block that runs them in a loop and commits as it goes.
/// The server holds a lock on each object until a commit, and has room for few (`max_locks_per_transaction`).
struct SeparateStatements {
  /// An SQL expression of the type `text[]`.
  private let source: String

  /// Statements that are known in advance.
  init(_ statements: [String]) {
    source = "ARRAY[\n\(statements.map { SQLText.literal($0) }.joined(separator: ",\n"))]::text[]"
  }

  /// An SQL expression: how many statements there are.
  var count: String { "cardinality(\(source))" }

  private init(source: String) {
    self.source = source
  }

  /// The block. It tries all statements, then raises the error of the first that failed, which the DETAIL names. An
  /// object that no longer exists does not count as a failure, because the next pass sees that. What a function does not
  /// find that the statement calls, such as an event trigger's, is another one: the error's context then begins with that
  /// function.
  ///
  /// Others wait for what is changed until it is committed, so a lock that is not free is waited for behind a commit: all
  /// waits together take ten seconds, each of the second half of them little.
  var sql: String {
    let body = """

      DECLARE statement text; done int := 0; failed int := 0; state text; message text; place text; advice text;
      context text; waited interval := '0'; began timestamptz; patience text; is_open boolean;
      BEGIN
      FOREACH statement IN ARRAY \(source) LOOP
      patience := '1ms';
      LOOP
      PERFORM set_config('lock_timeout', patience, true);
      began := clock_timestamp();
      is_open := false;
      BEGIN
      EXECUTE statement;
      EXCEPTION
      WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
      IF SQLSTATE = '55P03' AND patience = '1ms' AND waited < '10 s' THEN is_open := true;
      ELSIF SQLSTATE NOT IN ('42P01', '42883', '42704', '3F000')
      OR NOT starts_with(context, format('SQL statement "%s"', statement)) THEN
      failed := failed + 1;
      IF failed = 1 THEN state := SQLSTATE; message := SQLERRM; place := statement;
      GET STACKED DIAGNOSTICS advice = PG_EXCEPTION_HINT; END IF;
      END IF;
      END;
      IF patience <> '1ms' THEN waited := waited + (clock_timestamp() - began); END IF;
      EXIT WHEN NOT is_open;
      COMMIT;
      patience := CASE WHEN waited < '5 s' THEN '5s' ELSE '200ms' END;
      END LOOP;
      done := done + 1;
      IF done % 100 = 0 THEN COMMIT; END IF;
      END LOOP;
      COMMIT;
      IF failed > 0 THEN
      RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, HINT = advice,
      DETAIL = place || CASE WHEN failed > 1 THEN format(', and %s more', failed - 1) ELSE '' END;
      END IF;
      END
      """
    return "DO \(SQLText.literal(body))"
  }
}

// The objects that a role owns in the current database, and its grants there, as statements that the server writes
// itself.
extension SeparateStatements {
  /// Gives what `old` owns to `new`, as REASSIGN OWNED does, except for other databases and for extensions.
  static func give(_ old: PostgresName, to new: PostgresName) -> SeparateStatements {
    SeparateStatements(source: give(old, to: new, where: "true"))
  }

  /// Gives what `old` owns to `new`, subscriptions too, except objects in a schema of another role, which belong to `old`
  /// in its own right.
  /// - Parameter others: schemas whose declared owner is not the database's owner.
  static func give(
    _ old: PostgresName, to new: PostgresName, exceptSchemas others: [PostgresName]
  ) -> SeparateStatements {
    let array = "\(SQLText.literal(SQLText.array(others.map({ $0.text }))))::text[]"
    // Its worker may write only what is its owner's. Before 16 a superuser has it.
    let subscriptions = """
      (SELECT coalesce(array_agg(format('ALTER SUBSCRIPTION %I OWNER TO %I', subname, \(lit(new)))), '{}')
      FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND subowner = (SELECT oid FROM pg_authid WHERE rolname = \(lit(old)))
      AND current_setting('server_version_num')::int >= 160000)
      """
    let objects = give(
      old, to: new,
      where: """
        CASE WHEN s.classid = 'pg_namespace'::regclass
        THEN s.objid <> ALL (SELECT oid FROM pg_namespace WHERE nspname = ANY (\(array)))
        ELSE n.oid IS NULL OR n.nspname <> ALL (\(array)) AND (n.nspname = 'public' OR n.nspowner = ANY (
        SELECT oid FROM pg_authid WHERE rolname IN (\(lit(old)), \(lit(new)), 'pg_database_owner'))) END
        """)
    return SeparateStatements(source: "\(objects) || \(subscriptions)")
  }

  /// Revokes the grants that objects' owners gave to a role. Grants that another grantee passed on are left to
  /// DROP OWNED.
  static func takeRights(of role: PostgresName) -> SeparateStatements {
    SeparateStatements(
      source: """
        (SELECT coalesce(array_agg(DISTINCT format('REVOKE ALL ON %s %s FROM %I CASCADE', CASE i.type
        WHEN 'view' THEN 'TABLE' WHEN 'materialized view' THEN 'TABLE' WHEN 'foreign table' THEN 'TABLE'
        WHEN 'composite type' THEN 'TYPE' WHEN 'domain' THEN 'TYPE'
        WHEN 'function' THEN 'ROUTINE' WHEN 'aggregate' THEN 'ROUTINE' WHEN 'procedure' THEN 'ROUTINE'
        WHEN 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER' WHEN 'server' THEN 'FOREIGN SERVER'
        ELSE upper(i.type) END, i.identity, \(lit(role)))), '{}')
        \(holdings(of: role, by: "a"))
        AND s.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass, 'pg_type'::regclass,
        'pg_language'::regclass, 'pg_largeobject'::regclass, 'pg_foreign_data_wrapper'::regclass,
        'pg_foreign_server'::regclass))
        """)
  }

  /// Owned sequences and other dependent parts follow the object that they belong to. Before 17 the multirange of a range
  /// does not.
  private static func give(_ old: PostgresName, to new: PostgresName, where scope: String) -> String {
    """
    (SELECT coalesce(array_agg(format('ALTER %s %s OWNER TO %I', CASE i.type
    WHEN 'composite type' THEN 'TYPE' WHEN 'statistics object' THEN 'STATISTICS'
    WHEN 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER' WHEN 'function' THEN 'ROUTINE'
    WHEN 'aggregate' THEN 'ROUTINE' WHEN 'procedure' THEN 'ROUTINE' ELSE upper(i.type) END,
    i.identity, \(lit(new)))), '{}')
    \(holdings(of: old, by: "o"))
    AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass, 'pg_extension'::regclass)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = s.classid AND d.objid = s.objid AND d.objsubid = 0
    AND (d.classid = 'pg_type'::regclass AND d.deptype = 'i' AND NOT (current_setting('server_version_num')::int < 170000
    AND EXISTS (SELECT FROM pg_type t WHERE t.oid = d.objid AND t.typtype = 'm')) OR d.classid = 'pg_class'::regclass
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')))
    AND \(scope))
    """
  }

  private static func holdings(of role: PostgresName, by dependency: StaticString) -> String {
    """
    FROM pg_shdepend s CROSS JOIN LATERAL pg_identify_object(s.classid, s.objid, 0) i
    LEFT JOIN pg_namespace n ON quote_ident(n.nspname) = i.schema
    WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND s.refclassid = 'pg_authid'::regclass AND s.deptype = '\(dependency)'
    AND s.refobjid = (SELECT oid FROM pg_authid WHERE rolname = \(lit(role)))
    """
  }
}
