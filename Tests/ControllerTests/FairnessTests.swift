import JSONBytes
import NIOHTTP1
import PrometheusText
import TestSupport
import Testing

@testable import Controller

/// One customer's costly work does not delay the others.
@Suite struct FairnessTests {
  /// Eight customers have scripts that take long to check; one customer's password is edited.
  @Test func aPasswordIsCarriedWhileOthersHaveTheirScriptsLookedAt() async throws {
    let filler = "INSERT INTO t VALUES (1)" + String(repeating: ", (1)", count: 990_000 / 5)
    var objects: [String: JSONValue] = [:]
    var heavy: [Sample] = []
    for index in 0..<8 {
      let data = "SELECT \(index);\n\(filler)"
      objects["/api/v1/namespaces/heavy\(index)/configmaps/sql"] = .object(Self.configMap(data))
      let scripts = (0..<2500).map { "{name: s\($0), configMap: {name: sql, key: k}}" }.joined(separator: ", ")
      heavy.append(
        Sample(
          namespace: "heavy\(index)", customer: "heavy",
          annotations: [
            "postern.io/users": "shop", "postern.io/databases": "- {name: o, owner: shop, scripts: [\(scripts)]}",
          ],
          uid: "\(index)"))
    }
    let store = try ObjectStore(heavy + [Sample(uid: "small")], objects: objects)
    let (user, passwords) = (
      "/api/v1/namespaces/shops/secrets/acme-pg-user-shop", "/api/v1/namespaces/shops/secrets/acme-pg-passwords"
    )
    try await controlling({ _, request in store.answer(request) }) { _, controller, registry in
      try await leading(controller) { () async throws in
        #expect(
          try await eventually {
            registry.text().contains(#"postern_reconciles_total{result="waiting"} 8"#)
              && store.value(passwords, "passwords.json") != nil
          })
        store.edit(user, "password", "edited-meanwhile")
        #expect(
          try await eventually { store.value(passwords, "passwords.json")?.contains("edited-meanwhile") == true })
        let carried = try #require(
          store.writes.firstIndex {
            $0.path == passwords && $0.value("passwords.json")?.contains("edited-meanwhile") == true
          })
        // A busy machine may let the first of them come before the edit, but not all.
        let made = store.writes[..<carried].count { $0.path.hasSuffix("/heavy-pg-spec") }
        #expect(made < 8)
      }
    }
  }

  private static func configMap(_ text: String) -> JSONObject {
    var (root, data, metadata) = (JSONObject(), JSONObject(), JSONObject())
    data["k"] = .string(text)
    metadata["name"] = .string("sql")
    root["metadata"] = .object(metadata)
    root["data"] = .object(data)
    return root
  }

  /// The first pass of such a customer writes nothing. The pass after the verdict writes everything.
  @Test func whatIsLongToLookAtIsMadeWhenItIsKnown() async throws {
    let text = "SELECT 1;\n" + String(repeating: "-", count: ScriptJudge.shortBytes)
    let databases = "- {name: o, owner: shop, scripts: [{name: a, configMap: {name: sql, key: k}}]}"
    let store = try ObjectStore(
      [Sample(annotations: ["postern.io/users": "shop", "postern.io/databases": databases], uid: "1")],
      objects: ["/api/v1/namespaces/shops/configmaps/sql": .object(Self.configMap(text))])
    try await controlling({ _, request in store.answer(request) }) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        #expect(registry.text().contains(#"postern_reconciles_total{result="waiting"} 1"#))
        let applied = server.requests.filter { $0.method == .PATCH }.map { $0.path.split(separator: "/").last ?? "" }
        #expect(Array(applied.prefix(2)) == ["acme-pg-passwords", "acme-pg-spec"])
        #expect(server.requests.contains { $0.path.hasSuffix("acme-pg-spec") && $0.body.contains("SELECT 1;") })
      }
    }
  }

  /// Ten copies of the largest possible Secret of the namespace are not kept in memory.
  @Test func whatHoldsTooMuchIsToldAndNotKept() async throws {
    let value = String(repeating: "eHh4", count: 333_000)
    var objects: [String: JSONValue] = [:]
    for index in 0..<10 {
      objects["/api/v1/namespaces/shops/secrets/acme-pg-user-\(index)"] = try json(
        #"{"metadata":{"name":"acme-pg-user-\#(index)","labels":{"postern.io/customer":"acme"}},"data":{"k":"\#(value)"}}"#
      )
    }
    let store = try ObjectStore([Sample(uid: "1")], objects: objects)
    try await controlling({ _, request in store.answer(request) }) { server, controller, _ in
      try await leading(controller) { () async throws in
        #expect(
          try await eventually {
            server.requests.contains {
              $0.path.hasSuffix("/events") && $0.body.contains("hold more than 8388608 bytes")
            }
          })
        #expect(!server.requests.contains { $0.path.contains("-pg-") && $0.method == .PATCH })
      }
    }
  }
}
