import JSONBytes
import KubernetesClient
import NIOHTTP1
import PrometheusText
import TestSupport
import Testing
import TextEncoding

@testable import Controller

/// What of a declaration is not carried out stands on the ConfigMap, also when its Event is gone.
@Suite struct ProblemTests {
  private static let folder = "/api/v1/namespaces/shops"
  private static let passwords = "\(folder)/secrets/acme-pg-passwords"
  private static let key = CustomerKey(namespace: "shops", customer: "acme")

  private static func noted(_ store: ObjectStore) -> String? {
    store.object("\(folder)/configmaps/acme-pg-spec")?["metadata"]?["annotations"]?["postern.io/problems"]?.string
  }

  /// With a Service that fits.
  private static func store(_ sample: Sample) throws -> ObjectStore {
    let service = #"{"metadata":{"name":"db"},"spec":{"selector":{"app":"db"},"ports":[{"port":5432}]}}"#
    return try ObjectStore([sample], objects: ["\(folder)/services/db": json(service)])
  }

  @Test func aProblemIsNotedUntilItIsSolved() async throws {
    let users = "[{name: shop, passwordFrom: {secret: login, key: pw}}]"
    let store = try Self.store(
      Sample(annotations: ["postern.io/users": users, "postern.io/databases": "orders"], uid: "1"))
    try await controlling({ _, request in store.answer(request) }) { fake, controller, registry in
      try await leading(controller) { () async throws in
        let text = #"MissingReference: user shop: passwordFrom: there is no Secret "login" in the namespace"#
        #expect(try await eventually { Self.noted(store) == text })
        let generation = store.object(Self.passwords)?["data"]?["generation"]
        // The next pass changes nothing of what is mounted because of it.
        let passes = { fake.requests.count { $0.query["labelSelector"] == "postern.io/customer=acme" } }
        let before = passes()
        controller.queue.add([Self.key])
        #expect(try await eventually { passes() > before })
        #expect(generation != nil && store.object(Self.passwords)?["data"]?["generation"] == generation)
        let value = Base64.encoded(Array("given-password".utf8))
        store.put(
          try json(#"{"metadata":{"name":"login"},"data":{"pw":"\#(value)"}}"#), at: "\(Self.folder)/secrets/login")
        #expect(
          try await eventually {
            controller.queue.add([Self.key])
            return Self.noted(store) == nil
          })
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="incomplete"} 0"#) })
        #expect(!fake.requests.contains { $0.body.contains("postern.io/problems") && $0.body.contains("given-") })
      }
    }
  }

  @Test func whatIsNotedIsBounded() async throws {
    let users = (0..<30).map { number in
      "{name: u\(number), passwordFrom: {secret: \(String(repeating: "s", count: 200)), key: k}}"
    }
    let annotations = ["postern.io/users": "[\(users.joined(separator: ", "))]"]
    let store = try Self.store(Sample(annotations: annotations, uid: "1"))
    try await controlling({ _, request in store.answer(request) }) { _, controller, _ in
      try await leading(controller) { () async throws in
        #expect(try await eventually { Self.noted(store) != nil })
        let lines = (Self.noted(store) ?? "").split(separator: "\n")
        #expect(lines.count == 11 && lines.last == "and 20 more")
      }
    }
  }

  /// What passes by itself is not noted, and takes nothing off that is.
  @Test(arguments: [(403, true), (503, false)]) func whatTheAPIServerRefusesIsNoted(code: Int, isNoted: Bool)
    async throws
  {
    let store = try Self.store(Sample(uid: "1"))
    let script: FakeServer.Script = { _, request in
      request.method == .POST && request.path.hasSuffix("/secrets")
        ? .status(code, "Refused", "exceeded quota: secrets") : store.answer(request)
    }
    try await controlling(script) { _, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="failed"} 1"#) })
        guard isNoted else {
          #expect(Self.noted(store) == nil)
          return
        }
        let text = { Self.noted(store) ?? "" }
        #expect(try await eventually { text().hasPrefix("Failed: create ") && text().contains("exceeded quota") })
      }
    }
  }
}
