import DatabaseSpec
import Declarations
import Testing

private let source = ObjectKey(name: "tyr-logins", key: "users.txt")

private func parse(_ text: String) -> (
  file: FlatFile?, problems: [DeclarationProblem], warnings: [DeclarationProblem]
) {
  FlatFile.parse(Array(text.utf8), source: source)
}

/// The flat file by itself.
struct FlatFileTests {
  @Test(
    arguments: [
      ("keycloak:K3\ndolibarr:D0\n", [("keycloak", "K3", 1), ("dolibarr", "D0", 2)]),
      ("keycloak:K3", [("keycloak", "K3", 1)]),
      ("keycloak:K3\r\ndolibarr:D0\r\n", [("keycloak", "K3", 1), ("dolibarr", "D0", 2)]),
      ("\n\nkeycloak:K3\n \t\n\r\ndolibarr:D0", [("keycloak", "K3", 3), ("dolibarr", "D0", 6)]),
      ("a:b:c::", [("a", "b:c::", 1)]),
      ("a: b c ", [("a", " b c ", 1)]),
      ("# the logins\na:b\n \t# c:d\n#\n#e:f", [("a", "b", 2)]),
      ("a#b:c#d", [("a#b", "c#d", 1)]),
      ("My User:b", [("My User", "b", 1)]),
      ("a:md5abc\\n$x'\"", [("a", "md5abc\\n$x'\"", 1)]),
      ("\u{FEFF}a:b", [("a", "b", 1)]),
      ("é:ü", [("é", "ü", 1)]),
      ("", []), ("\n", []),
    ] as [(String, [(String, String, Int)])])
  func takesAUserAndAPasswordALine(_ text: String, _ expected: [(String, String, Int)]) throws {
    let result = parse(text)
    #expect(result.problems == [])
    let file = try #require(result.file)
    #expect(file.entries.map(\.user) == (try expected.map { try name($0.0) }))
    #expect(file.entries.map(\.password.unredacted) == expected.map(\.1))
    #expect(file.entries.map(\.line) == expected.map(\.2))
    #expect(file.warnings == [])
    #expect(file.source == source)
  }

  private static let spaceHint =
    "write user:password without any; a user with such a name is declared in postern.io/users"

  @Test(arguments: [
    ("hunter2", "(line 1): the line has no colon; expected user:password; put the user's name before it"),
    ("a:b\nhunter2\n", "(line 2): the line has no colon; expected user:password; put the user's name before it"),
    (":hunter2", "(line 1): the line has no user before its colon; expected user:password"),
    ("hunter2:", "(line 1): the password is empty; write the password after the colon"),
    ("a:hunter2\0", "(line 1): the password holds a NUL byte; write the password after the colon"),
    ("hunter2\0:a", "(line 1): the user's name holds a NUL byte, which no Postgres name may; choose another name"),
    (
      "pg_hunter2:a",
      "(line 1): no user can have this line's name: names that begin with pg_ are the server's own roles; choose another name"
    ),
    (
      "hunter2" + String(repeating: "a", count: 54) + ":b",
      "(line 1): the name of the database, <user>_db, would be longer than 63 bytes; expected a user's name of at most 60 bytes; choose a shorter name"
    ),
    ("hunter2 : x", "(line 1): the user's name begins or ends with a space; " + Self.spaceHint),
    ("\thunter2:x", "(line 1): the user's name begins or ends with a space; " + Self.spaceHint),
    (" :hunter2", "(line 1): the user's name begins or ends with a space; " + Self.spaceHint),
    (
      "a:hunter2\rb:hunter2",
      "(line 1): the password holds a carriage return; let the lines end with a line feed, or with both"
    ),
    (
      "a:hunter2\r\r\n",
      "(line 1): the password holds a carriage return; let the lines end with a line feed, or with both"
    ),
    ("hunter2:a\n\nhunter2:b", "(line 3): the user of this line stands on line 1 already; remove one of the lines"),
  ])
  func refusesALineWithoutShowingIt(_ text: String, _ message: String) {
    let result = parse(text)
    #expect(result.file == nil)
    #expect(result.problems.map(\.message) == ["tyr-logins/users.txt \(message)"])
    #expect(result.problems.map(\.field) == ["metadata.annotations[postern.io/users-from]"])
    #expect(!String(describing: result).contains("hunter2"))
  }

  @Test(arguments: [
    (Array("a:".utf8) + [0xFF], "the password is not UTF-8; save the file as UTF-8"),
    ([0xC3, 0x28] + Array(":a".utf8), "the user's name is not UTF-8; save the file as UTF-8"),
  ])
  func refusesWhatIsNotUTF8(_ bytes: [UInt8], _ reason: String) {
    let result = FlatFile.parse(bytes, source: source)
    #expect(result.file == nil)
    #expect(result.problems.map(\.message) == ["tyr-logins/users.txt (line 1): \(reason)"])
  }

  @Test func findsAllThatIsWrong() {
    let result = parse("x\na:b\n:c\n\na:d\nall:x\n")
    #expect(result.problems.map(\.line) == [1, 3, 5])
    #expect(result.warnings.map(\.line) == [6])
  }

  @Test(arguments: [
    ("all:b", "the user's name is a keyword in pg_hba.conf; quote it there, or choose another name")
  ])
  func warnsOfWhatWasHardlyMeant(_ text: String, _ reason: String) throws {
    let file = try #require(parse(text).file)
    #expect(file.entries.count == 1)
    #expect(file.warnings.map(\.message) == ["tyr-logins/users.txt (line 1): \(reason)"])
  }

