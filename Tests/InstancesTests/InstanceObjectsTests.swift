import Admission
import Contract
import DatabaseSpec
import Declarations
import Foundation
import Instances
import JSONBytes
import Testing

/// The objects of an instance that these annotations declare.
private func objects(
  _ annotations: [String: String], customer: String = "acme", sources: InstanceSources = InstanceSources(),
  usesGeneratedAdmin: Bool = false, word: String = "a-word-of-sixteen",
  generate: () -> Password? = { try? Password("generated") }
) throws -> InstanceObjects {
  let parsed = Declaration.parse(customer: customer, annotations: annotations)
  let instance = Instance(
    namespace: "shops", workload: .init(apiVersion: "apps/v1", kind: "Deployment", name: "db", uid: "uid-1"),
    declaration: try #require(parsed.declaration, "\(parsed.errors)"), port: 5433,
    usesGeneratedAdmin: usesGeneratedAdmin)
  return try InstanceObjects.make(for: instance, from: sources, generate: generate, word: { word })
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct InstanceObjectsTests {
  static let shop = ["postern.io/users": "shop", "postern.io/databases": "orders"]

  @Test func theUserSecretHoldsAllThatAClientNeeds() throws {
    let made = try objects(Self.shop)
    let secret = try #require(made.users.first)
    #expect(secret.name == "acme-pg-user-shop")
    #expect(secret.type == "servicebinding.io/postgresql")
    #expect(secret.annotations == ["postern.io/user": "shop"])
    #expect(
      secret.data == [
        "type": "postgresql", "provider": "postern",
        "username": "shop", "password": "generated", "host": "db.shops.svc", "port": "5433", "database": "orders",
        "uri": "postgresql://shop:generated@db.shops.svc:5433/orders",
        "uri.orders": "postgresql://shop:generated@db.shops.svc:5433/orders",
        "jdbc-uri": "jdbc:postgresql://db.shops.svc:5433/orders?user=shop&password=generated",
        "jdbc-uri.orders": "jdbc:postgresql://db.shops.svc:5433/orders?user=shop&password=generated",
        "database.orders": "orders",
        "pgpass": "db.shops.svc:5433:*:shop:generated\n",
        "pg_service.conf":
          "[orders]\nhost=db.shops.svc\nport=5433\ndbname=orders\nuser=shop\npassword=generated\n",
      ])
  }

  /// Whatever a client reads says how to connect.
  @Test(arguments: [
    (["sslmode": "require"], "?sslmode=require", "&sslmode=require", "sslmode=require\n"),
    (
      ["sslmode": "verify-full", "ssl-root-cert": "/etc/pg/ca.crt"],
      "?sslmode=verify-full&sslrootcert=%2Fetc%2Fpg%2Fca.crt",
      "&sslmode=verify-full&sslrootcert=%2Fetc%2Fpg%2Fca.crt", "sslmode=verify-full\nsslrootcert=/etc/pg/ca.crt\n"
    ),
    (
      ["sslmode": "verify-full", "ssl-root-cert": "system"], "?sslmode=verify-full&sslrootcert=system",
      "&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
      "sslmode=verify-full\nsslrootcert=system\n"
    ),
  ])
  func urisSayHowToUseTLS(annotations: [String: String], uri: String, jdbc: String, service: String) throws {
    let annotations = annotations.reduce(into: Self.shop) { $0["postern.io/\($1.key)"] = $1.value }
    let data = try #require(try objects(annotations).users.first).data
    #expect(data["uri"] == "postgresql://shop:generated@db.shops.svc:5433/orders\(uri)")
    #expect(data["uri.orders"] == data["uri"])
    #expect(data["jdbc-uri"] == "jdbc:postgresql://db.shops.svc:5433/orders?user=shop&password=generated\(jdbc)")
    #expect(data["pg_service.conf"]?.hasSuffix("password=generated\n\(service)") == true)
    #expect(data["sslmode"] == annotations["postern.io/sslmode"])
    #expect(data["sslrootcert"] == annotations["postern.io/ssl-root-cert"])
  }

  /// In a service file nothing can be quoted, and no line may be long: what it cannot say it leaves out, and says so.
  @Test func theServiceFileHoldsWhatItCanSay() throws {
    let annotations = [
      "postern.io/users": "shop", "postern.io/databases": #"["orders", "a]b", " c", "d e"]"#,
    ]
    let data = try #require(try objects(annotations).users.first).data
    let services = (data["pg_service.conf"] ?? "").split(separator: "\n").filter { $0.hasPrefix("[") }
    #expect(services == ["[orders]", "[d e]"])
    #expect(data["pg_service.conf"]?.contains("# No service: a service file cannot hold the name") == true)
    for password in [" spaced ", String(repeating: "p", count: 1013)] {
      let made = try objects(Self.shop) { try? Password(password) }
      let file = try #require(made.users.first?.data["pg_service.conf"])
      #expect(
        file.hasPrefix("# No service [orders]: a service file cannot hold its password") && !file.contains(password))
    }
    let longest = try objects(Self.shop) { try? Password(String(repeating: "p", count: 1012)) }
    #expect(longest.users.first?.data["pg_service.conf"]?.hasPrefix("[orders]") == true)
  }

  @Test func theSpecIsWhatTheSidecarReadsAndHoldsNoPassword() throws {
    let made = try objects(Self.shop)
    let text = try #require(made.spec.data["spec.json"])
    let spec = try InstanceSpec(decoding: bytes(text))
    #expect(spec.users.map(\.name.text) == ["shop"])
    #expect(spec.databases.map(\.owner.text) == ["shop"])
    #expect(!text.contains("generated"))
    let passwords = try PasswordsFile(decoding: bytes(try #require(made.passwords.data["passwords.json"])))
    #expect(passwords.passwords == [try PostgresName("shop"): try Password("generated")])
  }

  @Test func passwordsAreMadeOnceAndAnEditedOneIsKept() throws {
    let secrets = ["acme-pg-user-shop": ["password": bytes("edited\n")]]
    let made = try objects(Self.shop, sources: InstanceSources(secrets: secrets)) {
      Issue.record("a password was generated although there is one")
      return nil
    }
    #expect(made.users.first?.data["password"] == "edited")
  }

  /// The generation says whether a sidecar has the passwords as they are now; a key of somebody else's says nothing of it.
  @Test func theGenerationIsAnotherWhereWhatPosternWroteIsAnother() throws {
    var data = try objects(Self.shop).passwords.data
    let generation = "generation"
    func made(_ change: (inout [String: String]) -> Void) throws -> String? {
      var live = data
      change(&live)
      var sources = InstanceSources(secrets: ["acme-pg-user-shop": ["password": bytes("generated")]])
      sources.mounted = MountedContents(configMap: [:], secret: live.mapValues(bytes))
      return try objects(Self.shop, sources: sources, word: "another-word-of-them").passwords.data[generation]
    }
    data[generation] = "the-word-of-before"
    #expect(try made { _ in } == "the-word-of-before")
    #expect(try made { $0["foo"] = "bar" } == "the-word-of-before")
    for key in ["passwords.json", generation] {
      #expect(try made { $0[key] = nil } == "another-word-of-them", "\(key)")
    }
    #expect(try made { $0["passwords.json"]? += " " } == "another-word-of-them")
  }

  /// Whether the old name's Secret is there, or only what was mounted, or neither.
  @Test func whoIsRenamedKeepsThePassword() throws {
    let renamed = [
      "postern.io/users": "- {name: shop, renamedFrom: store}", "postern.io/databases": "orders",
    ]
    let both = ["acme-pg-user-store": ["password": bytes("old")], "acme-pg-user-shop": ["password": bytes("new")]]
    for (secrets, password) in [
      (both, "new"), (["acme-pg-user-store": ["password": bytes("old\n")]], "old"),
      (["other-pg-user-store": ["password": bytes("old")]], "generated"), ([:], "generated"),
    ] {
      let made = try objects(renamed, sources: InstanceSources(secrets: secrets))
      #expect(made.users.map(\.name) == ["acme-pg-user-shop"])
      #expect(made.users.first?.data["password"] == password)
      #expect(made.users.first?.data["username"] == "shop")
      #expect(made.passwords.data["passwords.json"]?.contains(password) == true)
      #expect(made.problems == [])
    }
  }

  @Test func passwordFromGoesBeforeTheUsersOwnSecret() throws {
    let secrets = [
      "acme-pg-user-shop": ["password": bytes("old")], "login": ["pw": bytes("chosen")],
    ]
    let made = try objects(
      ["postern.io/users": "- {name: shop, passwordFrom: {secret: login, key: pw}}", "postern.io/databases": "orders"],
      sources: InstanceSources(secrets: secrets))
    #expect(made.users.first?.data["password"] == "chosen")
  }

  @Test(arguments: [
    (InstanceSources(), "user shop: passwordFrom: there is no Secret \"login\" in the namespace"),
    (
      InstanceSources(secrets: ["login": ["other": []]]),
      "user shop: passwordFrom: Secret \"login\" has no key \"pw\""
    ),
    (
      InstanceSources(secrets: ["login": ["pw": [0x0A]]]),
      "user shop: Secret \"login\" key \"pw\" is empty; the user keeps the password it has"
    ),
  ])
  func aPasswordThatIsNotToBeHadIsAProblemAndNeverAnotherPassword(sources: InstanceSources, problem: String) throws {
    let made = try objects(
      ["postern.io/users": "- {name: shop, passwordFrom: {secret: login, key: pw}}", "postern.io/databases": "orders"],
      sources: sources)
    #expect(made.problems.map(\.message) == [problem])
    #expect(made.users.isEmpty)
    #expect(made.passwords.data["passwords.json"] == #"{"apiVersion":"postern.io/v1","users":{}}"#)
  }

  @Test func theFlatFileGivesEachUserADatabase() throws {
    let secrets = ["pg": ["db_users.secret": bytes("keycloak:K3cl0@k:x\ndolibarr:D0l1\n")]]
    let made = try objects(
      ["postern.io/users-from": "pg/db_users.secret"], sources: InstanceSources(secrets: secrets))
    #expect(made.connections.map(\.database.text) == ["keycloak_db", "dolibarr_db"])
    #expect(made.connections.map(\.password.unredacted) == ["K3cl0@k:x", "D0l1"])
    #expect(
      made.connections.first?.uri(host: "::1", port: 5432)
        == "postgresql://keycloak:K3cl0%40k%3Ax@[::1]:5432/keycloak_db")
  }

  @Test func aMissingFlatFileStopsAllForItsUsersWouldLookRemoved() throws {
    #expect(throws: FlatFileError.missing(#"there is no Secret "pg" in the namespace"#)) {
      try objects(["postern.io/users-from": "pg/users", "postern.io/users": "shop", "postern.io/databases": "a_db"])
    }
  }

  @Test func aBrokenFlatFileStopsAllAndItsTextIsNotShown() throws {
    let secrets = ["pg": ["users": bytes("shop:good\nhunter2-without-colon\n")]]
    let error = #expect(throws: FlatFileError.self) {
      try objects(["postern.io/users-from": "pg/users"], sources: InstanceSources(secrets: secrets))
    }
    let messages = try #require(error?.messages)
    #expect(messages.count == 1)
    #expect(messages.allSatisfy { $0.contains("line 2") && !$0.contains("hunter2") })
  }

  @Test func scriptsOfSecretsStayInSecrets() throws {
    let sources = InstanceSources(
      secrets: ["s": ["a.sql": bytes("INSERT INTO t VALUES ('secret')")]],
      configMaps: ["c": ["b.sql": bytes("CREATE TABLE t (a text)")]])
    let made = try objects(
      [
        "postern.io/users": "shop",
        "postern.io/databases": """
        - name: orders
          scripts:
            - {name: one, configMap: {name: c, key: b.sql}}
            - {name: two, secret: {name: s, key: a.sql}}
            - {name: three, configMap: {name: none, key: b.sql}}
        """,
      ], sources: sources)
    #expect(Set(made.spec.data.values).contains("CREATE TABLE t (a text)"))
    #expect(!made.spec.data.values.contains { $0.contains("'secret'") })
    #expect(made.passwords.data.values.contains("INSERT INTO t VALUES ('secret')"))
    #expect(
      made.problems.map(\.message) == [
        #"script three in orders: there is no ConfigMap "none" in the namespace; it is not run, nor what comes behind it"#
      ])
    let spec = try InstanceSpec(decoding: bytes(try #require(made.spec.data["spec.json"])))
    #expect(spec.databases.first?.scripts.map(\.name) == ["one", "two", "three"])
    #expect(
      spec.databases.first?.scripts.last?.content == .configMap(ObjectKey(name: "none", key: "b.sql")))
  }

  @Test func whatTheDataNeedsOutlivesTheWorkloadAndWhatIsDerivedDoesNot() throws {
    let kept = try objects(Self.shop, usesGeneratedAdmin: true)
    #expect(kept.spec.owner?.uid == "uid-1")
    #expect(kept.passwords.owner?.uid == "uid-1")
    #expect(kept.users.map(\.owner) == [nil])
    #expect(kept.admin?.owner == nil)
    let tied = try objects(
      Self.shop.merging(["postern.io/retain": "false"]) { $1 }, usesGeneratedAdmin: true)
    #expect(tied.users.map(\.owner?.uid) == ["uid-1"])
    #expect(tied.admin?.owner?.uid == "uid-1")
  }

  @Test func theSuperuserIsMadeOnce() throws {
    let secrets = ["acme-pg-admin": ["username": bytes("root"), "password": bytes("kept")]]
    let made = try objects(Self.shop, sources: InstanceSources(secrets: secrets), usesGeneratedAdmin: true)
    #expect(made.admin?.data == ["username": "root", "password": "kept"])
    #expect(try objects(Self.shop).admin == nil)
  }

  @Test(arguments: [
    ("shop", "acme-pg-user-shop"), ("a-b-1", "acme-pg-user-a-b-1"), ("Shop", "acme-pg-user-shop.9a0e1b8e"),
    ("shop_app", "acme-pg-user-shop-app.67f02a4f"), ("-", "acme-pg-user-x.3973e022"),
  ])
  func postgresNamesAreDataAndNeverObjectNames(user: String, object: String) throws {
    let name = ObjectName.user(try PostgresName(user), customer: "acme")
    // The hash is a part of SHA-256. Here it only matters that it is there, eight digits after a dot, where the name
    // was changed.
    #expect(name.split(separator: ".").first == object.split(separator: ".").first)
    #expect(
      name.split(separator: ".").dropFirst().map(\.count) == object.split(separator: ".").dropFirst().map(\.count))
  }

  @Test func usersThatSanitiseAlikeHaveSecretsOfTheirOwn() throws {
    let names = try ["a b", "a_b", "A-B", "a-b", "é", "e\u{301}"].map {
      ObjectName.user(try PostgresName($0), customer: "acme")
    }
    #expect(Set(names).count == names.count)
  }

  @Test func theManifestIsWhatServerSideApplyTakes() throws {
    let made = try objects(Self.shop)
    let manifest = made.passwords.manifest { Data($0.utf8).base64EncodedString() }
    #expect(manifest["metadata"]?["labels"]?["app.kubernetes.io/managed-by"] == .string("postern"))
    #expect(manifest["metadata"]?["labels"]?["postern.io/customer"] == .string("acme"))
    #expect(manifest["metadata"]?["ownerReferences"]?.array?.first?["uid"] == .string("uid-1"))
    let encoded = try #require(manifest["data"]?["passwords.json"]?.string)
    #expect(
      Data(base64Encoded: encoded).map { String(decoding: $0, as: UTF8.self) } == made.passwords.data["passwords.json"])
  }
}
