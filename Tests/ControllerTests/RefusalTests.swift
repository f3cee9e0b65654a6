import Contract
import DatabaseSpec
import JSONBytes
import KubernetesAPI
import NIOHTTP1
import PrometheusText
import Synchronization
import TestSupport
import Testing
import TextEncoding

@testable import Controller
@testable import Instances
@testable import KubernetesClient

/// One object that the API server refuses holds up nothing else of its customer, and it is told of.
@Suite struct RefusalTests {
  private static let folder = "/api/v1/namespaces/shops"
  private static func secret(_ name: String) -> String { "\(folder)/secrets/acme-pg-\(name)" }
  private static let key = CustomerKey(namespace: "shops", customer: "acme")

  /// A Secret of the customer's that is there already.
  private static func object(_ name: String, annotations: String = "{}", data: String = "{}") throws -> JSONValue {
    try json(
      #"{"metadata":{"name":"acme-pg-\#(name)","namespace":"shops","uid":"\#(name)","resourceVersion":"5","labels":"#
        + #"{"app.kubernetes.io/managed-by":"postern","postern.io/customer":"acme"},"annotations":\#(annotations),"#
        + #""managedFields":[{"manager":"postern","operation":"Update","fieldsV1":{"f:metadata":{"f:labels":"#
        + #"{"f:app.kubernetes.io/managed-by":{}}}}}]},"data":\#(data)}"#
    )
  }

  /// An API server that stores what is written to it and refuses some requests while the test wants that.
  private final class Refusing: Sendable {
    let store: ObjectStore
    private let refuse: @Sendable (FakeServer.Request) -> FakeServer.Answer?
    private let isOver = Mutex(false)

    init(
      _ store: ObjectStore, _ refuse: @escaping @Sendable (FakeServer.Request) -> FakeServer.Answer?
    ) {
      (self.store, self.refuse) = (store, refuse)
    }

    func answer(_ request: FakeServer.Request) -> FakeServer.Answer {
      if !isOver.withLock({ $0 }), let answer = refuse(request) { return answer }
      return store.answer(request)
    }

    func end() { isOver.withLock { $0 = true } }
  }

  /// `REASON: MESSAGE` of each Event.
  private static func told(_ server: FakeServer) -> [String] {
    server.requests.filter { $0.path.hasSuffix("/events") }.compactMap { request in
      let event = try? json(request.body)
      return "\(event?["reason"]?.string ?? ""): \(event?["message"]?.string ?? "")"
    }
  }

  private static let quota = FakeServer.Answer.status(403, "Forbidden", "exceeded quota: secrets")

  private static let two = [
    "postern.io/users": "a, b", "postern.io/databases": "[{name: o, owner: a}, {name: p, owner: b}]",
  ]

