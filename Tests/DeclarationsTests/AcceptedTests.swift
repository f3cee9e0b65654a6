import DatabaseSpec
import Declarations
import Testing

/// Annotations that are accepted, and the declarations that they become.
struct AcceptedTests {
  static let everything: Annotations = [
    "users": """
    - name: shop
    - name: analyst
      grants: {orders: read}
      connectionLimit: 5
      validUntil: 2027-01-01T00:00:00Z
      memberOf: [pg_monitor]
      passwordFrom: {secret: analyst-login, key: password}
    - name: former-employee
      ensure: absent
    """,
    "databases": """
    - name: orders
      owner: shop
      extensions: [pg_trgm, {name: citext, schema: public, version: "1.6"}]
      schemas: [reporting, {name: audit, owner: analyst}]
      encoding: UTF8
      locale: C.UTF-8
      template: template0
      connectionLimit: 20
      scripts:
        - name: 001-tables
          sql: |
            CREATE TABLE invoice (total numeric NOT NULL);
        - name: 002-data
          configMap: {name: orders-data, key: rows.sql}
          rerun: on-change
        - name: 003-index
          secret: {name: orders-index, key: index.sql}
          transaction: false
    """,
    "removed-users": "drop", "password-change": "end-sessions", "admin-secret": "acme-admin", "container": "db",
    "port": "5433", "host": "db.example.com", "inject": "true", "gate-readiness": "false", "retain": "false",
    "injected": "anything",
  ]

  @Test(arguments: ["db", "DB.example.com.", "10.0.0.1", "::1", "fd00::1", "2001:db8:0:0:0:0:0:1", "::ffff:10.0.0.1"])
  func hostsAreNamesOrAddresses(host: String) throws {
    #expect(try accepts(["host": host]).host == host)
  }

  @Test(arguments: [
    ("1", 1), ("1.5", 1.5), ("250m", 0.25), ("+1", 1), ("1e3", 1000), ("2E-1", 0.2), ("64Mi", 67_108_864), ("1k", 1000),
    ("2Gi", 2_147_483_648), ("1.", 1), (".5", 0.5), ("100n", 1e-7), ("3E", 3e18),
  ])
  func amountsAreKubernetes(text: String, value: Double) {
    #expect(ResourceQuantity(text)?.value == value)
  }

  @Test(arguments: ["", ".", "-1", "1.2.3", "1mi", "1K", "1 Gi", "m", "1e", "1e1.5", "1ee", "١", "1e9999", "0x10"])
  func otherTextsAreNoAmounts(text: String) {
    #expect(ResourceQuantity(text) == nil)
  }

  @Test func everyKeyOfTheContract() throws {
    let declaration = try accepts(Self.everything)
    let spec = InstanceSpec(
      customer: "acme",
      users: [
        User(name: try name("shop")),
        User(
          name: try name("analyst"), grants: [Grant(database: try name("orders"), level: .read)], connectionLimit: 5,
          validUntil: Expiry("2027-01-01T00:00:00Z"), memberOf: [try name("pg_monitor")]),
        User(name: try name("former-employee"), ensure: .absent),
      ],
      databases: [
        Database(
          name: try name("orders"), owner: try name("shop"),
          extensions: [
            Extension(name: try name("pg_trgm")),
            Extension(name: try name("citext"), schema: try name("public"), version: "1.6"),
          ],
          schemas: [Schema(name: try name("reporting")), Schema(name: try name("audit"), owner: try name("analyst"))],
          encoding: "UTF8", locale: "C.UTF-8", template: try name("template0"), connectionLimit: 20,
          scripts: [
            Script(name: "001-tables", content: .inline("CREATE TABLE invoice (total numeric NOT NULL);\n")),
            Script(
              name: "002-data", content: .configMap(ObjectKey(name: "orders-data", key: "rows.sql")), rerun: .onChange),
            Script(
              name: "003-index", content: .secret(ObjectKey(name: "orders-index", key: "index.sql")),
              transaction: false),
          ])
      ], removedUsers: .drop, passwordChange: .endSessions)
    var expected = Declaration(spec: spec)
    expected.passwordSources = [try name("analyst"): ObjectKey(name: "analyst-login", key: "password")]
    (expected.adminSecret, expected.port, expected.host) = ("acme-admin", 5433, "db.example.com")
    (expected.gateReadiness, expected.retain) = (false, false)
    #expect(declaration == expected)
    #expect(try InstanceSpec(decoding: declaration.spec.encoded()) == declaration.spec)
  }

