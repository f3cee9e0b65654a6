import Declarations
import Testing

/// What is refused in `postern.io/users`.
struct RejectedUsersTests {
  static let entries: [Refusal] = [
    .users(
      "a,,b",
      "postern.io/users[1] (line 1, column 4): an entry is empty; expected a user; remove it, or quote it if it is a name"
    ),
    .users(
      "null",
      "postern.io/users[0] (line 1, column 1): an entry is empty; expected a user; remove it, or quote it if it is a name"
    ),
    .users(
      "- a\n- ~",
      "postern.io/users[1] (line 2, column 3): an entry is empty; expected a user; remove it, or quote it if it is a name"
    ),
    .users(
      "- a\n-\n- b",
      "postern.io/users[1] (line 2, column 2): an entry is empty; expected a user; remove it, or quote it if it is a name"
    ),
    .users("- [a]", "postern.io/users[0] (line 1, column 3): this is a list; expected a user"),
    .users(
      "name: a",
      #"postern.io/users (line 1, column 1): this is a mapping; expected a list; begin each entry with "- name: NAME", or write plain names: orders, billing"#
    ),
    .users("- {}", #"postern.io/users[0] (line 1, column 3): a user has no name; add "name: NAME""#),
    .users(
      "- name:",
      "postern.io/users[0].name (line 1, column 8): this is empty; expected the name of a user; write the value, or remove the key"
    ),
    .users("- name: [a]", "postern.io/users[0].name (line 1, column 9): this is a list; expected the name of a user"),
    .users(
      "- name: \"a\\0b\"",
      "postern.io/users[0].name (line 1, column 9): the name of a user holds a NUL byte, which no Postgres name may; choose another name"
    ),
    .users(
      "- " + String(repeating: "é", count: 32),
      "postern.io/users[0] (line 1, column 3): the name of a user is 64 bytes long; Postgres names have at most 63; choose another name"
    ),
    .users(
      "pg_shop",
      #"postern.io/users[0] (line 1, column 1): no user can be called "pg_shop": names that begin with pg_ are the server's own roles; choose another name"#
    ),
    .users(
      "public",
      #"postern.io/users[0] (line 1, column 1): no user can be called "public": "public" stands for every role; choose another name"#
    ),
    .users(
      "none",
      #"postern.io/users[0] (line 1, column 1): no user can be called "none": "none" stands for no role; choose another name"#
    ),
    .users(
      "a,\n  b a",
      #"postern.io/users[2] (line 2, column 5): user "a" is declared twice: here and at [0] (line 1); remove one of them"#
    ),
    .users(
      "- a\n- {name: a}",
      #"postern.io/users[1].name (line 2, column 10): user "a" is declared twice: here and at [0] (line 1); remove one of them"#
    ),
    .users(
      "- {name: a, connection_limit: 1}",
      #"postern.io/users[0].connection_limit (line 1, column 13): unknown key "connection_limit" in a user; did you mean "connectionLimit"?"#
    ),
    .users(
      "- {name: a, \"x\\ny\": 1}",
      #"postern.io/users[0]["x\u{a}y"] (line 1, column 13): unknown key "x\u{a}y" in a user; expected one of name, ensure, grants, connectionLimit, validUntil, memberOf, passwordFrom, renamedFrom, rotate"#
    ),
    .users(
      "- {name: a, ensure: abesnt}",
      #"postern.io/users[0].ensure (line 1, column 21): "abesnt" is not one of present, absent; did you mean "absent"?"#
    ),
    .users(
      "- {name: a, connectionLimit: -2}",
      #"postern.io/users[0].connectionLimit (line 1, column 30): "-2" is no connection limit; expected a whole number of sessions, or -1 for any number"#
    ),
    .users(
      "- {name: a, connectionLimit: 2147483648}",
      #"postern.io/users[0].connectionLimit (line 1, column 30): "2147483648" is no connection limit; expected a whole number of sessions, or -1 for any number"#
    ),
    .users(
      "- {name: a, connectionLimit: [1]}",
      "postern.io/users[0].connectionLimit (line 1, column 30): this is a list; expected a whole number of sessions, or -1 for any number"
    ),
    .users(
      "- {name: a, passwordFrom: x}",
      "postern.io/users[0].passwordFrom (line 1, column 27): this is a single value; expected a key of a Secret: {secret: NAME, key: KEY}"
    ),
    .users(
      "- {name: a, passwordFrom: {secret: s}}",
      #"postern.io/users[0].passwordFrom (line 1, column 27): "key" is missing; expected a key of a Secret: {secret: NAME, key: KEY}"#
    ),
    .users(
      "- {name: a, passwordFrom: {secret: S, key: k}}",
      #"postern.io/users[0].passwordFrom.secret (line 1, column 36): this cannot be the name of a Secret; expected lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit"#
    ),
    .users(
      "- {name: a, passwordFrom: {secret: s, key: ../k}}",
      #"postern.io/users[0].passwordFrom.key (line 1, column 44): this cannot be the key of a Secret; expected letters, digits, "-", "_" and ".""#
    ),
  ]

  @Test(arguments: entries) func refusesEntries(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  @Test(arguments: [
    "2027-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z",
    "2027-04-31T00:00:00Z", "0000-01-01T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z",
    "2027-01-01T00:00:61Z", "2027-01-01T00:00:00", "2027-01-01", "2027-01-01T00:00Z", "2027-01-01T00:00:00.Z",
    "2027-01-01T00:00:00+16:00", "2027-01-01T00:00:00+02", "2027-01-01T00:00:00Zx", "tomorrow", "+027-01-01T00:00:00Z",
  ])
  func refusesATimeThatIsOnNoCalendarOrHasNoZone(_ time: String) {
    rejects(
      ["users": "- name: a\n  validUntil: '\(time)'"],
      [
        "postern.io/users[0].validUntil (line 2, column 15): \"\(time)\" is no time on the calendar with a zone; write a time with its zone, such as 2027-01-01T00:00:00Z, or infinity"
      ])
  }

  @Test(arguments: ["password", "Password", "pasword", "passwd", "pass", "pwd"])
  func refusesAPasswordAndShowsItNowhere(_ key: String) {
    let result = parse(["users": "- name: a\n  \(key): hunter2"])
    #expect(
      result.errors.map(\.message) == [
        "postern.io/users[0].\(key) (line 2, column 3): a password cannot stand in an annotation: annotations are copied into ReplicaSets, audit logs and last-applied-configuration; put it into a Secret and write passwordFrom: {secret: NAME, key: KEY}, or leave it out to have one generated; take this one for known and change it"
      ])
  }

  @Test(arguments: [
    "a:hunter2", "- a:hunter2", "- 'a:hunter2'", "a: hunter2", "- a: hunter2", "- {name: a, passwordFrom: hunter2}",
    "- {name: a, passwordFrom: {secret: Hunter2, key: hunter2/}}", "- {name: a, passwordFrom: [hunter2]}",
    "- {name: a, secret: hunter2}", "a: hunter2: b", "- name: a\n  password: \"hunter2",
    "- {name: a, password: [hunter2]}",
    "- {name: a, password: hunter2, password: hunter2}", "a:hunter2\nb:hunter2",
    "- {name: a, connectionLimit: [hunter2]}",
  ])
  func noMessageShowsWhatMayBeAPassword(_ users: String) {
    let result = parse(["users": users])
    #expect(result.declaration == nil)
    #expect(!String(describing: result).lowercased().contains("hunter2"))
  }

  static let references: [Refusal] = [
    Refusal(
      ["users": "shop; analyst", "databases": "- {name: orders, owner: shop}"],
      #"postern.io/databases[0].owner (line 1, column 25): no user "shop" is declared in postern.io/users; see the warning of "shop;" there"#
    ),
    Refusal(
      ["users": "[shop;, shopp]", "databases": "- {name: orders, owner: shop}"],
      #"postern.io/databases[0].owner (line 1, column 25): no user "shop" is declared in postern.io/users; did you mean "shopp"?"#
    ),
    Refusal(
      ["users": "- name: a\n  grants: {ordres: read}", "databases": "orders"],
      #"postern.io/users[0].grants.ordres (line 2, column 12): no database "ordres" is declared in postern.io/databases; did you mean "orders"?"#
    ),
    Refusal(
      ["users": "- {name: a, grants: {x: read}}"],
      #"postern.io/users[0].grants.x (line 1, column 22): no database "x" is declared in postern.io/databases; declare it there, or remove the grant"#
    ),
    Refusal(
      ["users": "- {name: a, grants: {x: wrte}}", "databases": "x"],
      #"postern.io/users[0].grants.x (line 1, column 25): "wrte" is not one of owner, write, read; did you mean "write"?"#
    ),
    Refusal(
      ["users": "- {name: a, grants: [x]}", "databases": "x"],
      "postern.io/users[0].grants (line 1, column 21): this is a list; expected a mapping from database to owner, write or read; write grants: {DATABASE: read}"
    ),
    Refusal(
      ["users": "- {name: a, grants: {x: owner}}\n- {name: b, grants: {x: owner}}", "databases": "x"],
      #"postern.io/users[1].grants.x (line 2, column 22): "b" cannot own "x": "a" owns it already, by [0].grants.x (line 1); a database has one owner; grant write to the others, or make them memberOf it"#
    ),
    Refusal(
      ["users": "- {name: a, grants: {x: owner}}\n- b", "databases": "- {name: x, owner: b}"],
      #"postern.io/users[0].grants.x (line 1, column 22): "a" cannot own "x": postern.io/databases[0].owner (line 1) says owner: "b"; grant write instead, or change the owner there"#
    ),
    Refusal(
      ["users": "- {name: a, ensure: absent, grants: {x: read}, memberOf: [b]}\n- b", "databases": "x"],
      "postern.io/users[0].grants (line 1, column 37): a user that is to be absent cannot have grants; remove grants, or write ensure: present",
      "postern.io/users[0].memberOf (line 1, column 58): a user that is to be absent cannot have memberOf; remove memberOf, or write ensure: present"
    ),
    Refusal(
      ["users": "- {name: a, memberOf: [shop]}\n- {name: shp}"],
      #"postern.io/users[0].memberOf[0] (line 1, column 24): no user "shop" is declared in postern.io/users; did you mean "shp"?"#
    ),
    Refusal(
      ["users": "- {name: a, memberOf: [b]}\n- {name: b, ensure: absent}"],
      #"postern.io/users[0].memberOf[0] (line 1, column 24): "b" cannot have members: it is declared with ensure: absent in postern.io/users; name a user that is present"#
    ),
    Refusal(
      ["users": "- {name: a, memberOf: [postgres, ~, a b]}\n- 'a b'"],
      #"postern.io/users[0].memberOf[0] (line 1, column 24): no user can be a member of "postgres": "postgres" is the server's superuser; name a declared user, or a predefined role such as pg_monitor"#,
      "postern.io/users[0].memberOf[1] (line 1, column 34): an entry is empty; expected a role; remove it"),
    Refusal(
      ["users": "- {name: a, memberOf: [pg_monitor, pg_monitor]}"],
      #"postern.io/users[0].memberOf[1] (line 1, column 36): role "pg_monitor" is declared twice: here and at [0].memberOf[0] (line 1); remove one of them"#
    ),
    Refusal(
      ["users": "- {name: a, memberOf: b}\n- b"],
      "postern.io/users[0].memberOf (line 1, column 23): this is a single value; expected a list of roles"),
    Refusal(
      ["users": "- {name: a, memberOf: [a]}"],
      #"postern.io/users[0].memberOf[0] (line 1, column 24): these users are members of each other: "a" → "a"; remove one of these memberships"#
    ),
    Refusal(
      [
        "users":
          "- {name: x, memberOf: [a]}\n- {name: a, memberOf: [b]}\n- {name: b, memberOf: [c]}\n- {name: c, memberOf: [a]}"
      ],
      #"postern.io/users[3].memberOf[0] (line 4, column 24): these users are members of each other: "a" → "b" → "c" → "a"; remove one of these memberships"#
    ),
  ]

  @Test(arguments: references) func refusesReferencesToNothingOrAgainstEachOther(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  @Test(arguments: [
    ("pg_execute_server_program", "it runs programs on the server, which is as good as superuser"),
    ("pg_read_server_files", "it reads any file of the server, which is as good as superuser"),
    ("pg_write_server_files", "it writes any file of the server, which is as good as superuser"),
    ("pg_database_owner", "its one member is each database's owner"),
  ])
  func refusesRolesThatAreAsGoodAsSuperuser(_ role: String, _ reason: String) {
    rejects(
      ["users": "- {name: a, memberOf: [\(role)]}"],
      [
        "postern.io/users[0].memberOf[0] (line 1, column 24): no user can be a member of \"\(role)\": \(reason); remove it"
      ])
  }

  @Test func aUserWhoseEntryIsWrongIsNotReportedAgainWhereItIsReferredTo() {
    let result = parse([
      "users": "- {name: shop, ensur: present, connectionLimit: x}\n- {nme: b}\n- {name: c, memberOf: [b, shop]}",
      "databases": "- {name: x, owner: b}",
    ])
    #expect(
      result.errors.map(\.path) == ["[0].ensur", "[0].connectionLimit", "[1].nme"])
  }

  @Test func manyUsersInALongChainAreNoCircle() throws {
    let users = (0..<3000).map { "- {name: u\($0), memberOf: [u\($0 + 1)]}\n" }.joined() + "- u3000\n"
    try accepts(["users": users])
  }
}
