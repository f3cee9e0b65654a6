import JSONBytes
import KubernetesAPI
import KubernetesClient
import NIOHTTP1
import PrometheusText
import TestSupport
import Testing

/// The request and the answer of each verb.
@Suite struct RequestTests {
  @Test func aGetSaysWhoAsksAndKeepsUnknownFields() async throws {
    try await talking({ _, _ in .json(200, #"{"kind":"Secret","x-unknown":{"n":1.50}}"#) }) { talk in
      let secret = try await talk.client.get(.secrets, "acme", in: "shop")
      #expect(secret == (try json(#"{"kind":"Secret","x-unknown":{"n":1.50}}"#)))
      let request = try #require(talk.server.requests.first)
      #expect(request.method == .GET)
      #expect(request.path == "/api/v1/namespaces/shop/secrets/acme")
      #expect(request.token == "Bearer s3cr3t")
      #expect(request.headers["Accept"] == ["application/json"])
    }
  }

  @Test func metadataAloneIsAskedForByName() async throws {
    let answers: FakeServer.Script = { _, request in
      request.query["watch"] == "true" ? .stream { $0.end() } : list(7, [])
    }
    try await talking(answers) { talk in
      _ = try await talk.client.get(.pods, "a", in: "shop", metadataOnly: true)
      let selection = Selection(.pods, metadataOnly: true)
      _ = try await talk.client.list(selection)
      for try await _ in try await talk.client.watch(selection, from: "7") {}
      #expect(
        talk.server.requests.map { $0.headers["Accept"] } == [
          ["application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"],
          ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"],
          ["application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"],
        ])
    }
  }

  @Test func writesNameTheirManagerTypeAndPlace() async throws {
    let object = try json(#"{"metadata":{"name":"a","namespace":"shop","resourceVersion":"5"}}"#)
    try await talking({ _, _ in .json(200, "{}") }) { talk in
      try await talk.client.apply(.configMaps, object, force: true)
      try await talk.client.apply(.configMaps, object, force: false, dryRun: true)
      try await talk.client.create(.configMaps, object)
      try await talk.client.update(.leases, object)
      try await talk.client.patch(.pods, "a", in: "shop", .merge(try json(#"{"a":null}"#)))
      try await talk.client.patch(.mutatingWebhookConfigurations, "w", .json(.array([])))
      let base = "/api/v1/namespaces/shop"
      let expected: [(String, String, String?, [String: String])] = [
        ("PATCH", "\(base)/configmaps/a", "application/apply-patch+yaml", ["force": "true"]),
        ("PATCH", "\(base)/configmaps/a", "application/apply-patch+yaml", ["force": "false", "dryRun": "All"]),
        ("POST", "\(base)/configmaps", "application/json", [:]),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/a", "application/json", [:]),
        ("PATCH", "\(base)/pods/a", "application/merge-patch+json", [:]),
        (
          "PATCH", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/w",
          "application/json-patch+json", [:]
        ),
      ]
      #expect(talk.server.requests.count == expected.count)
      for (request, (method, path, type, query)) in zip(talk.server.requests, expected) {
        #expect(request.method.rawValue == method)
        #expect(request.path == path)
        #expect(request.headers.first(name: "Content-Type") == type)
        #expect(request.query == query.merging(["fieldManager": "postern"]) { one, _ in one })
      }
      #expect(talk.server.requests.first?.body == String(decoding: object.bytes, as: UTF8.self))
      #expect(talk.server.requests[4].body == #"{"a":null}"#)
    }
  }

  @Test func aDeletionBearsItsPreconditions() async throws {
    try await talking({ _, _ in .json(200, #"{"kind":"Status","status":"Success"}"#) }) { talk in
      try await talk.client.delete(.secrets, "a", in: "shop", uid: "u", resourceVersion: "5")
      try await talk.client.delete(.namespaces, "n")
      #expect(
        talk.server.requests.map(\.body) == [
          #"{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"5"}}"#,
          #"{"apiVersion":"v1","kind":"DeleteOptions"}"#,
        ])
      #expect(talk.server.requests.map(\.path) == ["/api/v1/namespaces/shop/secrets/a", "/api/v1/namespaces/n"])
    }
  }

  @Test(arguments: ["", ".", "..", "a/status", "a%2Fstatus"]) func whatIsNoNameIsNeverSent(_ name: String) async throws
  {
    try await talking({ _, _ in .json(200, "{}") }) { talk in
      let errors = [
        await failure { try await talk.client.delete(.secrets, name, in: "shop") },
        await failure { try await talk.client.get(.secrets, "a", in: name) },
        await failure {
          try await talk.client.list(Selection(.secrets, namespace: name))
        },
        await failure { try await talk.client.delete(.secrets, "a") },
        await failure {
          try await talk.client.apply(.secrets, .object(JSONObject()), force: true)
        },
      ]
      for error in errors {
        guard case .invalid = error?.cause else {
          Issue.record("\(String(describing: error))")
          continue
        }
      }
      #expect(talk.server.requests.isEmpty)
    }
  }

  @Test func namesAreEncoded() {
    #expect(Resource.pods.path(namespace: "a b", name: "é:?#") == "/api/v1/namespaces/a%20b/pods/%C3%A9%3A%3F%23")
    #expect(Resource.deployments.path(namespace: nil, name: nil) == "/apis/apps/v1/deployments")
    #expect(Resource.namespaces.path(namespace: "ignored", name: "n") == "/api/v1/namespaces/n")
    #expect(Resource.leases.apiVersion == "coordination.k8s.io/v1")
  }

  @Test func errorsSayVerbPathCodeAndTheServersMessage() async throws {
    try await talking({ _, _ in .status(403, "Forbidden", "secrets is forbidden: no RBAC") }) { talk in
      let error = await failure { try await talk.client.get(.secrets, "a", in: "b") }
      #expect(
        error?.description
          == "get /api/v1/namespaces/b/secrets/a: 403 Forbidden: secrets is forbidden: no RBAC")
      #expect(error?.code == 403)
      #expect(error?.isNotFound == false)
    }
  }

  @Test func errorsOfSecretsQuoteNothingThatWasSent() async throws {
    let body = try json(#"{"metadata":{"name":"a","namespace":"b"},"data":{"password":"aHVudGVyMg=="}}"#)
    for code in [400, 422, 500] {
      try await talking({ _, request in .status(code, "Bad", "cannot read ...\(request.body.count)...aHVudGVyMg==") }) {
        talk in
        let error = await failure {
          try await talk.client.apply(.secrets, body, force: true)
        }
        #expect(error?.code == code)
        #expect(error?.description.contains("aHVudGVyMg") == false)
        // What the API server says of an immutable one is 422, too.
        #expect(error?.description.contains("immutable") == (code == 422))
        #expect("\(String(describing: error))".contains("aHVudGVyMg") == false)
      }
    }
  }

  @Test func anAnswerThatIsNoStatusIsStillAnError() async throws {
    try await talking({ _, _ in .json(404, "<html>") }) { talk in
      let error = await failure { try await talk.client.get(.pods, "a", in: "b") }
      #expect(error?.description == "get /api/v1/namespaces/b/pods/a: 404 Not Found")
      #expect(error?.isNotFound == true)
    }
  }

  @Test func redirectsAreNotFollowedWithTheToken() async throws {
    try await talking({ _, _ in .json(307, "", [("Location", "/elsewhere")]) }) { talk in
      let error = await failure { try await talk.client.get(.pods, "a", in: "b") }
      #expect(error?.code == 307)
      #expect(talk.server.requests.count == 1)
    }
  }

  @Test func anAnswerThatIsTooLargeOrNoJSONIsAnError() async throws {
    try await talking(
      { number, _ in number == 0 ? .json(200, #""\#(String(repeating: "x", count: 100))""#) : .json(200, "{") },
      settings: { $0.maximumBodyBytes = 99 }
    ) { talk in
      for reason in ["too large", "ends too early"] {
        let error = await failure { try await talk.client.get(.pods, "a", in: "b") }
        #expect(error?.description.contains(reason) == true)
      }
      #expect(talk.server.requests.count == 2)
    }
  }

  @Test func requestsAreCounted() async throws {
    try await talking({ number, _ in number == 0 ? .json(503, "") : .json(200, "{}") }) { talk in
      _ = try await talk.client.get(.pods, "a", in: "b")
      let text = talk.registry.text()
      #expect(text.contains(#"postern_kubernetes_requests_total{verb="get",resource="pods",code="503"} 1"#))
      #expect(text.contains(#"postern_kubernetes_requests_total{verb="get",resource="pods",code="200"} 1"#))
      #expect(text.contains(#"postern_kubernetes_request_duration_seconds_count{verb="get",resource="pods"} 2"#))
    }
  }
}
