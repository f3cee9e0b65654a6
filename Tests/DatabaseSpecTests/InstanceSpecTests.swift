import DatabaseSpec
import JSONBytes
import Testing

private func name(_ text: String) throws -> PostgresName { try PostgresName(text) }

private func full() throws -> InstanceSpec {
  InstanceSpec(
    customer: "acme",
    users: [
      User(name: try name("sh\"op é")),
      User(
        name: try name("analyst"),
        grants: [
          Grant(database: try name("a"), level: .write), Grant(database: try name("orders"), level: .read),
        ], connectionLimit: 0, validUntil: Expiry("2027-01-01T00:00:00.5Z"),
        memberOf: [try name("pg_monitor"), try name("sh\"op é")]),
      User(name: try name("gone"), ensure: .absent), User(name: try name("forever"), validUntil: .infinity),
    ],
    databases: [
      Database(name: try name("a"), owner: try name("sh\"op é")),
      Database(
        name: try name("orders"), owner: try name("analyst"),
        extensions: [
          Extension(name: try name("x")), Extension(name: try name("y"), schema: try name("s"), version: "1.10"),
        ],
        schemas: [Schema(name: try name("r")), Schema(name: try name("s"), owner: try name("analyst"))],
        encoding: "UTF8", locale: "C.UTF-8", template: try name("a"), connectionLimit: 7,
        scripts: [
          Script(name: "1", content: .inline("SELECT 'x\n';")),
          Script(name: "2", content: .configMap(ObjectKey(name: "m", key: "k")), rerun: .onChange),
          Script(name: "3", content: .secret(ObjectKey(name: "s", key: "k")), transaction: false),
          Script(name: "4", content: .file(name: "script-0.sql", sha256: "00")),
        ]),
    ], removedUsers: .keep, passwordChange: .endSessions)
}

/// `spec.json` is canonical, and is read as it was written.
struct InstanceSpecTests {
  @Test func everyPartComesBack() throws {
    let spec = try full()
    #expect(try InstanceSpec(decoding: spec.encoded()) == spec)
    #expect(try InstanceSpec(decoding: InstanceSpec(customer: "a").encoded()) == InstanceSpec(customer: "a"))
  }

  @Test func whatHasItsDefaultIsLeftOut() {
    #expect(
      String(decoding: InstanceSpec(customer: "a").encoded(), as: UTF8.self)
        == #"{"apiVersion":"postern.io/v1","customer":"a","users":[],"databases":[]}"#)
  }