  @Test(arguments: [403, 422, 500])
  func aSecretThatCannotBeMadeHoldsUpNoOther(code: Int) async throws {
    let server = Refusing(try ObjectStore([Sample(annotations: Self.two, uid: "1")])) { request in
      request.method == .POST && request.body.contains("acme-pg-user-a")
        ? .status(code, "Refused", "exceeded quota: secrets") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        let mounted = { server.store.value(Self.secret("passwords"), "passwords.json") }
        #expect(try await eventually { mounted()?.contains(#""b":"#) == true })
        // A password that is stored nowhere is not used.
        #expect(mounted()?.contains(#""a":"#) == false)
        #expect(server.store.value(Self.secret("user-b"), "uri")?.isEmpty == false)
        #expect(server.store.value(Self.secret("user-a"), "uri") == nil)
        if code != 500 {
          #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: create") } })
        }
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="error"}"#) })
        server.end()
        #expect(try await eventually { server.store.value(Self.secret("user-a"), "uri")?.isEmpty == false })
        #expect(try await eventually { mounted()?.contains(#""a":"#) == true })
      }
    }
  }

  /// A webhook that is away fails each creation. What is there already is kept right, and goes when it is to go.
  @Test func creationsThatFailHoldUpNoChange() async throws {
    let objects = [
      Self.secret("user-d"): try Self.object(
        "user-d", annotations: #"{"postern.io/user":"d"}"#, data: #"{"password":"\#(base64("edited-by-people"))"}"#),
      Self.secret("user-gone"): try Self.object(
        "user-gone", annotations: #"{"postern.io/user":"gone"}"#, data: #"{"password":"\#(base64("old-password"))"}"#),
    ]
    let annotations = [
      "postern.io/users": "a, b, c, d", "postern.io/databases": "[{name: o, owner: d}]",
      "postern.io/removed-users": "drop",
    ]
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")], objects: objects)) { request in
      request.method == .POST && request.path.hasSuffix("/secrets")
        ? .status(500, "InternalError", "failed calling webhook") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let uri = { server.store.value(Self.secret("user-d"), "uri") ?? "" }
        #expect(try await eventually { uri().contains("edited-by-people") })
        let isDeleted = try await eventually {
          fake.requests.contains { $0.method == .DELETE && $0.path == Self.secret("user-gone") }
        }
        #expect(isDeleted)
      }
    }
  }

  /// The Secret of the new name cannot be made, and that of the old name goes.
  @Test(arguments: ["drop", "lock"])
  func whoIsRenamedKeepsThePasswordWithoutASecret(removed: String) async throws {
    let passwords = #"{"apiVersion":"postern.io/v1","users":{"store":"old-password-of-store"}}"#
    let objects = [
      Self.secret("passwords"): try Self.object("passwords", data: #"{"passwords.json":"\#(base64(passwords))"}"#),
      Self.secret("user-store"): try Self.object(
        "user-store", annotations: #"{"postern.io/user":"store"}"#,
        data: #"{"password":"\#(base64("old-password-of-store"))"}"#),
    ]
    let annotations = [
      "postern.io/users": "[{name: shop, renamedFrom: store}, b]", "postern.io/databases": "[{name: o, owner: shop}]",
      "postern.io/removed-users": removed,
    ]
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")], objects: objects)) { request in
      request.method == .POST && request.body.contains("acme-pg-user-shop") ? Self.quota : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let mounted = { server.store.value(Self.secret("passwords"), "passwords.json") ?? "" }
        #expect(try await eventually { mounted().contains(#""b":"#) })
        #expect(mounted().contains(#""shop":"old-password-of-store""#))
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: create") } })
        server.end()
        let isKept = try await eventually {
          server.store.value(Self.secret("user-shop"), "password") == "old-password-of-store"
        }
        #expect(isKept)
      }
    }
  }

  /// Somebody has deleted the Secret of a user, and a quota does not let it come back: the password stays.
  @Test(arguments: ["a, b", "[{name: a, rotate: {every: 1h, overlap: 5m}}, b]"])
  func aSecretThatCannotComeBackKeepsItsPassword(users: String) async throws {
    let passwords = #"{"apiVersion":"postern.io/v1","users":{"a":"old-password-of-a","b":"old-password-of-b"}}"#
    let spec = #"{"apiVersion":"postern.io/v1","customer":"acme","users":[{"name":"a"},{"name":"b"}]}"#
    var objects = [
      Self.secret("passwords"): try Self.object("passwords", data: #"{"passwords.json":"\#(base64(passwords))"}"#)
    ]
    objects["\(Self.folder)/configmaps/acme-pg-spec"] = try Self.object(
      "spec", data: #"{"spec.json":"\#(spec.replacing("\"", with: "\\\""))"}"#)
    let annotations = Self.two.merging(["postern.io/users": users]) { $1 }
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")], objects: objects)) { request in
      request.body.contains(#""name":"acme-pg-user-a""#) ? Self.quota : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { server.store.value(Self.secret("user-b"), "password") == "old-password-of-b" })
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: ") } })
        let mounted = server.store.value(Self.secret("passwords"), "passwords.json")
        #expect(mounted?.contains("old-password-of-a") == true, "\(mounted ?? "")")
        server.end()
        #expect(try await eventually { server.store.value(Self.secret("user-a"), "password") == "old-password-of-a" })
      }
    }
  }

  /// A Secret and a ConfigMap that a declaration names can never be read: all else is done, and what was mounted stays.
  @Test(arguments: [403, 500])
  func whatCannotBeReadHoldsUpNothing(code: Int) async throws {
    let passwords = #"{"apiVersion":"postern.io/v1","users":{"a":"old-password-of-a","b":"old-password-of-b"}}"#
    let sha = ScriptText(Array("SELECT 1".utf8), isSecret: false).sha256
    let file = VolumeLayout.scriptFile(sha256: sha)
    let spec =
      #"{"apiVersion":"postern.io/v1","customer":"acme","users":[{"name":"a"},{"name":"b"}],"databases":[{"name":"p","#
      + #""owner":"b","scripts":[{"name":"s","file":"\#(file)","sha256":"\#(sha)"}]}]}"#
    let folder = Self.folder
    let objects = [
      Self.secret("passwords"): try Self.object("passwords", data: #"{"passwords.json":"\#(base64(passwords))"}"#),
      "\(folder)/configmaps/acme-pg-spec": try Self.object(
        "spec", data: #"{"spec.json":"\#(spec.replacing("\"", with: "\\\""))","\#(file)":"SELECT 1"}"#),
      Self.secret("user-b"): try Self.object(
        "user-b", annotations: #"{"postern.io/user":"b"}"#, data: #"{"password":"\#(base64("old-password-of-b"))"}"#),
      "\(folder)/secrets/chosen": try json(
        #"{"metadata":{"name":"chosen","namespace":"shops","uid":"c","resourceVersion":"5"},"data":{"k":"\#(base64("chosen"))"}}"#
      ),
      "\(folder)/configmaps/sql": try json(
        #"{"metadata":{"name":"sql","namespace":"shops","uid":"q","resourceVersion":"5"},"data":{"k":"SELECT 2"}}"#),
    ]
    let sample = Sample(
      annotations: [
        "postern.io/users": "[a, {name: b, passwordFrom: {secret: chosen, key: k}}]",
        "postern.io/databases":
          "[{name: o, owner: a}, {name: p, owner: b, scripts: [{name: s, configMap: {name: sql, key: k}}]}]",
        "postern.io/removed-users": "drop",
      ], uid: "1")
    let server = Refusing(try ObjectStore([sample], objects: objects)) { request in
      ["\(folder)/secrets/chosen", "\(folder)/configmaps/sql"].contains(request.path)
        ? .status(code, "Refused", "not this one") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        #expect(try await eventually { server.store.value(Self.secret("user-a"), "uri")?.isEmpty == false })
        for missing in [#"user b: passwordFrom: Secret "chosen" cannot"#, #"script s in p: ConfigMap "sql" cannot"#] {
          #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("MissingReference: \(missing)") } })
        }
        if code == 403 { #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: get") } }) }
        let mounted = { server.store.value(Self.secret("passwords"), "passwords.json") }
        #expect(mounted()?.contains("old-password-of-b") == true)
        let script = { (text: String) in
          server.store.writes.last { $0.path.hasSuffix("acme-pg-spec") }.map {
            String(decoding: $0.object.bytes, as: UTF8.self).contains(text)
          }
        }
        #expect(script("SELECT 1") == true)
        #expect(server.store.value(Self.secret("user-b"), "password") == "old-password-of-b")
        #expect(!fake.requests.contains { $0.method == .DELETE })
        server.end()
        #expect(try await eventually { mounted()?.contains(#""chosen""#) == true && script("SELECT 2") == true })
      }
    }
  }

  /// The one that can be read is done, wherever it stands among many that cannot.
  @Test(arguments: [403, 500])
  func manyThatCannotBeReadHoldUpNothing(code: Int) async throws {
    let names = (0..<30).map { "u\($0)" }
    let users = names.map { "{name: \($0), passwordFrom: {secret: of-\($0), key: k}}" } + ["own"]
    let databases = names.map { "{name: \($0), owner: own, scripts: [{name: s, configMap: {name: of-\($0), key: k}}]}" }
    let sample = Sample(
      annotations: [
        "postern.io/users": "[\(users.joined(separator: ", "))]",
        "postern.io/databases": "[\(databases.joined(separator: ", "))]",
      ], uid: "1")
    let chosen = try json(
      #"{"metadata":{"name":"of-u29","namespace":"shops","uid":"c","resourceVersion":"5"},"data":{"k":"\#(base64("chosen"))"}}"#
    )
    let server = Refusing(try ObjectStore([sample], objects: ["\(Self.folder)/secrets/of-u29": chosen])) { request in
      request.method == .GET && request.path.contains("/of-u") && !request.path.hasSuffix("/secrets/of-u29")
        ? .status(code, "Refused", "not this one") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        #expect(try await eventually { server.store.value(Self.secret("user-own"), "password")?.isEmpty == false })
        #expect(try await eventually { server.store.value(Self.secret("user-u29"), "password") == "chosen" })
        #expect(try await eventually { Self.told(fake).contains { $0.contains(#""of-u0" cannot be read"#) } })
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: get") } })
      }
    }
  }

  /// One Secret that the API server cannot decrypt fails each list that holds it.
  @Test(arguments: ["a, b", "[{name: a, rotate: {every: 1h, overlap: 5m}}, b]"])
  func aSecretThatFailsTheListHoldsUpNoOther(users: String) async throws {
    let passwords = #"{"apiVersion":"postern.io/v1","users":{"a":"old-password-of-a","b":"old-password-of-b"}}"#
    let objects = [
      Self.secret("passwords"): try Self.object("passwords", data: #"{"passwords.json":"\#(base64(passwords))"}"#),
      Self.secret("user-a"): try Self.object(
        "user-a", annotations: #"{"postern.io/user":"a"}"#, data: #"{"password":"\#(base64("lost"))"}"#),
      Self.secret("user-b"): try Self.object(
        "user-b", annotations: #"{"postern.io/user":"b"}"#, data: #"{"password":"\#(base64("edited-by-people"))"}"#),
    ]
    let sample = Sample(annotations: Self.two.merging(["postern.io/users": users]) { $1 }, uid: "1")
    let server = Refusing(try ObjectStore([sample], objects: objects)) { request in
      let isList = request.path == "\(Self.folder)/secrets" && request.query["labelSelector"] != nil
      return request.method == .GET && (isList || request.path == Self.secret("user-a"))
        ? .status(500, "InternalError", "unable to transform a key") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let mounted = { server.store.value(Self.secret("passwords"), "passwords.json") }
        #expect(try await eventually { mounted()?.contains("edited-by-people") == true })
        #expect(try await eventually { server.store.value(Self.secret("user-b"), "uri")?.isEmpty == false })
        #expect(mounted()?.contains("old-password-of-a") == true)
        #expect(server.store.value(Self.secret("user-a"), "password") == "lost")
        #expect(!server.store.writes.contains { $0.path == Self.secret("user-a") })
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: list") } })
        server.end()
        #expect(try await eventually { mounted()?.contains(#""lost""#) == true })
      }
    }
  }

  /// Without its flat file, users would look as if they had been removed.
  @Test func aFlatFileThatCannotBeReadChangesNothing() async throws {
    let passwords = #"{"apiVersion":"postern.io/v1","users":{"a":"old-password-of-a"}}"#
    let objects = [
      Self.secret("passwords"): try Self.object("passwords", data: #"{"passwords.json":"\#(base64(passwords))"}"#),
      Self.secret("user-a"): try Self.object("user-a", annotations: #"{"postern.io/user":"a"}"#),
    ]
    let annotations = ["postern.io/users-from": "login/users", "postern.io/removed-users": "drop"]
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")], objects: objects)) { request in
      request.path.hasSuffix("/secrets/login") ? .status(403, "Forbidden", "not this one") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let told = #"MissingReference: postern.io/users-from: Secret "login" cannot be read"#
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix(told) } })
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: get") } })
        #expect(fake.requests.allSatisfy { $0.method == .GET || $0.path.contains("/events") })
      }
    }
  }

  /// More Secrets are refused than a pass tries. The others, and all that does not need them, are done.
  @Test func howeverMuchIsRefusedTheRestIsDone() async throws {
    let guarded = (10..<30).map { "a\($0)" }
    let users = guarded + ["y", "z"]
    let objects = [
      Self.secret("user-gone"): try Self.object(
        "user-gone", annotations: #"{"postern.io/user":"gone"}"#, data: #"{"password":"\#(base64("old-password"))"}"#)
    ]
    let annotations = ["postern.io/users": users.joined(separator: ", "), "postern.io/removed-users": "drop"]
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")], objects: objects)) { request in
      request.method == .POST && request.body.contains("acme-pg-user-a") ? Self.quota : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let mounted = { server.store.value(Self.secret("passwords"), "passwords.json") ?? "" }
        let isDone = try await eventually {
          ["y", "z"].allSatisfy { user in
            server.store.value(Self.secret("user-\(user)"), "password")?.isEmpty == false
              && mounted().contains("\"\(user)\":")
          }
        }
        #expect(isDone)
        #expect(!mounted().contains(#""a1"#))
        // The third pass tries first what no pass has tried. More passes may have followed when the test looks.
        let creations = fake.requests.filter { $0.method == .POST }.map(\.body)
        let last = try #require(
          ["y", "z"].compactMap { user in
            creations.firstIndex { $0.contains("acme-pg-user-\(user)") }
          }.max())
        let tries = creations[..<last].count { $0.contains("acme-pg-user-a") }
        #expect((1...30).contains(tries), "\(tries)")
        let isDeleted = try await eventually {
          fake.requests.contains { $0.method == .DELETE && $0.path == Self.secret("user-gone") }
        }
        #expect(isDeleted)
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: create") } })
        server.end()
        let isAllMade = try await eventually { guarded.allSatisfy { mounted().contains("\"\($0)\":") } }
        #expect(isAllMade)
      }
    }
  }

  /// Where all are refused, the API server is not asked for each of them in each pass.
  @Test func whereTooMuchIsRefusedAPassDoesNotTryTheRest() async throws {
    let users = (10..<50).map { "u\($0)" }
    let sample = Sample(annotations: ["postern.io/users": users.joined(separator: ", ")], uid: "1")
    let server = Refusing(try ObjectStore([sample])) { request in
      request.method == .POST && request.body.contains("acme-pg-user-") ? Self.quota : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        let passwords = { server.store.value(Self.secret("passwords"), "passwords.json") }
        #expect(try await eventually { passwords() != nil })
        // Of the first pass: more passes may have followed when the test looks.
        let bodies = fake.requests.filter { $0.method != .GET }.map(\.body)
        let written = try #require(bodies.firstIndex { $0.contains("passwords.json") })
        let tried = bodies[..<written].count { $0.contains("acme-pg-user-") }
        #expect(tried == 10)
      }
    }
  }

  /// A user who is dropped, whose Secret may not be deleted; and one whose Secret keeps the mark of an unused one.
  @Test(arguments: ["delete", "unmark"])
  func whatMayNotBeChangedHoldsUpNothing(what: String) async throws {
    var annotations = Self.two
    annotations["postern.io/removed-users"] = "drop"
    annotations["postern.io/users"] = "[a, {name: b, passwordFrom: {secret: none, key: none}}]"
    let marks = [
      "delete": #"{"postern.io/user":"gone"}"#, "unmark": #"{"postern.io/user":"a","postern.io/unused-since":"t"}"#,
    ]
    let name = what == "delete" ? "user-gone" : "user-a"
    let objects = [
      Self.secret(name): try Self.object(
        name, annotations: try #require(marks[what]), data: #"{"password":"\#(base64("old-password"))"}"#)
    ]
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")], objects: objects)) { request in
      guard request.path == Self.secret(name) else { return nil }
      let isRefused = request.method == .DELETE || request.body.contains("null")
      return isRefused ? .status(403, "Forbidden", "a policy guards it") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("MissingReference: user b") } })
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: ") } })
        #expect(server.store.value(Self.secret("passwords"), "passwords.json")?.contains(#""a":"#) == true)
        #expect(server.store.value(Self.secret("user-a"), "uri")?.isEmpty == false)
        server.end()
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="incomplete"} 1"#) })
      }
    }
  }

  /// What an admin must do is told, though the pass ends for something that passes by itself.
  @Test func aRefusalThatLastsIsToldBeforeOneThatPasses() async throws {
    let mark = #"{"postern.io/user":"a","postern.io/unused-since":"t"}"#
    let secret = try Self.object("user-a", annotations: mark, data: #"{"password":"\#(base64("old-password"))"}"#)
    let sample = Sample(annotations: Self.two, uid: "1")
    let server = Refusing(try ObjectStore([sample], objects: [Self.secret("user-a"): secret])) { request in
      if request.path == Self.secret("user-a"), request.body.contains("null") {
        return .status(403, "Forbidden", "a policy guards it")
      }
      let isWrite = request.method != .GET && request.path.contains("/configmaps")
      return isWrite ? .status(503, "ServiceUnavailable", "not now") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        #expect(try await eventually { Self.told(fake).contains { $0.contains("a policy guards it") } })
      }
    }
  }

  /// A Service that Postern has made and may not delete stays noted, so that it is deleted later.
  @Test func aServiceThatCannotBeDeletedHoldsUpNothing() async throws {
    let service = "\(Self.folder)/services/acme-pg-old"
    let note = #"{"postern.io/made-service":"acme-pg-old"}"#
    let objects = [
      service: try Self.object("old"),
      "\(Self.folder)/configmaps/acme-pg-spec": try Self.object("spec", annotations: note),
    ]
    let server = Refusing(try ObjectStore([Sample(annotations: Self.two, uid: "1")], objects: objects)) { request in
      request.method == .DELETE ? .status(403, "Forbidden", "a policy guards it") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { Self.told(fake).contains { $0.hasPrefix("Failed: delete") } })
        #expect(server.store.value(Self.secret("user-b"), "uri")?.isEmpty == false)
        let noted = {
          server.store.writes.last { $0.path.hasSuffix("acme-pg-spec") }?.object["metadata"]?["annotations"]
        }
        #expect(noted()?["postern.io/made-service"]?.string == "acme-pg-old")
        server.end()
        #expect(try await eventually { noted()?["postern.io/made-service"] == nil })
      }
    }
  }

  @Test func aSecretThatIsRefusedKeepsNoOtherPasswordFromTurning() async throws {
    var annotations = Self.two
    annotations["postern.io/users"] = "[a, {name: b, rotate: {every: 1h, overlap: 5m}}]"
    let server = Refusing(try ObjectStore([Sample(annotations: annotations, uid: "1")])) { request in
      request.method == .POST && request.body.contains("acme-pg-user-a") ? Self.quota : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { controller.instances[Self.key].rotates })
        let distant = Timestamp(microseconds: .max)
        #expect(try await eventually { controller.turns.take(at: distant).contains(Self.key) })
      }
    }
  }

  @Test func aSecretThatCannotBeMarkedAsUnusedHoldsUpNoOther() async throws {
    let objects = [
      Self.secret("user-a"): try Self.object("user-a"), Self.secret("user-b"): try Self.object("user-b"),
    ]
    let server = Refusing(try ObjectStore([], objects: objects)) { request in
      request.path == Self.secret("user-a") && request.method == .PATCH
        ? .status(403, "Forbidden", "a policy guards it") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      let access = ObjectAccess(client: controller.client, key: Self.key, mayWrite: { true }, wrote: { _ in })
      let (marked, failure) = try await UnusedMark(access: access).set(at: "now")
      #expect(marked.map(\.name) == ["acme-pg-user-b"] && failure?.code == 403)
    }
  }

  @Test func anApplicationsPodThatCannotBeToldHoldsUpNoOther() async throws {
    let pods = try ["a", "b", "c"].map { name in
      try #require(ConnectedPod(try json(#"{"metadata":{"name":"\#(name)","uid":"\#(name)"}}"#)))
    }
    let server = Refusing(try ObjectStore([])) { request in
      request.path.hasSuffix("/pods/a") ? .status(422, "Invalid", "a webhook does not want it") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      let access = ObjectAccess(client: controller.client, key: Self.key, mayWrite: { true }, wrote: { _ in })
      try await access.annotatePods(pods, updated: "1")
      #expect(server.store.writes.map(\.path).sorted() == ["\(Self.folder)/pods/b", "\(Self.folder)/pods/c"])
    }
  }

  /// A webhook may hang for one of them.
  @Test func anEvictionThatIsNotAnsweredHoldsUpNoOther() async throws {
    func pod(_ owner: String) -> String {
      #"{"metadata":{"name":"\#(owner)-1","namespace":"shops","uid":"\#(owner)","labels":{"postern.io/connect":"acme"},"#
        + #""annotations":{"postern.io/connections":"- {user: shop, restart: true}"},"#
        + #""ownerReferences":[{"kind":"ReplicaSet","name":"\#(owner)","controller":true}]},"spec":{"containers":[{"name":"a","#
        + #""envFrom":[{"secretRef":{"name":"acme-pg-user-shop"}}]}]},"status":{"phase":"Running","containerStatuses":"#
        + #"[{"name":"a","state":{"running":{"startedAt":"2020-01-01T00:00:00Z"}}}]}}"#
    }
    let pods = "\(pod("web")),\(pod("worker"))"
    let script: FakeServer.Script = { _, request in
      if request.path.hasSuffix("/web-1/eviction") { return .cut }
      if request.path.contains("/replicasets/") { return .json(200, #"{"spec":{"replicas":1}}"#) }
      let isOfNamespace = request.path == "\(Self.folder)/pods"
      let items = isOfNamespace ? pods : ""
      return request.method == .GET
        ? .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items)]}"#) : .json(200, "{}")
    }
    try await controlling(script) { fake, controller, _ in
      var settings = RestartSettings()
      settings.settleSeconds = 0
      let events = EventRecorder(controller.client, ControllerSettings(), silent)
      let restarter = Restarter(controller.client, settings, events: events, logger: silent)
      restarter.open()
      let work = Task { await restarter.run { true } }
      let turn = Restarts.Turn(user: "shop", at: Timestamp(microseconds: 1_700_000_000_000_000))
      restarter.expect(["acme-pg-user-shop": turn], of: Self.key)
      let areBothAsked = try await eventually {
        ["web", "worker"].allSatisfy { name in
          fake.requests.contains { $0.path.hasSuffix("/\(name)-1/eviction") }
        }
      }
      #expect(areBothAsked)
      work.cancel()
      await work.value
    }
  }

  /// Nothing changes an immutable one, and Postern makes it anew when somebody deletes it.
  @Test func anImmutableSecretComesBackWithItsPassword() async throws {
    let path = Self.secret("user-a")
    let secret = try Self.object(
      "user-a", annotations: #"{"postern.io/user":"a"}"#, data: #"{"password":"\#(base64("old-password-of-a"))"}"#
    )
    let sample = Sample(annotations: Self.two, uid: "1")
    let server = Refusing(try ObjectStore([sample], objects: [path: secret])) { request in
      request.path == path && request.method == .PATCH ? .status(422, "Invalid", "data: field is immutable") : nil
    }
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let told = { Self.told(fake).first { $0.hasPrefix("Failed: apply") } }
        #expect(try await eventually { told()?.contains("whether it is immutable") == true }, "\(told() ?? "")")
        server.store.remove(path)
        let isThere = try await eventually { server.store.writes.contains { $0.path == path } }
        #expect(isThere && server.store.value(path, "password") == "old-password-of-a")
        server.end()
        #expect(try await eventually { server.store.value(path, "uri")?.contains("old-password-of-a") == true })
      }
    }
  }

  private static func failure(_ cause: KubernetesError.Cause) -> Interruption {
    .failed(KubernetesError(verb: "create", path: "/", server: "s", cause: cause))
  }

  private static func refusal(_ code: Int, _ message: String = "") -> KubernetesError.Cause {
    .refused(Status(code: code, reason: "", message: message, name: "", kind: .init(group: "", version: "", kind: "")))
  }

  @Test func howManyRefusalsEndAStep() throws {
    /// How many objects are tried in two steps, and in how many of them; nil where a failure ends the pass.
    func count(_ interruption: Interruption) -> [Int]? {
      var refusals = Refusals()
      var tried: [Int] = []
      for step in 0..<2 {
        refusals.beginStep()
        tried.append(0)
        while refusals.mayWrite, tried[step] < 20 {
          do throws(Interruption) { try refusals.take(interruption) } catch { return nil }
          tried[step] += 1
        }
      }
      return tried
    }
    for code in [400, 403, 404, 409, 410, 413, 422] {
      #expect(count(Self.failure(Self.refusal(code))) == [10, 10], "\(code)")
    }
    #expect(count(Self.failure(.notUnderstood(reason: ""))) == [10, 10])
    // What takes long each time.
    for cause in [Self.refusal(500), .interrupted(reason: "")] { #expect(count(Self.failure(cause)) == [3, 1]) }
    // What is not of one object.
    for code in [401, 429, 502, 503, 504] { #expect(count(Self.failure(Self.refusal(code))) == nil, "\(code)") }
    let goes = "forbidden: unable to create new content in namespace shops because it is being terminated"
    #expect(count(Self.failure(Self.refusal(403, goes))) == nil)
    #expect(count(Self.failure(.unreachable(reason: ""))) == nil && count(Self.failure(.cancelled)) == nil)
    #expect(count(.notLeading) == nil && count(.tooMuch) == nil)
  }

  /// Afterwards it is Postern's again, and nobody would see that it was not known who wrote such a key.
  @Test func whatMayBeALoginOfBeforeARestoreGoesBeforeItsSecretIsTakenBack() async throws {
    let path = Self.secret("user-shop")
    let store = try ObjectStore([Sample(uid: "1")])
    let isRefused = Mutex(false)
    let script: FakeServer.Script = { _, request in
      let isApply = request.path == path && request.headers.first(name: "Content-Type")?.contains("apply") == true
      return isApply && isRefused.withLock({ $0 }) ? .status(403, "Forbidden", "a policy") : store.answer(request)
    }
    try await controlling(script) { _, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        guard case .object(var secret)? = store.object(path), case .object(var metadata)? = secret["metadata"],
          case .object(var data)? = secret["data"]
        else {
          Issue.record("there is no Secret")
          return
        }
        metadata["managedFields"] = nil
        for key in ["uri.gone", "theirs"] { data[key] = .string(base64("x")) }
        (secret["metadata"], secret["data"]) = (.object(metadata), .object(data))
        isRefused.withLock { $0 = true }
        store.put(.object(secret), at: path)
        controller.queue.add([Self.key])
        #expect(try await eventually { store.object(path)?["data"]?["uri.gone"] == nil })
        #expect(store.object(path)?["data"]?["theirs"] != nil)
      }
    }
  }

  /// A list that breaks off is read again from its start.
  @Test func whatIsReadAgainTakesTheRoomOfBefore() throws {
    let secret = { (name: String, bytes: Int) throws -> LiveObject in
      let value = Base64.encoded(Array(repeating: 0, count: bytes))
      return try LiveObject(
        Array(#"{"metadata":{"name":"\#(name)"},"data":{"key":"\#(value)"}}"#.utf8),
        kind: .secret)
    }
    let budget = ByteBudget(100)
    for _ in 0..<3 {
      let (first, second) = (try secret("a", 60), try secret("b", 40))
      #expect(budget.take(first) && budget.take(second))
    }
    let shorter = try secret("a", 50)
    #expect(budget.take(shorter))
    let third = try secret("c", 11)
    #expect(!budget.take(third) && budget.isExceeded)
  }

  @Test func whatDoesNotPassByItselfIsToldFirst() throws {
    var refusals = Refusals()
    #expect(refusals.worst == nil)
    for code in [409, 500, 403, 422] { try refusals.take(Self.failure(Self.refusal(code))) }
    #expect(refusals.worst?.code == 403)
  }
}

private func base64(_ text: String) -> String { Base64.encoded(Array(text.utf8)) }
