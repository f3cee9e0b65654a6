import JSONBytes
import KubernetesAPI
import PrometheusText
import TestSupport
import Testing

@testable import KubernetesClient

/// Which requests are tried again, when, and how often.
@Suite struct RetryTests {
  /// A kind of request, and whether it may be carried out twice.
  enum Operation: CaseIterable, Sendable {
    case get, list, apply, updateOfAVersion, mergeOfAVersion, deleteOfOne
    case create, update, merge, jsonPatch, delete

    var isRepeatable: Bool {
      switch self {
      case .get, .list, .apply, .updateOfAVersion, .mergeOfAVersion, .deleteOfOne: true
      case .create, .update, .merge, .jsonPatch, .delete: false
      }
    }

    func run(_ client: KubernetesClient) async throws {
      let plain = try json(#"{"metadata":{"name":"a","namespace":"b"}}"#)
      let versioned = try json(object("a", 5))
      switch self {
      case .get: _ = try await client.get(.pods, "a", in: "b")
      case .list: _ = try await client.list(Selection(.pods))
      case .apply: try await client.apply(.pods, plain, force: true)
      case .updateOfAVersion: try await client.update(.pods, versioned)
      case .mergeOfAVersion: try await client.patch(.pods, "a", in: "b", .merge(versioned))
      case .deleteOfOne: try await client.delete(.pods, "a", in: "b", uid: "u")
      case .create: try await client.create(.pods, plain)
      case .update: try await client.update(.pods, plain)
      case .merge: try await client.patch(.pods, "a", in: "b", .merge(plain))
      case .jsonPatch: try await client.patch(.pods, "a", in: "b", .json(.array([])))
      case .delete: try await client.delete(.pods, "a", in: "b")
      }
    }
  }

  private static let good = FakeServer.Answer.json(200, #"{"metadata":{"resourceVersion":"1"},"items":[]}"#)

  @Test(arguments: [500, 502, 504, 0]) func afterAnAnswerThatMayHaveHadAnEffect(_ code: Int) async throws {
    for operation in Operation.allCases {
      let script: FakeServer.Script = { number, _ in
        guard number == 0 else { return Self.good }
        return code == 0 ? .cut : .status(code, "InternalError", "oops")
      }
      try await talking(script) { talk in
        let error = await failure { try await operation.run(talk.client) }
        #expect((error == nil) == operation.isRepeatable, "\(operation)")
        #expect(talk.server.requests.count == (operation.isRepeatable ? 2 : 1), "\(operation)")
        #expect(talk.time.waits.count == (operation.isRepeatable ? 1 : 0), "\(operation)")
        #expect(talk.time.waits.allSatisfy { $0 <= .milliseconds(250) })
      }
    }
  }

  @Test(arguments: [429, 503]) func afterAnAnswerWithoutEffectEverythingIsTriedAgain(_ code: Int) async throws {
    for operation in Operation.allCases {
      let script: FakeServer.Script = { number, _ in number == 0 ? .status(code, "TooManyRequests", "busy") : Self.good
      }
      try await talking(script) { talk in
        try await operation.run(talk.client)
        #expect(talk.server.requests.count == 2)
        #expect(talk.server.requests.first?.body == talk.server.requests.last?.body)
      }
    }
  }

  @Test(arguments: [400, 403, 404, 405, 409, 410, 422, 501]) func aNoIsNotAskedAgain(_ code: Int) async throws {
    try await talking({ _, _ in .status(code, "No", "no") }) { talk in
      #expect(await failure { try await Operation.get.run(talk.client) }?.code == code)
      #expect(talk.server.requests.count == 1)
    }
  }

  @Test func whatTheServerAsksToWaitIsWaited() async throws {
    let script: FakeServer.Script = { number, _ in
      number == 0 ? .status(429, "TooManyRequests", "busy", [("Retry-After", "3")]) : Self.good
    }
    try await talking(script) { talk in
      try await Operation.create.run(talk.client)
      let waited = try #require(talk.time.waits.first)
      #expect((Duration.seconds(3)...Duration.milliseconds(3250)).contains(waited))
    }
  }

  @Test func whoAsksToWaitTooLongIsNotWaitedFor() async throws {
    try await talking({ _, _ in .status(429, "TooManyRequests", "busy", [("Retry-After", "31")]) }) { talk in
      let error = await failure { try await Operation.get.run(talk.client) }
      #expect(error?.retryAfter == .seconds(31))
      #expect(talk.server.requests.count == 1)
    }
  }

  @Test func itIsTriedOnlySoOften() async throws {
    try await talking({ _, _ in .status(500, "InternalError", "oops") }) { talk in
      #expect(await failure { try await Operation.apply.run(talk.client) }?.code == 500)
      #expect(talk.server.requests.count == 5)
      for (wait, bound) in zip(talk.time.waits, [250, 500, 1000, 2000]) { #expect(wait <= .milliseconds(bound)) }
    }
  }

  @Test func whatWasNeverSentIsTriedAgain() async throws {
    let time = FakeTime()
    let registry = ClientMetrics.families
    // A port on which nothing listens, because its server has stopped.
    let server = try await FakeServer.start(defaultPair.get()) { _, _ in Self.good }
    let port = server.port
    await server.stop()
    let client = KubernetesClient(
      try cluster(port), settings: ClientSettings(), metrics: ClientMetrics(PrometheusRegistry(registry)),
      logger: silent, time: time.time)
    let error = await failure { try await Operation.create.run(client) }
    #expect(time.waits.count == 4)
    #expect(
      error?.description
        == "create /api/v1/namespaces/b/pods: no connection to 127.0.0.1:\(port): connection refused; "
        + "check the address, and whether the API server runs")
    await client.shutdown()
  }

  @Test func anAnswerThatTakesTooLongIsGivenUp() async throws {
    let script: FakeServer.Script = { number, _ in
      number == 0 ? .silence : .stream { $0.send("{") }
    }
    try await talking(
      script,
      settings: {
        $0.requestTimeout = .seconds(3)
        $0.maximumTries = 2
      }
    ) { talk in
      let error = await failure { try await Operation.get.run(talk.client) }
      #expect(error?.cause == .interrupted(reason: "it took longer than 3.0 seconds"))
      #expect(talk.server.requests.count == 2)
    }
  }

  @Test func endingTheTaskEndsTheRequest() async throws {
    try await talking({ _, _ in .silence }) { talk in
      await withTaskGroup { group in
        group.addTask {
          #expect(await failure { try await Operation.get.run(talk.client) }?.isCancelled == true)
        }
        _ = try? await eventually { talk.server.requests.count == 1 }
        group.cancelAll()
      }
      #expect(talk.server.requests.count == 1)
      #expect(talk.time.waits.isEmpty)
    }
  }
}