  @Test func nothingButTheLabel() throws {
    #expect(try accepts([:]) == Declaration(spec: InstanceSpec(customer: "acme")))
  }

  @Test func annotationsOfOthersAndOfPosternItselfAreNotLookedAt() {
    let result = Declaration.parse(
      customer: "acme",
      annotations: [
        "example.com/users": "{", "postern.io/injected": "{", "postern.io/updated": "{", "postern.iousers": "{",
      ])
    #expect(result.declaration == Declaration(spec: InstanceSpec(customer: "acme")))
  }

  @Test func theLabelledDeployment() throws {
    let declaration = try accepts([
      "users": "- name: keycloak\n- name: dolibarr\n",
      "databases": """
      - name: keycloak_db
        owner: keycloak
      - name: dolibarr_db
        owner: dolibarr
        extensions: [pg_trgm]
        scripts:
          - name: 001-invoice
            sql: |
              CREATE TABLE invoice (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL);

      """,
    ])
    #expect(declaration.spec.databases.map(\.owner) == (try names(["keycloak", "dolibarr"])))
    #expect(
      declaration.spec.databases[1].scripts.map(\.content) == [
        .inline("CREATE TABLE invoice (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL);\n")
      ])
  }

  @Test func theLabelledStatefulSet() throws {
    let declaration = try accepts([
      "users": "- name: shop\n- name: analyst\n  grants: {orders: read}\n",
      "databases": "- name: orders\n  owner: shop\n",
    ])
    #expect(declaration.spec.users[1].grants == [Grant(database: try name("orders"), level: .read)])
  }

  @Test func theBarePodAndTheDeploymentWithALabelAloneTheOneUserOwnsTheDatabase() throws {
    let declaration = try accepts(["users": "solo", "databases": "solo_db"])
    #expect(declaration.spec.users == [User(name: try name("solo"))])
    #expect(declaration.spec.databases == [Database(name: try name("solo_db"), owner: try name("solo"))])
  }

  @Test(arguments: [
    ("orders", ["orders"]),
    ("orders, billing", ["orders", "billing"]),
    ("orders,billing,", ["orders", "billing"]),
    ("orders billing", ["orders", "billing"]),
    ("\n orders\n\tbilling\n\n", ["orders", "billing"]),
    ("orders\r\n  billing\r\n", ["orders", "billing"]),
    ("orders\u{3000}billing,\u{A0}é\u{301}", ["orders", "billing", "é\u{301}"]),
    // A character for Swift may be a separator and a mark that belongs to the name.
    ("orders,\u{301}billing \u{301}shop", ["orders", "\u{301}billing", "\u{301}shop"]),
    ("[orders, billing]", ["orders", "billing"]),
    ("- orders\n- name: billing\n", ["orders", "billing"]),
    ("'an order'", ["an order"]),
    ("Commandes-été", ["Commandes-été"]),
    ("- yes\n- 123\n- 1.10\n- \"null\"\n- '~'", ["yes", "123", "1.10", "null", "~"]),
    ("- !!int 'orders'", ["orders"]),
    ("- {name: 'a:b'}", ["a:b"]),
    ("- &x orders", ["orders"]),
    ("", []), (" \n", []), ("# none yet\n", []), ("[]", []),
  ])
  func listsOfNamesInEveryForm(_ text: String, _ expected: [String]) throws {
    let declaration = try accepts(["users": "shop", "databases": text])
    #expect(declaration.spec.databases.map(\.name) == (try names(expected)))
    #expect(try accepts(["users": text]).spec.users.map(\.name) == (try names(expected)))
  }

  @Test func aliasesStandForWhatTheyName() throws {
    let declaration = try accepts([
      "users": "shop",
      "databases": "- {name: a, extensions: &common [pg_trgm, citext]}\n- {name: b, extensions: *common}",
    ])
    #expect(declaration.spec.databases[1].extensions.map(\.name) == (try names(["pg_trgm", "citext"])))
  }

  @Test func anOwnerByGrantBecomesTheDatabasesOwnerAndHasNoGrant() throws {
    let spec = try accepts([
      "users": "- {name: a, grants: {x: owner, y: write}}\n- {name: b, grants: {x: read}}",
      "databases": "- x\n- {name: y, owner: b}",
    ]).spec
    #expect(spec.databases.map(\.owner) == (try names(["a", "b"])))
    #expect(spec.users[0].grants == [Grant(database: try name("y"), level: .write)])
  }

  @Test func anAbsentUserDoesNotCountWhereAnOwnerIsLeftOut() throws {
    let spec = try accepts(["users": "- {name: a, ensure: absent}\n- b", "databases": "x"]).spec
    #expect(spec.databases.map(\.owner) == (try names(["b"])))
  }

  @Test(arguments: [
    ("-1", nil), ("1", 1), ("2147483647", 2_147_483_647),
  ])
  func connectionLimits(_ text: String, _ expected: Int?) throws {
    let spec = try accepts([
      "users": "- {name: a, connectionLimit: \(text)}", "databases": "- {name: x, connectionLimit: \(text)}",
    ]).spec
    #expect(spec.users[0].connectionLimit == expected)
    #expect(spec.databases[0].connectionLimit == expected)
  }

  @Test(arguments: [
    ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ("2028-02-29 23:59:59.123456-05:30", "2028-03-01T05:29:59.123456Z"),
    ("'2000-02-29t00:00:00z'", "2000-02-29T00:00:00Z"),
    ("infinity", "infinity"),
  ])
  func validUntilIsATimeOrInfinity(_ text: String, _ expected: String) throws {
    #expect(try accepts(["users": "- {name: a, validUntil: \(text)}"]).spec.users[0].validUntil?.text == expected)
  }

  @Test(arguments: [
    ("utf8", "UTF8"), ("latin9", "LATIN9"), ("Win1252", "WIN1252"), ("ISO_8859_8", "ISO_8859_8"), ("UTF-8", "UTF8"),
    ("Unicode", "UTF8"), ("iso-8859-1", "LATIN1"), ("ISO88598", "ISO_8859_8"), ("ISO 8859-15", "LATIN9"),
    ("windows-1252", "WIN1252"), ("win", "WIN1251"), ("koi8", "KOI8R"), ("sql ascii", "SQL_ASCII"),
    ("euc-jis-2004", "EUC_JIS_2004"), ("EUC_JP", "EUC_JP"), ("vscii", "WIN1258"), ("Windows866", "WIN866"),
  ])
  func encodingsGetTheServersSpelling(_ text: String, _ expected: String) throws {
    let spec = try accepts(["users": "a", "databases": "- {name: x, encoding: \(text)}"]).spec
    #expect(spec.databases[0].encoding == expected)
  }

  @Test func emptyListsAndGrantsAreAsGoodAsNone() throws {
    try accepts([
      "users": "- name: a\n  grants:\n  memberOf:\n",
      "databases": "- name: x\n  extensions:\n  schemas: []\n  scripts:\n",
    ])
  }

  @Test func namesThatDifferInBytesAloneAreTwoNames() throws {
    let spec = try accepts(["users": "- e\u{301}\n- \u{e9}"]).spec
    #expect(spec.users.count == 2)
  }

  @Test(arguments: [
    (
      "- all",
      "postern.io/users[0] (line 1, column 3): \"all\" is a keyword in pg_hba.conf; quote it there, or choose another name"
    ),
    (
      "- {name: a, memberOf: [pg_moniter]}",
      "postern.io/users[0].memberOf[0] (line 1, column 24): \"pg_moniter\" is no predefined role of PostgreSQL 15 to 18; "
        + "did you mean \"pg_monitor\"?"
    ),
    (
      "- {name: a, ensure: absent, connectionLimit: 1}",
      "postern.io/users[0].connectionLimit (line 1, column 46): connectionLimit has no effect on a user that is to be "
        + "absent; remove it"
    ),
  ])
  func usersThatAreWorthAWarning(_ users: String, _ warning: String) throws {
    try accepts(["users": users], warnings: [warning])
  }

  @Test func aGrantOnTheUsersOwnDatabaseIsWorthAWarning() throws {
    let spec = try accepts(
      ["users": "- {name: a, grants: {x: read}}", "databases": "x"],
      warnings: [
        "postern.io/users[0].grants.x (line 1, column 22): \"a\" owns the database \"x\": the grant adds nothing; remove it"
      ]
    ).spec
    #expect(spec.users[0].grants == [])
  }

  @Test func aSchemaThatIsNotDeclaredIsWorthAWarning() throws {
    try accepts(
      ["users": "a", "databases": "- {name: x, schemas: [reports], extensions: [{name: citext, schema: report}]}"],
      warnings: [
        "postern.io/databases[0].extensions[0].schema (line 1, column 69): the schema \"report\" is not declared in this "
          + "database; did you mean \"reports\"?"
      ])
  }

  @Test(arguments: [("${DB_USER}", true), ("{{ .Values.user }}", true), ("a{b}$c", false), ("a~b", false)])
  func aPlaceholderIsWarnedOf(name: String, isWarned: Bool) throws {
    let result = parse(["users": "- name: \"\(name)\"\n"])
    #expect(result.errors == [])
    #expect(
      result.warnings.map(\.reason).contains { $0.contains("a placeholder that nothing has filled in") } == isWarned)
  }

  @Test(arguments: [
    ("shop\u{200B}", true), ("a\u{A0}b", true), ("\u{202E}x", true), ("größe ü", false), ("a b", false),
  ])
  func aNameWithAnInvisibleSignIsWarnedOf(name: String, isWarned: Bool) throws {
    let result = parse(["users": "- name: \"\(name)\"\n"])
    #expect(result.errors == [])
    #expect(result.warnings.map(\.reason).contains { $0.contains("has an invisible sign in it") } == isWarned)
  }

  /// Slips in lists, each with the names that are read and what is told of them.
  @Test(arguments: [
    (
      "-orders\n-billing",
      [
        #"the name "-orders" begins with a dash; did you mean "orders"?"#,
        #"the name "-billing" begins with a dash; did you mean "billing"?"#,
      ]
    ),
    (
      "- orders, billing", [#"the name "orders, billing" holds a comma; if several are meant, write an entry for each"#]
    ),
    ("- orders,billing", [#"the name "orders,billing" holds a comma; if several are meant, write an entry for each"#]),
    (
      "- \"orders\\nbilling\"",
      [
        #"the name "orders\u{a}billing" holds a line break or another control character; if several are meant, write an entry for each"#
      ]
    ),
    ("orders; billing", [#"the name "orders;" holds a semicolon; did you mean "orders"?"#]),
    ("- orders,", [#"the name "orders," holds a comma; did you mean "orders"?"#]),
    ("- |\n  orders\n", [#"the name "orders\u{a}" ends in white space; did you mean "orders"?"#]),
    ("- \"orders \"", [#"the name "orders " ends in white space; did you mean "orders"?"#]),
    ("- \" orders\"", [#"the name " orders" begins with white space; did you mean "orders"?"#]),
    (#"- "\"orders\"""#, [#"the name ""orders"" begins with a quote; did you mean "orders"?"#]),
    ("- {name: \"orders:\"}", [#"the name "orders:" ends in a colon; did you mean "orders"?"#]),
    ("- {name: \"'orders\"}", [#"the name "'orders" begins with a quote; did you mean "orders"?"#]),
    ("- orders'", [#"the name "orders'" ends in a quote; did you mean "orders"?"#]),
    ("- orders]", [#"the name "orders]" ends in a bracket; did you mean "orders"?"#]),
    ("- \"[orders]\"", [#"the name "[orders]" begins with a bracket; did you mean "orders"?"#]),
    ("• orders", [#"the name "•" begins with a dash; take it out"#]),
    ("- my orders", []), ("- orders.v2", []), ("- orders-v2", []), ("- Orders", []), ("- _orders", []), ("- größe", []),
    ("- \"orders (old)\"", []), ("- o'brien", []), ("- a/b", []), ("- \"1\"", []), ("- 注文", []),
    ("- app@example.com", []),
    ("- '~'", []), ("- {name: \"a:b\"}", []), ("- orders-", []), ("- $x", []),
  ])
  func aNameThatIsLikelyASlipIsWarnedOf(databases: String, expected: [String]) {
    let result = parse(["users": "shop", "databases": databases])
    #expect(result.errors == [])
    #expect(result.warnings.map { $0.reason + ($0.hint.map { "; \($0)" } ?? "") } == expected)
  }

  @Test func slipsInNamesOfUsersAreWarnedOfToo() {
    let result = parse(["users": "- name: \"shop \"\n- {name: \"\\\"shop\\\"\", memberOf: [\"shop \"]}\n"])
    #expect(result.errors == [])
    #expect(result.warnings.map(\.path) == ["[0].name", "[1].name", "[1].memberOf[0]"])
  }

  /// A locale takes the encoding of its codeset, as the server has it; nil where the two fit.
  @Test(
    arguments: [
      ("LATIN1", "C.UTF-8", "UTF8"), ("latin1", "en_US.utf8", "UTF8"), ("UTF8", "de_DE.ISO-8859-15@euro", "LATIN9"),
      ("LATIN1", "de_DE.ISO8859-15", "LATIN9"), ("UTF8", "ru_RU.KOI8-R", "KOI8R"), ("UTF8", "ru_RU.CP1251", "WIN1251"),
      ("EUC_JP", "ja_JP.UTF-8", "UTF8"), ("UTF8", "ru_RU.iso88595", "ISO_8859_5"), ("UTF8", "ja_JP.eucJP", "EUC_JP"),
      ("UTF8", "C.UTF-8", nil), ("UTF8", "en_US.utf8", nil), ("UTF8", "C.Utf-8", nil), ("LATIN1", "C", nil),
      ("LATIN9", "de_DE.ISO-8859-15@euro", nil), ("LATIN1", "POSIX", nil), ("SQL_ASCII", "C.UTF-8", nil),
      ("LATIN1", "de_DE", nil), ("LATIN9", "de_DE@euro", nil), ("UTF8", "x.unknown", nil),
      ("WIN1251", "ru_RU.cp1251", nil),
    ] as [(String, String, String?)])
  func aLocaleTakesItsOwnEncoding(encoding: String, locale: String, fit: String?) {
    let result = parse(["users": "a", "databases": "- {name: x, encoding: \(encoding), locale: \(locale)}"])
    #expect(result.errors == [])
    #expect(result.restrictions.map(\.hint) == (fit.map { ["write encoding: \($0), or another locale"] } ?? []))
    #expect(result.restrictions.allSatisfy { $0.path == "[0].locale" })
  }

  @Test(arguments: [("0", true), ("1", false), ("-1", false)])
  func aLimitThatLetsNobodyInIsWarnedOf(limit: String, isWarned: Bool) {
    let result = parse([
      "users": "- {name: a, connectionLimit: \(limit)}", "databases": "- {name: x, connectionLimit: \(limit)}",
    ])
    #expect(result.errors == [])
    let spec = result.declaration?.spec
    #expect(
      [spec?.users.first?.connectionLimit, spec?.databases.first?.connectionLimit]
        == [Int(limit), Int(limit)].map { $0 == -1 ? nil : $0 })
    let warned = result.warnings.filter { $0.reason == "0 lets nobody but a superuser connect" }
    #expect(warned.map(\.path) == (isWarned ? ["[0].connectionLimit", "[0].connectionLimit"] : []))
  }

  /// As in manifests: what stands there itself counts, and of several mappings the first.
  @Test(arguments: [
    ("- &o {name: orders, owner: shop, encoding: UTF8}\n- {<<: *o, name: billing}", ["shop UTF8", "shop UTF8"]),
    (
      "- &o {name: orders, owner: shop, encoding: UTF8}\n- {name: billing, encoding: LATIN1, <<: *o}",
      ["shop UTF8", "shop LATIN1"]
    ),
    (
      "- &o {name: orders, owner: shop}\n- &p {name: billing, owner: keeper, encoding: LATIN1}\n- {name: x, <<: [*o, *p]}",
      ["shop -", "keeper LATIN1", "shop LATIN1"]
    ),
    ("- &o {name: orders, owner: shop}\n- &p {<<: *o, name: a}\n- {<<: *p, name: b}", ["shop -", "shop -", "shop -"]),
  ])
  func aMergeKeyAddsWhatIsNotThere(databases: String, expected: [String]) throws {
    let spec = try accepts(["users": "shop, keeper", "databases": databases]).spec
    #expect(spec.databases.map { "\($0.owner.text) \($0.encoding ?? "-")" } == expected)
  }

  @Test func aMergeKeyIsReadWithItsPlace() {
    rejects(
      ["users": "shop", "databases": "- &o {name: orders, onwer: shop}\n- {<<: *o, name: billing}"],
      [
        #"postern.io/databases[0].onwer (line 1, column 21): unknown key "onwer" in a database; did you mean "owner"?"#,
        #"postern.io/databases[1].onwer (line 1, column 21): unknown key "onwer" in a database; did you mean "owner"?"#,
      ])
    let scalar = parse(["users": "shop", "databases": "- {<<: orders, name: x}"])
    #expect(scalar.errors.map(\.reason) == ["<< needs a mapping, or a list of mappings, as its value"])
    rejects(
      ["users": "shop", "databases": "- {\"<<\": {owner: shop}, name: x}"],
      [
        #"postern.io/databases[0]["<<"] (line 1, column 4): unknown key "<<" in a database; expected one of "#
          + "name, owner, extensions, schemas, encoding, locale, template, connectionLimit, scripts, renamedFrom"
      ])
  }

  /// Each merges the one before twice.
  @Test func mergeKeysMakeNoMoreValuesThanMayBe() {
    let lines = (1...20).map { "- &m\($0) {<<: [*m\($0 - 1), *m\($0 - 1)], k\($0): 1}" }
    let result = parse(["users": (["- &m0 {k0: 1}"] + lines).joined(separator: "\n")])
    #expect(result.errors.map(\.reason) == ["more than 20000 values, aliases expanded"])
  }
}