  @Test func aPasswordShowsNowhere() {
    #expect(!String(describing: parse("a:hunter2")).contains("hunter2"))
    #expect(!String(reflecting: parse("a:hunter2")).contains("hunter2"))
  }
}

/// The users of the flat file together with those of the annotations.
struct FlatFileMergeTests {
  /// The messages of merging. The declaration alone must have none.
  private func merge(_ annotations: Annotations, _ text: String) throws -> DeclarationResult {
    let file = try #require(parse(text).file)
    return try accepts(annotations.merging(["users-from": "tyr-logins/users.txt"]) { $1 }).adding(file)
  }

  @Test func eachLineIsAUserWhoOwnsADatabaseOfTheSameNameAnd_db() throws {
    let result = try merge([:], "keycloak:K3\ndolibarr:D0\n")
    #expect(
      result.declaration?.spec
        == InstanceSpec(
          customer: "acme", users: [User(name: try name("keycloak")), User(name: try name("dolibarr"))],
          databases: [
            Database(name: try name("keycloak_db"), owner: try name("keycloak")),
            Database(name: try name("dolibarr_db"), owner: try name("dolibarr")),
          ]))
    #expect(result.declaration?.usersFrom == source)
  }

  @Test func aDeclaredUserKeepsItsAttributesADeclaredDatabaseItsOwn() throws {
    let result = try merge(
      [
        "users": "- {name: keycloak, connectionLimit: 3, grants: {dolibarr_db: read}}\n- other",
        "databases": "- {name: keycloak_db, extensions: [citext]}\n- {name: dolibarr_db, owner: other}",
      ], "keycloak:K3\ndolibarr:D0\n")
    let spec = try #require(result.declaration?.spec)
    #expect(spec.users.map(\.name) == (try names(["keycloak", "other", "dolibarr"])))
    #expect(spec.users[0].connectionLimit == 3)
    #expect(spec.users[0].grants == [Grant(database: try name("dolibarr_db"), level: .read)])
    #expect(spec.databases.map(\.name) == (try names(["keycloak_db", "dolibarr_db"])))
    #expect(spec.databases.map(\.owner) == (try names(["keycloak", "other"])))
    #expect(spec.databases[0].extensions == [Extension(name: try name("citext"))])
  }

  @Test func aUserNeedsNoGrantOnTheDatabaseThatTheFileMakesItOwn() throws {
    let result = try merge(["users": "- {name: keycloak, grants: {keycloak_db: read}}"], "keycloak:K3")
    #expect(result.declaration?.spec.users == [User(name: try name("keycloak"))])
  }

  @Test func ownersGrantsAndMembershipsMayNameTheFilesUsersAndDatabases() throws {
    let result = try merge(
      [
        "users": "- {name: reader, grants: {keycloak_db: read}, memberOf: [keycloak, pg_monitor]}",
        "databases": "- {name: x, owner: keycloak, schemas: [{name: s, owner: keycloak}]}",
      ], "keycloak:K3")
    #expect(result.errors == [])
    #expect(result.declaration?.spec.databases[0].owner == (try name("keycloak")))
  }

  @Test(
    arguments: [
      (
        ["users": "- {name: keycloak, passwordFrom: {secret: s, key: k}}"],
        "postern.io/users[0].passwordFrom: \"keycloak\" has two passwords: this one, and that of line 1 of tyr-logins/users.txt; remove one of them"
      ),
      (
        ["users": "- {name: keycloak, ensure: absent}"],
        "postern.io/users[0].ensure: \"keycloak\" is to be absent, and is a user on line 1 of tyr-logins/users.txt; remove one of them"
      ),
      (
        ["users": "shop", "databases": "- {name: x, owner: shpo}"],
        "postern.io/databases[0].owner: no user \"shpo\" is declared in postern.io/users or tyr-logins/users.txt; did you mean \"shop\"?"
      ),
      (
        ["databases": "dolibarr_db"],
        "postern.io/databases[0].owner: no user \"dolibarr\" is declared in postern.io/users or tyr-logins/users.txt"
      ),
      (
        ["databases": "- {name: keycloak_db, schemas: [{name: s, owner: x}]}"],
        "postern.io/databases[0].schemas[0].owner: no user \"x\" is declared in postern.io/users or tyr-logins/users.txt"
      ),
      (
        ["users": "- {name: a, memberOf: [b]}"],
        "postern.io/users[0].memberOf[0]: no user \"b\" is declared in postern.io/users or tyr-logins/users.txt"
      ),
      (
        ["users": "- {name: a, grants: {shop_db: read}}"],
        "postern.io/users[0].grants.shop_db: no database \"shop_db\" is declared in postern.io/databases or made for tyr-logins/users.txt"
      ),
    ] as [(Annotations, String)])
  func refusesWhatFitsNeither(_ annotations: Annotations, _ message: String) throws {
    let result = try merge(annotations, "keycloak:K3")
    #expect(result.declaration == nil)
    #expect(result.errors.map(\.message) == [message])
  }

  @Test func theFilesWarningsComeAlong() throws {
    let result = try merge([:], "all:b")
    #expect(result.declaration != nil)
    #expect(result.warnings.map(\.line) == [1])
  }
}
