import Foundation
import LibPQ
import TestThreads
import Testing
import ThrowawayPostgres

@testable import postern

/// `postern migrate --from-url`: under what it prints, a first pass changes nothing.
@Suite(.blocking) struct MigrateServerTests {
  /// What somebody made on a server.
  struct Scene: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// As the superuser, in a database.
    let statements: [(database: String, sql: String)]
    /// What the declaration has.
    var declares: [String] = []
    var remarks: [String] = []
    /// What is in no line but remarks.
    var leavesOut: [String] = []
  }

  /// The rights that a grant gives, on what is there and on what comes.
  static func grant(_ level: String, to role: String, on makers: [String], schemas: [String] = ["public"], version: Int)
    -> String
  {
    let tables =
      level == "read" ? "SELECT" : "SELECT, INSERT, UPDATE, DELETE, TRUNCATE" + (version >= 17 ? ", MAINTAIN" : "")
    let sequences = level == "read" ? "SELECT" : "SELECT, USAGE"
    var statements: [String] = []
    for schema in schemas {
      statements += [
        "GRANT USAGE ON SCHEMA \(schema) TO \(role)", "GRANT \(tables) ON ALL TABLES IN SCHEMA \(schema) TO \(role)",
        "GRANT \(sequences) ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role)",
        "GRANT EXECUTE ON ALL ROUTINES IN SCHEMA \(schema) TO \(role)",
      ]
    }
    for maker in makers {
      for right in ["USAGE ON SCHEMAS", "\(tables) ON TABLES", "\(sequences) ON SEQUENCES", "EXECUTE ON ROUTINES"] {
        statements.append("ALTER DEFAULT PRIVILEGES FOR ROLE \(maker) GRANT \(right) TO \(role)")
      }
    }
    return statements.joined(separator: "; ")
  }

  static func scenes(_ version: Int) -> [Scene] {
    [
      Scene(
        testDescription: "nothing", statements: [], remarks: ["database postgres: a first pass takes CONNECT back"]),
      Scene(
        testDescription: "owners, limits, ends and quoted names",
        statements: [
          (
            "postgres",
            "CREATE ROLE shop LOGIN PASSWORD 'sesame1' CONNECTION LIMIT 5 VALID UNTIL '2031-05-06 07:08:09+00'"
          ),
          ("postgres", #"CREATE ROLE "Quoted ""Owner ü" LOGIN CREATEDB"#),
          ("postgres", "CREATE DATABASE orders OWNER shop CONNECTION LIMIT 9"),
          (
            "postgres",
            #"CREATE DATABASE "Weird 'Db" OWNER "Quoted ""Owner ü" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"#
          ),
          ("postgres", "ALTER ROLE shop SET work_mem = '5MB'; ALTER DATABASE orders SET work_mem = '6MB'"),
        ],
        declares: [
          "- name: shop\n", "connectionLimit: 5", "validUntil: \"2031-05-06T07:08:09Z\"", "encoding: LATIN1",
          "locale: C",
          "connectionLimit: 9", #"owner: "Quoted \"Owner ü""#, #"name: "Weird 'Db""#, "secret: customer-logins",
          "key: shop",
        ],
        remarks: [
          #"user Quoted "Owner ü: createdb has no like"#, #"user Quoted "Owner ü has no password"#,
          "parameters have no like, and stay: user shop: work_mem",
          "parameters have no like, and stay: database orders: work_mem",
          "passwords are not read: make Secret customer-logins",
          "database orders: a first pass takes CONNECT back from PUBLIC; who has no grant there can connect no more: Quoted",
        ], leavesOut: ["sesame1"]),
      Scene(
        testDescription: "readers and writers",
        statements: [
          (
            "postgres",
            "CREATE ROLE shop LOGIN; CREATE ROLE r LOGIN; CREATE ROLE w LOGIN; CREATE ROLE half LOGIN; CREATE ROLE col LOGIN"
          ),
          ("postgres", "CREATE DATABASE orders OWNER shop"),
          (
            "postgres",
            "REVOKE CONNECT ON DATABASE orders FROM PUBLIC; GRANT CONNECT ON DATABASE orders TO r, w, half, col"
          ),
          (
            "orders",
            "SET ROLE shop; CREATE TABLE t (a serial, b int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
          ),
          ("orders", grant("read", to: "r", on: ["shop"], version: version) + "; GRANT UPDATE ON t TO r"),
          ("orders", grant("write", to: "w", on: ["shop"], version: version)),
          ("orders", "GRANT SELECT ON t TO half; GRANT SELECT (a) ON t TO col; GRANT SELECT ON t TO PUBLIC"),
        ],
        declares: ["- name: r\n    grants:\n      orders: read", "- name: w\n    grants:\n      orders: write"],
        remarks: [
          "database orders: r has besides read rights that no grant says alone, and keeps them: UPDATE on 1 tables",
          "database orders: half has rights that no grant says alone, and keeps them: SELECT on 1 tables",
          "database orders: col has rights that no grant says alone, and keeps them: SELECT on 1 columns",
          "database orders: everybody has rights that no grant says alone",
        ], leavesOut: ["- name: half\n    grants", "- name: col\n    grants"]),
      Scene(
        testDescription: "readers who connect as everybody may",
        statements: [
          ("postgres", "CREATE ROLE shop LOGIN; CREATE ROLE r LOGIN; CREATE DATABASE orders OWNER shop"),
          ("orders", "SET ROLE shop; CREATE TABLE t (a int)"),
          ("orders", grant("read", to: "r", on: ["shop"], version: version)),
        ], declares: ["- name: r\n    grants:\n      orders: read"],
        remarks: ["database orders: a first pass takes CONNECT back from PUBLIC"]),
      Scene(
        testDescription: "members and groups",
        statements: [
          (
            "postgres",
            "CREATE ROLE g NOLOGIN; CREATE ROLE shop LOGIN; CREATE ROLE deployer LOGIN; CREATE ROLE chief LOGIN SUPERUSER"
          ),
          ("postgres", "CREATE ROLE team LOGIN; CREATE ROLE m LOGIN IN ROLE team, pg_monitor, g"),
          ("postgres", "GRANT shop TO deployer; GRANT team TO deployer WITH ADMIN OPTION; GRANT pg_read_all_data TO m"),
          (
            "postgres",
            "CREATE DATABASE orders OWNER shop; CREATE DATABASE chiefs OWNER chief; CREATE DATABASE groups OWNER g"
          ),
        ],
        declares: ["memberOf:\n    - pg_monitor\n    - team", "- name: deployer\n    memberOf:\n    - team"],
        remarks: [
          "user m: membership in g, which is no user", "superusers are not declared, and stay: chief",
          "roles that cannot log in have no like, and stay: g", "role deployer: ADMIN OPTION in team",
          "database chiefs: it belongs to chief", "database groups: it belongs to g",
          "membership in shop, who owns database orders, is left out",
          "user m: Postern refuses its memberOf",
        ], leavesOut: ["- name: chief", "- name: g\n", "- name: chiefs", "- name: groups"]),
      Scene(
        testDescription: "schemas",
        statements: [
          (
            "postgres",
            "CREATE ROLE shop LOGIN; CREATE ROLE team LOGIN; CREATE ROLE late LOGIN; CREATE ROLE g; CREATE DATABASE orders OWNER shop"
          ),
          ("postgres", "REVOKE CONNECT ON DATABASE orders FROM PUBLIC; GRANT CONNECT ON DATABASE orders TO team"),
          (
            "orders",
            "CREATE SCHEMA own AUTHORIZATION shop; CREATE SCHEMA \"Team's\" AUTHORIZATION team; CREATE SCHEMA late AUTHORIZATION late"
          ),
          ("orders", "CREATE SCHEMA roots; CREATE SCHEMA groups AUTHORIZATION g; CREATE PUBLICATION p"),
        ],
        declares: ["schemas:\n    - name: \"Team's\"\n      owner: team\n    - name: own\n"],
        remarks: [
          "database orders: schema roots belongs to postgres", "database orders: schema groups belongs to g",
          "database orders: schema late is left out", "database orders: 1 publications have no like",
        ], leavesOut: ["- name: roots", "- name: groups", "- name: late\n      owner"]),
      Scene(
        testDescription: "ends, limits and names that are unusual",
        statements: [
          ("postgres", "CREATE ROLE ninf LOGIN VALID UNTIL '-infinity'; CREATE ROLE inf LOGIN VALID UNTIL 'infinity'"),
          (
            "postgres",
            "CREATE ROLE far LOGIN VALID UNTIL '12000-01-01'; CREATE ROLE bc LOGIN VALID UNTIL '0044-03-15 BC'"
          ),
          ("postgres", "CREATE ROLE us LOGIN VALID UNTIL '2031-01-01 00:00:00.123456+00' CONNECTION LIMIT 0"),
          (
            "postgres",
            "CREATE ROLE \"a/b\" LOGIN; CREATE ROLE \"a b\" LOGIN; CREATE ROLE \"..\" LOGIN; CREATE ROLE \"new\nline\" LOGIN"
          ),
          (
            "postgres",
            "CREATE ROLE \"yes\" LOGIN; CREATE ROLE \"123\" LOGIN; CREATE ROLE \"postgres \" LOGIN; CREATE ROLE \"all\" LOGIN"
          ),
          (
            "postgres",
            "CREATE DATABASE \"new\nline db\" OWNER \"new\nline\"; CREATE DATABASE \"d'b\\x\" OWNER \"a/b\" CONNECTION LIMIT 0"
          ),
          ("postgres", "GRANT pg_signal_backend, pg_read_server_files TO \"a b\""),
        ],
        declares: [
          "key: a-b\n", "key: a-b-2\n", "validUntil: \"2031-01-01T00:00:00.123456Z\"", "- pg_signal_backend",
          "connectionLimit: 0",
        ],
        remarks: [
          "user ninf: its end cannot be declared", "user far: its end cannot be declared",
          "user bc: its end cannot be declared",
          "user a b: Postern refuses its memberOf",
        ]),
      Scene(
        testDescription: "a schema public of PostgreSQL 14",
        statements: [
          ("postgres", "CREATE ROLE shop LOGIN; CREATE DATABASE orders OWNER shop"),
          (
            "orders",
            "ALTER SCHEMA public OWNER TO postgres; GRANT ALL ON SCHEMA public TO PUBLIC; CREATE SCHEMA own AUTHORIZATION shop"
          ),
        ], declares: ["- name: orders"],
        remarks: [
          "database orders: a first pass makes its schema public as PostgreSQL 15 does", "everybody has rights",
        ]),
      Scene(
        testDescription: "databases that cannot be declared",
        statements: [
          ("postgres", "CREATE ROLE shop LOGIN; CREATE ROLE pgbouncer LOGIN"),
          ("postgres", "CREATE DATABASE closed OWNER shop ALLOW_CONNECTIONS false"),
          ("postgres", "CREATE DATABASE tmpl OWNER shop IS_TEMPLATE true"),
        ], remarks: ["database closed: it allows no connections", "database tmpl: it is a template"],
        leavesOut: ["- name: closed", "- name: tmpl"]),
    ]
  }

  @Test(arguments: PostgresInstallation.all)
  func underWhatIsPrintedAFirstPassChangesNothing(_ installation: PostgresInstallation) throws {
    for scene in Self.scenes(installation.majorVersion) { try Self.check(scene, on: PostgresServer(installation)) }
  }

  /// Not every installation has the same ones.
  @Test(arguments: PostgresInstallation.all)
  func extensionsStayInTheirSchemas(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let names = try server.connect().query(
      """
      SELECT v.name FROM pg_available_extension_versions v JOIN pg_available_extensions e ON e.name = v.name
      WHERE v.version = e.default_version AND v.relocatable AND v.requires IS NULL AND v.schema IS NULL
        AND v.name IN ('citext', 'hstore', 'pg_trgm', 'vector', 'btree_gin') ORDER BY 1 LIMIT 3
      """)
    let all = (0..<names.rowCount).compactMap { names.value($0, 0) }
    try #require(!all.isEmpty)
    let schemas = ["own", "public", "roots"]
    var scene = Scene(
      testDescription: "extensions",
      statements: [
        ("postgres", "CREATE ROLE shop LOGIN; CREATE DATABASE orders OWNER shop"),
        ("orders", "CREATE SCHEMA own AUTHORIZATION shop; CREATE SCHEMA roots"),
      ] + zip(all, schemas).map { ("orders", "CREATE EXTENSION \($0) SCHEMA \($1)") })
    for (name, schema) in zip(all, schemas) {
      scene.declares.append(schema == "own" ? "- name: \(name)\n      schema: own\n" : "- name: \(name)\n    ")
      if schema == "roots" { scene.remarks.append("database orders: extension \(name) is in schema roots") }
    }
    try Self.check(scene, on: server)
  }

  private static func check(_ scene: Scene, on server: PostgresServer) throws {
    defer { server.stop() }
    for (database, sql) in scene.statements {
      // A statement of its own each, since databases are made in no transaction.
      let connection = try server.connect(database: database)
      for statement in sql.components(separatedBy: "; ") { try connection.execute(statement) }
    }
    let url = "postgresql://\(server.superuser)@127.0.0.1:\(server.port)/"
    let environment = ["PGPASSWORD": server.password]
    let answer = try Program.run(["migrate", "--from-url", url], environment: environment)
    #expect(answer.status == 0, "\(scene): \(answer.errors)")
    guard answer.status == 0 else { return }
    for text in scene.declares { #expect(Self.plain(answer.output).contains(text), "\(text) in \(answer.output)") }
    for text in scene.remarks {
      #expect(
        answer.output.split(separator: "\n").contains { $0.hasPrefix("# remark: ") && $0.contains(text) },
        "\(text) in \(answer.output)")
    }
    for text in scene.leavesOut { #expect(!Self.plain(answer.output).contains(text), "\(text) in \(answer.output)") }
    #expect(!(answer.output + answer.errors).contains(server.password))
    let workload = MigrateTests.workload(with: answer.output)
    let checked = try Program.run(["check", "-"], input: workload)
    #expect(checked.status == 0, "\(scene): \(checked.output)\(checked.errors)")
    // Of what a pass does, all is Postern's own records and PUBLIC's right to connect.
    let plan = try Program.run(["plan", "-", "--url", url], input: workload, environment: environment)
    let statements = plan.output.split(separator: "\n").filter { line in
      !line.hasPrefix("-- create records") && !line.hasPrefix("-- adopt role name=")
        && !line.hasPrefix("-- note grant")
        && !line.hasPrefix("-- close database to others") && !line.hasPrefix("-- nothing to do")
    }.filter { $0.hasPrefix("-- ") }
    let isOpen = scene.testDescription.contains("as everybody may")
    guard !scene.testDescription.contains("PostgreSQL 14") else {
      #expect(statements.count == 1 && statements[0].hasPrefix("-- close schema to others"), "\(statements)")
      return
    }
    guard !isOpen else {
      // With PUBLIC's right goes that of who has a grant, unless it gets its own.
      #expect(statements.count == 1 && statements[0].hasPrefix("-- grant name=r database=orders"), "\(statements)")
      #expect(plan.output.contains("GRANT CONNECT ON DATABASE") && !plan.output.contains("GRANT SELECT"))
      return
    }
    #expect(statements.isEmpty, "\(scene): \(statements)")
    for line in plan.output.split(separator: "\n") where line.hasPrefix("-- adopt role") {
      // Nothing but its name.
      #expect(
        !line.contains("login=") && !line.contains("connectionLimit=") && !line.contains("validUntil="), "\(line)")
    }
    let connection = try server.connect()
    let before = try Self.rolesAndDatabases(connection)
    try connection.execute(plan.output)
    #expect(try Self.rolesAndDatabases(connection) == before)
    let again = try Program.run(["plan", "-", "--url", url], input: workload, environment: environment)
    #expect(again.status == 0 && again.output == "-- nothing to do\n", "\(scene): \(again.output)\(again.errors)")
    // Read again, it is the same declaration.
    let read = try Program.run(["migrate", "--from-url", url], environment: environment)
    #expect(
      read.output.components(separatedBy: "metadata:").last == answer.output.components(separatedBy: "metadata:").last
    )
  }

  /// The output with the annotations' own indentation alone.
  private static func plain(_ output: String) -> String {
    output.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.hasPrefix("      ") ? String($0.dropFirst(4)) : String($0)
    }.joined(separator: "\n")
  }

  private static func rolesAndDatabases(_ connection: borrowing Connection) throws -> [String] {
    let rows = try connection.query(
      """
      SELECT to_jsonb(r)::text FROM pg_authid r UNION ALL SELECT to_jsonb(m)::text FROM pg_auth_members m
      UNION ALL SELECT (to_jsonb(d) - 'datacl' - 'datfrozenxid' - 'datminmxid')::text FROM pg_database d ORDER BY 1
      """)
    return (0..<rows.rowCount).compactMap { rows.value($0, 0) }
  }

  @Test(arguments: [
    "s3same", "postgresql://u:s3same@h:99999999/", "mysql://u:s3same@h/", "postgresql://u:s3@same@h/",
    "postgresql://h/?passfile=s3same",
    "postgresql://u:s3same@127.0.0.1:1/?sslmode=s3same", "postgresql://u:s3same@127.0.0.1:1/",
    "postgresql://127.0.0.1:1/?password=s3same",
    "postgresql://u:s3same@[::1/", "://s3same",
  ])
  func theURLIsNeverShown(_ url: String) throws {
    let answer = try Program.run(["migrate", "--from-url", url])
    #expect(answer.status != 0)
    #expect(!(answer.output + answer.errors).contains("s3same"), "\(answer.errors)")
  }

  @Test func whatTheURLLeavesOutIsInTheVariables() throws {
    let server = try PostgresServer(.newest)
    defer { server.stop() }
    let environment = [
      "PGHOST": server.folder.path, "PGPORT": "\(server.port)", "PGUSER": server.superuser,
      "PGPASSWORD": server.password,
    ]
    let answer = try Program.run(
      ["migrate", "--from-url", "postgresql://", "--customer", "acme"], environment: environment)
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(answer.output.contains("postern.io/customer: acme"))
    try server.connect().execute("CREATE ROLE plain LOGIN PASSWORD 'sesame'")
    let refused = try Program.run(
      ["migrate", "--from-url", "postgresql://plain:sesame@127.0.0.1:\(server.port)/"])
    #expect(refused.status == 1 && refused.errors.contains("log in as a superuser"), "\(refused)")
  }
}
