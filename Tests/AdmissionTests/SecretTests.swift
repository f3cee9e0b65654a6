import Admission
import DatabaseSpec
import Declarations
import Foundation
import JSONBytes
import KubernetesAPI
import Testing

/// A Secret with the label of customer `acme`.
private func secret(
  _ name: String, _ values: [(String, String)], label: String? = "acme", metadata: String = ""
) throws -> JSONValue {
  let data = values.map { #""\#($0.0)":"\#(Data($0.1.utf8).base64EncodedString())""# }.joined(separator: ",")
  let labels = label.map { #","labels":{"postern.io/customer":"\#($0)"}"# } ?? ""
  return try json(
    #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"\#(name)"\#(labels)\#(metadata)},"data":{\#(data)}}"#)
}

/// Settings of a cluster in which declarations use these values of the Secret `pg` in the namespace `shop`.
private func reading(_ uses: SecretUse...) -> AdmissionSettings {
  AdmissionSettings { namespace, name in namespace == "shop" && name == "pg" ? uses : [] }
}

private let user = "acme-pg-user-shop"
private let admin = "acme-pg-admin"

@Suite struct SecretTests {
  /// Secrets whose names Postern defines: their contents, and the answer.
  @Test(
    arguments: [
      (user, [("password", "s3cret"), ("note", "")], []),
      (user, [("password", "ä b'\"\\")], []),
      (user, [], ["data[password]: is missing; Postern takes a user's password from it: add the key"]),
      (user, [("Password", "x")], ["data[password]: is missing; Postern takes a user's password from it: add the key"]),
      (
        user, [("password", "")],
        ["data[password]: the password is empty; write one of at least one character, as UTF-8"]
      ),
      (
        user, [("password", "\n")],
        ["data[password]: the password is empty; write one of at least one character, as UTF-8"]
      ),
      (user, [("password", "hunter\n2")], ["data[password]: the password holds a line break; write it on one line"]),
      (user, [("password", "hunter2\n\n")], ["data[password]: the password holds a line break; write it on one line"]),
      (user, [("password", "hunter2\r\n")], ["data[password]: the password holds a line break; write it on one line"]),
      (
        user, [("password", "hunter\u{0}2")],
        ["data[password]: the password holds a NUL byte; write one of at least one character, as UTF-8"]
      ),
      (admin, [("username", "root"), ("password", "s3cret")], []),
      (
        admin, [("username", ""), ("password", "")],
        [
          "data[username]: the superuser's name is empty; write the name of a role of this Postgres",
          "data[password]: the password is empty; write one of at least one character, as UTF-8",
        ]
      ),
      (
        admin, [],
        [
          "data[username]: is missing; Postern takes the superuser's name from it: add the key",
          "data[password]: is missing; Postern takes the superuser's password from it: add the key",
        ]
      ),
      (
        admin, [("username", "a\nb"), ("password", "x")],
        ["data[username]: the superuser's name holds a line break; write it on one line"]
      ),
      ("acme-pg-passwords", [("passwords.json", "")], []), ("acme-pg-spec", [("password", "")], []),
      ("acme-pg-admin-2", [("password", "")], []), ("other-pg-user-shop", [("password", "")], []),
      ("login", [("password", "")], []),
    ] as [(String, [(String, String)], [String])])
  func secretsThatPosternNamesAreCheckedBeforeTheyLand(
    name: String, values: [(String, String)], said: [String]
  ) throws {
    let object = try secret(name, values)
    let reply = try post(object, .validate)
    #expect(reply.causes.map { "\($0.field): \($0.message)" } == said)
    #expect(reply.isAllowed == said.isEmpty && reply.warnings.isEmpty && reply.patch == nil)
    if !said.isEmpty {
      #expect(reply.status?["code"] == .number("422"))
      #expect(reply.status?.at("details", "kind")?.string == "Secret")
      #expect(reply.status?["message"]?.string?.hasPrefix("Secret \"\(name)\" is invalid: ") == true)
    }
    // An update is answered in the same way, and /mutate allows it.
    let sound = try secret(name, [("username", "old"), ("password", "old")])
    #expect(try post(object, .validate, replacing: sound).fields == reply.fields)
    #expect(try post(object, .mutate).answer.record.decision == .unchanged)
  }

  /// Secrets that known declarations use, whatever labels they have.
  @Test func theFlatFileIsReadAndAllItsErrorsAreSaidEachWithItsLine() throws {
    let object = try secret("pg", [("users.txt", "shop:ok\nhunter2\n\npostgres:x\nb:\n")], label: nil)
    let settings = reading(.flatFile(key: "users.txt"))
    let reply = try post(object, .validate, settings: settings)
    #expect(reply.fields == ["data[users.txt]", "data[users.txt]", "data[users.txt]"])
    #expect(reply.causes.map { $0.message.prefix(7) } == ["line 2:", "line 4:", "line 5:"])
    #expect(reply.causes[0].message.contains("expected user:password"))
    #expect(!reply.root.text.contains("hunter2"))
    #expect(try post(secret("pg", [("users.txt", "shop:ok\n")], label: nil), .validate, settings: settings).isAllowed)
    let gone = try post(secret("pg", [("other", "x")], label: nil), .validate, settings: settings)
    #expect(gone.causes.first?.message.contains("the users of postern.io/users-from") == true)
    // A Secret of the same name in another namespace, another name in that namespace, and a Secret that no declaration
    // uses.
    #expect(try post(object, .validate, namespace: "other", settings: settings).isAllowed)
    #expect(try post(secret("pg2", [("users.txt", "x")]), .validate, settings: settings).isAllowed)
    #expect(try post(object, .validate).isAllowed)
  }

  @Test func anUpdateThatTakesUsersOutOfTheFlatFileIsToldSoWithoutTheirNames() throws {
    let settings = reading(.flatFile(key: "users"))
    func warnings(_ old: String, _ new: String) throws -> [String] {
      try post(secret("pg", [("users", new)]), .validate, replacing: secret("pg", [("users", old)]), settings: settings)
        .warnings
    }
    #expect(
      try warnings("a:1\nhunter2:2\n", "a:9\n")
        == ["postern: 1 user is gone from pg/users; postern.io/removed-users says what becomes of it"])
    #expect(
      try warnings("a:1\nb:2\n", "")
        == ["postern: 2 users are gone from pg/users; postern.io/removed-users says what becomes of them"])
    #expect(try warnings("a:1\n", "a:2\nb:3\n") == [])
    #expect(try warnings("broken", "a:2") == [])
  }

  @Test func otherSecretsThatDeclarationsNameAreCheckedToo() throws {
    #expect(
      try post(secret("pg", [("k", "a\nb")]), .validate, settings: reading(.password(key: "k"))).fields == ["data[k]"])
    #expect(
      try post(secret("pg", [("k", "x")]), .validate, settings: reading(.password(key: "k"), .admin)).fields
        == ["data[username]", "data[password]"])
    // Both the name and a declaration require the key. The error is reported once.
    let both = AdmissionSettings { _, _ in [.password(key: "password"), .password(key: "password")] }
    #expect(try post(secret(user, []), .validate, settings: both).fields == ["data[password]"])
  }

  /// Scripts in Secrets: no word of them is shown, not even in a syntax error as for inline SQL, because it may be a
  /// password.
  @Test func aScriptInASecretIsParsedAndNoWordOfItIsShown() throws {
    func reply(_ sql: String, isTransaction: Bool = true) throws -> Reply {
      let use = SecretUse.script(key: "rows.sql", name: "002-rows", isTransaction: isTransaction)
      return try post(secret("pg", [("rows.sql", sql)]), .validate, settings: reading(use))
    }
    #expect(try reply("INSERT INTO t VALUES (1);").warnings == [])
    let broken = try reply("SELECT 1;\nALTER ROLE shop PASSWURD 'hunter2'")
    #expect(
      broken.warnings == ["postern: script \"002-rows\", line 2, column 17: unrecognized role option, says Postgres 15"]
    )
    #expect(broken.isAllowed && !broken.root.text.lowercased().contains("passwurd"))
    #expect(try reply("DROP DATABASE x").fields == ["data[rows.sql]"])
    #expect(try reply("COMMIT").fields == ["data[rows.sql]"])
    #expect(try reply("COMMIT", isTransaction: false).isAllowed)
    #expect(try reply("TRUNCATE t").warnings == ["postern: script \"002-rows\", line 1 empties a table"])
    let notUTF8 = try secret("pg", []).adding("/data/rows.sql", #""/w==""#)
    let use = SecretUse.script(key: "rows.sql", name: "002-rows", isTransaction: true)
    #expect(try post(notUTF8, .validate, settings: reading(use)).causes.first?.message.contains("UTF-8") == true)
  }

  @Test func whatAnUpdateLeavesAsItWasIsNeverRefused() throws {
    for (name, values) in [(user, [("password", "")]), (admin, [("username", "a\nb")]), (user, [])] {
      let broken = try secret(name, values)
      let labelled = try broken.adding("/metadata/labels/more", #""x""#)
      #expect(try post(labelled, .validate, replacing: broken).isAllowed)
      let unlabelled = try secret(name, values, label: nil)
      #expect(try post(broken, .validate, replacing: unlabelled).isAllowed)
      let another = try broken.adding("/data/another", #""eA==""#)
      #expect(try post(another, .validate, replacing: broken).isAllowed)
      let worseWithoutLabel = try secret(name, values, label: nil).adding("/data/password", #""Cg==""#)
      #expect(try post(worseWithoutLabel, .validate, replacing: broken).fields.contains("data[password]"))
      let worse = try secret(name, values).adding("/data/password", #""Cg==""#)
      #expect(try post(worse, .validate, replacing: broken).fields.contains("data[password]"))
    }
    let file = try secret("pg", [("users", "no colon")])
    let settings = reading(.flatFile(key: "users"))
    let annotated = try file.adding("/metadata/annotations", #"{"a":"b"}"#)
    #expect(try post(annotated, .validate, replacing: file, settings: settings).isAllowed)
  }

  @Test func oneNewlineAtTheEndIsTakenAndSaid() throws {
    let reply = try post(secret(user, [("password", "s3cret\n")]), .validate)
    #expect(
      reply.warnings == [
        "postern: Secret \"acme-pg-user-shop\", password: the newline at its end is not taken for a part of it"
      ])
    #expect(reply.isAllowed)
  }

  @Test func theDerivedSecretIsLeftToPosternAndOthersAreToldSo() throws {
    let old = try secret("acme-pg-passwords", [("passwords.json", "{}")])
    let new = try secret("acme-pg-passwords", [("passwords.json", "{ }")])
    func warnings(_ new: JSONValue, options: String?) throws -> [String] {
      var root = try JSONValue(
        parsing: review(for: new, replacing: old, kind: .secret, operation: .update, namespace: "shop", uid: "u"))
      if let options { root = try root.adding("/request/options", options) }
      return try post(root.bytes, .validate).warnings
    }
    let said = ["postern: acme-pg-passwords is written by Postern, which will undo this; edit acme-pg-user-<user>"]
    #expect(try warnings(new, options: #"{"kind":"PatchOptions","fieldManager":"postern","force":true}"#) == [])
    #expect(try warnings(new, options: #"{"kind":"UpdateOptions","fieldManager":"kubectl-edit"}"#) == said)
    #expect(try warnings(new, options: nil) == said)
    #expect(try warnings(new, options: "null") == said)
    #expect(try warnings(old.adding("/metadata/labels/x", #""y""#), options: nil) == [])
    #expect(try post(old, .validate).warnings == [])
  }

  /// `data` as it may be in manifests that no API server has processed.
  @Test(arguments: [
    (#""data":{"password":"czNjcmV0"}"#, true), (#""data":{"password":"czNj\ncmV0\r\n"}"#, true),
    (#""data":{"password":"czNjcmV0="}"#, false), (#""data":{"password":"czNj cmV0"}"#, false),
    (#""data":{"password":"c"}"#, false), (#""data":{"password":"===="}"#, false),
    (#""data":{"password":"hunter2"}"#, false), (#""data":{"password":"_-__"}"#, false),
    (#""data":{"password":null}"#, false), (#""data":null"#, false), (#""x":1"#, false),
    (#""stringData":{"password":"s3cret"}"#, true), (#""stringData":{"password":""}"#, false),
    (#""data":{"password":"hunter2"},"stringData":{"password":"s3cret"}"#, true),
    (#""stringData":{"password":"s\n3"},"data":{"password":"czNjcmV0"}"#, false), (#""stringData":null"#, false),
  ])
  func dataAndStringDataAreReadAsTheAPIServerWould(members: String, isAllowed: Bool) throws {
    let object = try json(
      """
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"\(user)","labels":{"postern.io/customer":"acme"}},\(members)}
      """)
    let reply = try post(object, .validate)
    #expect(reply.isAllowed == isAllowed)
    #expect(reply.fields == (isAllowed ? [] : ["data[password]"]))
    #expect(!reply.root.text.contains("hunter2"))
  }

  @Test func whatIsNoSecretDataIsDeniedByUid() throws {
    for data in ["[]", #""hunter2""#, #"{"password":1}"#, #"{"password":{"hunter2":1}}"#] {
      let reply = try post(secret(user, []).adding("/data", data), .validate)
      #expect(!reply.isAllowed && reply.response?["uid"]?.string == "uid-1")
      #expect(reply.status?["reason"]?.string == "BadRequest")
      #expect(!reply.root.text.contains("hunter2"))
    }
  }

  @Test func secretsOfNobodyAndOnTheirWayOutAreLeftAlone() throws {
    let broken = [("password", "")]
    for object in [
      try secret(user, broken, label: nil), try secret(user, broken, label: "other"),
      try secret(user, broken, metadata: #","deletionTimestamp":"2026-11-21T10:47:26Z""#),
    ] {
      #expect(try post(object, .validate).answer.record.decision == .unchanged)
    }
    #expect(try post(secret(user, broken), .validate, namespace: "kube-system").isAllowed)
    let deleted = review(for: try secret(user, broken), kind: .secret, operation: .delete, namespace: "shop", uid: "u")
    #expect(try post(deleted, .validate).answer.record.decision == .unchanged)
  }

  /// No value of a Secret appears in an answer, whatever is wrong with the Secret.
  @Test func noValueOfASecretIsInAnAnswerOrARecord() throws {
    let value = "hunter2-\u{7}"
    let uses: [SecretUse] = [
      .password(key: "k"), .admin, .flatFile(key: "k"), .script(key: "k", name: "s", isTransaction: true),
    ]
    for use in uses {
      for text in [
        value, "\(value)\n\(value)", "\(value)\u{0}", ":\(value)\n\(value):", "a:\(value)", "\\\(value)", "'\(value)",
      ] {
        let object = try secret("pg", [("k", text), ("username", text), ("password", text)])
        let sound = try secret("pg", [("k", "a:b"), ("username", "a"), ("password", "b")])
        for old in [nil, sound] {
          let reply = try post(object, .validate, replacing: old, settings: reading(use))
          let said = [reply.root.text] + reply.answer.record.messages
          #expect(!said.contains { $0.contains("hunter2") })
          #expect(!said.contains { $0.contains(Data(text.utf8).base64EncodedString()) })
        }
      }
    }
  }

  @Test func usesAreFoundInADeclaration() throws {
    let declaration = try #require(
      Declaration.parse(
        customer: "acme",
        annotations: [
          "postern.io/users": "- name: shop\n- {name: b, passwordFrom: {secret: login, key: pw}}",
          "postern.io/users-from": "pg/users.txt", "postern.io/admin-secret": "root",
          "postern.io/databases": """
          - name: orders
            owner: shop
            scripts:
              - {name: one, sql: SELECT 1}
              - {name: two, secret: {name: rows, key: r.sql}, transaction: false}
          """,
        ]
      ).declaration)
    let uses = SecretUse.all(in: declaration)
    #expect(uses.map(\.secret) == ["login", "root", "pg", "rows"])
    #expect(
      uses.map(\.use) == [
        .password(key: "pw"), .admin, .flatFile(key: "users.txt"),
        .script(key: "r.sql", name: "two", isTransaction: false),
      ])
  }
}