  /// A sidecar that does not know renames would make something empty of the new name, so it must not read this.
  @Test func whatRenamesIsOfAnotherVersion() throws {
    let old = try name("old")
    let spec = InstanceSpec(customer: "a", users: [User(name: try name("u"), renamedFrom: old)])
    #expect(
      String(decoding: spec.encoded(), as: UTF8.self)
        == #"{"apiVersion":"postern.io/v1.1","customer":"a","users":[{"name":"u","renamedFrom":"old"}],"databases":[]}"#
    )
    #expect(try InstanceSpec(decoding: spec.encoded()) == spec)
    let database = InstanceSpec(
      customer: "a", databases: [Database(name: try name("d"), owner: try name("u"), renamedFrom: old)])
    #expect(String(decoding: database.encoded(), as: UTF8.self).hasPrefix(#"{"apiVersion":"postern.io/v1.1","#))
    #expect(try InstanceSpec(decoding: database.encoded()) == database)
  }

  /// Whatever is declared, the version is the first one that has all of it: so a sidecar of before reads whatever it can do,
  /// and refuses what it would do wrong.
  @Test(arguments: 0..<8) func theVersionIsTheFirstThatSaysAllOfIt(parts: Int) throws {
    let user = parts & 1 == 0 ? nil : "old"
    let database = parts & 2 == 0 ? nil : "former"
    let rotation = parts & 4 == 0 ? nil : Rotation(every: 3600, overlap: 300)
    let owner = User(
      name: try name("u"), renamedFrom: try user.map { try name($0) }, rotate: rotation)
    let spec = InstanceSpec(
      customer: "a", users: [User(name: try name("t")), owner],
      databases: [
        Database(name: try name("d"), owner: owner.name, renamedFrom: try database.map { try name($0) })
      ])
    let needed = rotation != nil ? 2 : user != nil || database != nil ? 1 : 0
    let version = InstanceSpec.readVersions[needed]
    let text = String(decoding: spec.encoded(), as: UTF8.self)
    #expect(text.hasPrefix(#"{"apiVersion":"\#(version)","#))
    #expect(try InstanceSpec(decoding: spec.encoded()) == spec)
    // A later version says at least as much, and members that nobody knows yet are passed over.
    for later in InstanceSpec.readVersions[needed...] {
      let other = text.replacing(#""\#(version)","#, with: #""\#(later)","later":{"a":[1,null]},"#)
      #expect(try InstanceSpec(decoding: Array(other.utf8)) == spec)
    }
    for unknown in ["postern.io/v1.3", "postern.io/v1.10", "postern.io/v1.", "postern.io/v2", "postern.io/v1 ", "v1"] {
      let other = Array(text.replacing(#""\#(version)","#, with: #""\#(unknown)","#).utf8)
      #expect(throws: SpecError.version(unknown)) { try InstanceSpec(decoding: other) }
    }
  }

  @Test(arguments: [
    (#""validUntil":"2027-01-01T02:00:00+02:00""#, Expiry("2027-01-01T00:00:00Z")),
    (#""validUntil":"infinity""#, .infinity), (#""neverExpires":true"#, .infinity), (#""neverExpires":false"#, nil),
  ])
  func anEndIsReadInEveryForm(_ member: String, _ expected: Expiry?) throws {
    let text = #"{"apiVersion":"postern.io/v1","customer":"a","users":[{"name":"u",\#(member)}]}"#
    #expect(try InstanceSpec(decoding: Array(text.utf8)).users[0].validUntil == expected)
  }

  /// Older sidecars know `validUntil` only as a time with a zone and six decimals.
  @Test func anEndIsWrittenAsASidecarOfBeforeReadsIt() throws {
    let spec = InstanceSpec(
      customer: "a",
      users: [
        User(name: try name("u"), validUntil: Expiry("2027-01-01T01:00:00.1234567+01:00")),
        User(name: try name("v"), validUntil: .infinity),
      ])
    #expect(
      String(decoding: spec.encoded(), as: UTF8.self).contains(
        #"[{"name":"u","validUntil":"2027-01-01T00:00:00.123457Z"},{"name":"v","neverExpires":true}]"#))
  }

  @Test func theOrderOfGrantsAndMembershipsMakesNoDifference() throws {
    let spec = try full()
    var other = spec
    other.users[1].grants.reverse()
    other.users[1].memberOf.reverse()
    #expect(other.encoded() == spec.encoded())
  }

  @Test func aSpecThatIsCutAnywhereIsRefused() throws {
    let bytes = try full().encoded()
    for length in 0..<bytes.count {
      #expect(throws: SpecError.self, "cut at \(length)") { try InstanceSpec(decoding: Array(bytes[..<length])) }
    }
  }

  @Test(arguments: [
    (#"{}"#, SpecError.version(nil)),
    (#"{"apiVersion":"postern.io/v2"}"#, .version("postern.io/v2")),
    (#"{"apiVersion":"postern.io/v1"}"#, .missing("customer", in: "the spec")),
    (#"{"apiVersion":"postern.io/v1","customer":"a","users":[{}]}"#, .missing("name", in: "users[0]")),
    (#"{"apiVersion":"postern.io/v1","customer":"a","users":[{"name":""}]}"#, .invalid("", in: "users[0]")),
    (
      #"{"apiVersion":"postern.io/v1","customer":"a","databases":[{"name":"x"}]}"#,
      .missing("owner", in: "databases[0]")
    ),
    (
      #"{"apiVersion":"postern.io/v1","customer":"a","removedUsers":"burn"}"#,
      .invalid("burn", in: "the spec.removedUsers")
    ),
    (
      #"{"apiVersion":"postern.io/v1","customer":"a","users":[{"name":"u","validUntil":"2027-02-31T00:00:00Z"}]}"#,
      .invalid("2027-02-31T00:00:00Z", in: "users[0].validUntil")
    ),
    ("[", .json(JSONError(.unexpectedEnd, at: 1))),
  ])
  func refusesWhatItCannotRead(_ text: String, _ expected: SpecError) {
    #expect(throws: expected) { try InstanceSpec(decoding: Array(text.utf8)) }
  }

  @Test func passesOverWhatOnlyALaterVersionKnows() throws {
    let text = #"{"later":[1],"apiVersion":"postern.io/v1","customer":"a","users":[{"name":"u","later":{}}]}"#
    #expect(
      try InstanceSpec(decoding: Array(text.utf8)) == InstanceSpec(customer: "a", users: [User(name: try name("u"))]))
  }
}

/// `passwords.json`
struct PasswordsFileTests {
  @Test func comesBackUsersInTheOrderOfTheirNames() throws {
    let file = PasswordsFile(passwords: [try name("b"): try Password("1\"\\\n"), try name("a"): try Password("é")])
    #expect(try PasswordsFile(decoding: file.encoded()) == file)
    #expect(
      String(decoding: file.encoded(), as: UTF8.self)
        == #"{"apiVersion":"postern.io/v1","users":{"a":"é","b":"1\"\\\n"}}"#)
  }

  @Test func passesOverWhatOnlyALaterVersionKnowsAndTakesTheLastOfTwo() throws {
    let text = #"{"later":{"users":[1]},"users":{"a":"1","\u0061":"2"},"apiVersion":"postern.io/v1"}"#
    #expect(try PasswordsFile(decoding: Array(text.utf8)).passwords == [try name("a"): try Password("2")])
  }

  @Test(arguments: [
    (#"{"apiVersion":"postern.io/v1"}"#, SpecError.missing("users", in: "passwords.json")),
    (#"{"apiVersion":"postern.io/v1","users":[]}"#, .missing("users", in: "passwords.json")),
    (#"{"users":{}}"#, .version(nil)),
    (#"{"apiVersion":1,"users":{}}"#, .version(nil)),
    (#"{"apiVersion":"postern.io/v2","users":{}}"#, .version("postern.io/v2")),
    (#"{"users":{"a":"hunter2"}"#, .json(JSONError(.unexpectedEnd, at: 24))),
    (#"{"users":{"a":hunter2}}"#, .json(JSONError(.unexpectedByte(0x68), at: 14))),
    (
      #"{"apiVersion":"postern.io/v1","users":{"a":["hunter2"]}}"#,
      .invalid("a password that is empty", in: "passwords.json users a")
    ),
    (
      #"{"apiVersion":"postern.io/v1","users":{"a":""}}"#,
      .invalid("a password that is empty", in: "passwords.json users a")
    ),
    (
      #"{"apiVersion":"postern.io/v1","users":{"a":"hunter2\u0000"}}"#,
      .invalid("a password that holds a NUL byte", in: "passwords.json users a")
    ),
    (#"{"apiVersion":"postern.io/v1","users":{"":"hunter2"}}"#, .invalid("", in: "passwords.json users")),
  ])
  func isRefusedWithoutItsPasswords(_ text: String, _ expected: SpecError) {
    #expect(throws: expected) { try PasswordsFile(decoding: Array(text.utf8)) }
    #expect(!expected.message.contains("hunter2"))
  }
}
