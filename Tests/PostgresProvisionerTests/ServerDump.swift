import LibPQ
import ThrowawayPostgres

extension PostgresServer {
  /// The part of a server's contents that concerns Postern, one line each, in order, without numbers and times that
  /// differ from run to run.
  func dump(databases: [String]) throws -> [String] {
    let postgres = try connect()
    var lines = try Self.shared.flatMap { try Self.lines($0, postgres) }
    for name in databases {
      let connection = try connect(database: name)
      for query in Self.local { lines += try Self.lines(query, connection).map { "\(name): \($0)" } }
      if try connection.query("SELECT to_regclass('postern.script')").value(0, 0) != nil {
        lines += try Self.lines("SELECT name, sha256 FROM postern.script ORDER BY name", connection)
          .map { "\(name): script \($0)" }
      }
      let tables = try connection.query(
        """
        SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname !~ '^pg_' AND schemaname NOT IN ('information_schema', 'postern') ORDER BY 1
        """)
      for row in 0..<tables.rowCount {
        guard let table = tables.value(row, 0) else { continue }
        lines += try Self.lines("SELECT '\(table)', * FROM \(table) ORDER BY 2", connection).map { "\(name): \($0)" }
      }
    }
    return lines
  }

  private static func lines(_ query: String, _ connection: borrowing Connection) throws -> [String] {
    let rows = try connection.query(query)
    return (0..<rows.rowCount).map { row in
      (0..<rows.columnCount).map { rows.value(row, $0) ?? "NULL" }.joined(separator: " ")
    }
  }

  /// Objects that all databases share.
  private static let shared = [
    """
    SELECT 'role', rolname, to_jsonb(r) - 'oid' - 'rolpassword', rolpassword IS NULL FROM pg_authid r
    WHERE rolname !~ '^pg_' ORDER BY rolname
    """,
    """
    SELECT 'membership', member::regrole, roleid::regrole, grantor::regrole,
      to_jsonb(m) - 'oid' - 'member' - 'roleid' - 'grantor'
    FROM pg_auth_members m WHERE member::regrole::text !~ '^pg_' ORDER BY 2, 3, 4
    """,
    """
    SELECT 'database', datname, datdba::regrole, datallowconn, datconnlimit,
      ARRAY(SELECT a::text FROM unnest(datacl) a ORDER BY 1)
    FROM pg_database ORDER BY datname
    """,
    "SELECT 'record', name, made, role = to_regrole(quote_ident(name)) FROM postern.managed_role ORDER BY name",
    "SELECT 'record', * FROM postern.managed_membership ORDER BY 2, 3",
    "SELECT 'record', * FROM postern.managed_grant ORDER BY 2, 3",
  ]

  /// Objects in one database.
  private static let local = [
    """
    SELECT 'schema', nspname, nspowner::regrole, ARRAY(SELECT a::text FROM unnest(nspacl) a ORDER BY 1)
    FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname
    """,
    """
    SELECT 'relation', c.oid::regclass, relkind, relowner::regrole, i.indisvalid,
      ARRAY(SELECT a::text FROM unnest(relacl) a ORDER BY 1)
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace,
      'information_schema'::regnamespace)
    ORDER BY c.oid::regclass::text
    """,
    """
    SELECT 'function', p.oid::regprocedure, proowner::regrole,
      ARRAY(SELECT a::text FROM unnest(proacl) a ORDER BY 1)
    FROM pg_proc p WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ORDER BY p.oid::regprocedure::text
    """,
    """
    SELECT 'default', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype,
      ARRAY(SELECT a::text FROM unnest(defaclacl) a ORDER BY 1)
    FROM pg_default_acl ORDER BY 2, 3, 4
    """,
    "SELECT 'extension', extname, extversion, extnamespace::regnamespace FROM pg_extension ORDER BY extname",
  ]
}
