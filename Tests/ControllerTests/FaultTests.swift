import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import NIOHTTP1
import NIOSSL
import PrometheusText
import Synchronization
import TestSupport
import Testing
import TextEncoding

@testable import Controller
@testable import Instances

/// The loop against an API server that does not always do what it is asked.
@Suite struct FaultTests {
  /// There is one labelled Deployment and nothing else, and every write succeeds. `refuse` may answer instead.
  private func script(
    _ refuse: @escaping @Sendable (FakeServer.Request) -> FakeServer.Answer?
  ) throws -> FakeServer.Script {
    let deployment = String(decoding: try Sample(uid: "1").manifest().bytes, as: UTF8.self)
    return { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      if let answer = refuse(request) { return answer }
      if request.method == .GET {
        let isObject = request.path.contains("-pg-")
        let items = request.path.hasSuffix("/deployments") ? deployment : ""
        return isObject
          ? .status(404, "NotFound", "not found")
          : .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items)]}"#)
      }
      return .json(200, request.body)
    }
  }

  @Test func whatIsRefusedIsToldAndTriedAgain() async throws {
    let left = Mutex(3)
    let script = try script { request in
      guard request.query["labelSelector"] == "postern.io/customer=acme" else { return nil }
      let isRefused = left.withLock { left in
        left -= 1
        return left >= 0
      }
      return isRefused ? .status(403, "Forbidden", "no secrets for you") : nil
    }
    try await controlling(script) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        #expect(registry.text().contains(#"postern_reconciles_total{result="error"} 3"#))
        let events = server.requests.filter { $0.path.hasSuffix("/events") }.map(\.body)
        #expect(events.count { $0.contains("no secrets for you") } == 1)
        #expect(events.count { $0.contains("ObjectsWritten") } == 1)
      }
    }
  }

  @Test func aSecretThatCannotBeWrittenHoldsUpNoOther() async throws {
    let databases = "[{name: o, owner: a}, {name: p, owner: b}]"
    let sample = Sample(annotations: ["postern.io/users": "a, b", "postern.io/databases": databases], uid: "1")
    let store = try ObjectStore([sample])
    let secrets = ["a", "b"].map { "/api/v1/namespaces/shops/secrets/acme-pg-user-\($0)" }
    let isRefused = Mutex(false)
    let script: FakeServer.Script = { _, request in
      guard request.path == secrets[0], request.method == .PATCH, isRefused.withLock({ $0 }) else {
        return store.answer(request)
      }
      return .status(422, "Invalid", "it is immutable")
    }
    try await controlling(script) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        isRefused.withLock { $0 = true }
        for secret in secrets { store.edit(secret, "password", "edited-meanwhile") }
        #expect(try await eventually { store.value(secrets[1], "uri")?.contains("edited-meanwhile") == true })
        #expect(store.value(secrets[0], "uri")?.contains("edited-meanwhile") == false)
        let told = { server.requests.contains { $0.path.hasSuffix("/events") && $0.body.contains("acme-pg-user-a") } }
        #expect(try await eventually { registry.text().contains(#"result="error"} "#) && told() })
      }
    }
  }

  /// A running Pod with the sidecar.
  private static func pod(annotations: [String: String] = ["postern.io/injected": "v1"]) throws -> String {
    String(
      decoding: try Sample(
        kind: "Pod", name: "db-1", annotations: annotations, uid: "2", replicaSet: "r"
      ).manifest().bytes, as: UTF8.self
    ).replacing(#""spec":"#, with: #""status":{"phase":"Running"},"spec":"#)
  }

  /// The kubelet brings the files anyway, a little later.
  @Test(arguments: [403, 422]) func aPodThatMayNeverBeToldFailsNothing(code: Int) async throws {
    let (pod, log) = (try Self.pod(), LoggedLines())
    let script = try script { request in
      if request.path == "/api/v1/pods" {
        return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(pod)]}"#)
      }
      return request.path.contains("/pods/") ? .status(code, "Refused", "labels were changed, too") : nil
    }
    try await controlling(script, logger: log.logger) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"result="changed"} 1"#) })
        #expect(!registry.text().contains(#"result="error"}"#))
        #expect(!controller.instances[CustomerKey(namespace: "shops", customer: "acme")].isOwed)
        #expect(server.requests.count { $0.path.hasSuffix("/pods/db-1") } == 1)
        #expect(!server.requests.contains { $0.path.hasSuffix("/events") && $0.body.contains("labels were changed") })
        #expect(log.all.count { $0.contains("labels were changed") && $0.contains("instance=shops/acme") } == 1)
      }
    }
  }

  @Test func whereAPodCannotBeToldTheRestGoesOnAndItIsToldLater() async throws {
    let isRefused = Mutex(true)
    let pod = try Self.pod()
    let script = try script { request in
      if request.path == "/api/v1/pods" {
        return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(pod)]}"#)
      }
      guard request.path.contains("/pods/"), isRefused.withLock({ $0 }) else { return nil }
      return .status(500, "InternalError", "a webhook does not answer")
    }
    try await controlling(script) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"result="error"} "#) })
        #expect(server.requests.contains { $0.path.hasSuffix("acme-pg-passwords") && $0.method == .PATCH })
        #expect(server.requests.contains { $0.path.hasSuffix("/events") && $0.body.contains("ObjectsWritten") })
        let refused = server.requests.count
        isRefused.withLock { $0 = false }
        let told = { server.requests.dropFirst(refused).contains { $0.body.contains("postern.io/updated") } }
        #expect(try await eventually { registry.text().contains(#"result="changed"} "#) && told() })
      }
    }
  }

  /// The webhook was away, and the Pod runs without a sidecar.
  @Test func aPodWithoutASidecarIsCountedAndItsInstanceIsNotProvisioned() async throws {
    let pod = try Self.pod(annotations: [:])
    let script = try script { request in
      request.path == "/api/v1/pods" ? .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(pod)]}"#) : nil
    }
    try await controlling(script) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="uninjected"} 1"#) })
        let line = #"postern_instance_provisioned{namespace="shops",customer="acme"} 0"#
        #expect(try await eventually { registry.text().contains(line) })
        #expect(server.requests.contains { $0.path.hasSuffix("/events") && $0.body.contains("NotInjected") })
        let gone = try Sample(kind: "Pod", name: "db-1", annotations: [:], uid: "2", replicaSet: "r").sighting()
        controller.take(.deleted(gone), of: WatchSource(resource: .pods, namespace: nil))
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="pending"} 1"#) })
        #expect(!registry.text().contains("postern_instance_provisioned{"))
      }
    }
  }

  /// Without the right to pods/status, the Events say all the same what became of the declaration.
  @Test func whatTheConditionCannotSayEventsDo() async throws {
    let answer = Mutex("")
    let question: StatusQuestion = { _, _, _ in .status(Array(answer.withLock { $0 }.utf8)) }
    let pod = try Self.pod()
      .replacing(#""image":"sidecar""#, with: #""image":"sidecar","ports":[{"name":"postern","containerPort":8432}]"#)
      .replacing(#""phase":"Running""#, with: #""phase":"Running","podIP":"127.0.0.1""#)
    let script = try script { request in
      if request.path == "/api/v1/pods" {
        return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(pod)]}"#)
      }
      return request.path.hasSuffix("/pods/db-1/status")
        ? .status(403, "Forbidden", "no right to pods/status") : nil
    }
    try await controlling(script, statusQuestion: question) { server, controller, registry in
      try await leading(controller) { () async throws in
        func written(_ path: String, _ key: String) -> [UInt8]? {
          server.requests.first { $0.method == .PATCH && $0.path.hasSuffix(path) }
            .flatMap { try? json($0.body)["data"]?[key]?.string }.map { Array($0.utf8) }
        }
        #expect(try await eventually { written("/acme-pg-spec", "spec.json") != nil })
        let spec = try #require(written("/acme-pg-spec", "spec.json"))
        let encoded = String(decoding: try #require(written("/acme-pg-passwords", "generation")), as: UTF8.self)
        let generation = String(decoding: try #require(Base64.decoded(encoded)), as: UTF8.self)
        answer.withLock {
          $0 =
            #"{"apiVersion":"postern.io/v1","outcome":"converged","triedSpecHash":"#
            + #""\#(ScriptText(spec, isSecret: false).sha256)","triedGeneration":"\#(generation)","problems":[]}"#
        }
        let told = { server.requests.count { $0.path.hasSuffix("/events") && $0.body.contains(#""Provisioned""#) } }
        #expect(try await eventually { told() == 1 })
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="provisioned"} 1"#) })
        // It is tried again, and not told again.
        let tries = { server.requests.count { $0.path.hasSuffix("/pods/db-1/status") } }
        let before = tries()
        #expect(try await eventually { tries() > before })
        #expect(told() == 1)
      }
    }
  }

  /// No watch shows the end of a workload whose Pods alone are labelled. Its Secrets stay as they are, because the next Pod may be
  /// on its way.
  @Test func aCustomerWhoseLastPodGoesIsCountedNoMore() async throws {
    let pod = Sample(
      kind: "Pod", name: "db-1", annotations: ["postern.io/injected": "v1"], uid: "2", replicaSet: "r")
    let text = String(decoding: try pod.manifest().bytes, as: UTF8.self)
    let deployment = String(decoding: try Sample(isLabelled: false, uid: "1").manifest().bytes, as: UTF8.self)
    let replicaSet =
      #"{"metadata":{"name":"r","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"db","uid":"1","controller":true}]}}"#
    let script: FakeServer.Script = { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      guard request.method == .GET else { return .json(200, request.body) }
      if request.path.contains("-pg-") { return .status(404, "NotFound", "not found") }
      if request.path.hasSuffix("/replicasets/r") { return .json(200, replicaSet) }
      if request.path.hasSuffix("/deployments/db") { return .json(200, deployment) }
      let items = request.path == "/api/v1/pods" ? text : ""
      return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items)]}"#)
    }
    try await controlling(script) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="pending"} 1"#) })
        controller.take(.deleted(try pod.sighting()), of: WatchSource(resource: .pods, namespace: nil))
        #expect(try await eventually { registry.text().contains(#"postern_instances{state="pending"} 0"#) })
        #expect(!server.requests.contains { $0.body.contains("unused-since") })
      }
    }
  }

  @Test func aLeaderThatComesBackLooksAtAll() async throws {
    try await controlling(try script { _ in nil }) { server, controller, registry in
      for term in 1...2 {
        try await leading(controller) { () async throws in
          let changed = #"postern_reconciles_total{result="changed"} \#(term)"#
          #expect(try await eventually { registry.text().contains(changed) })
        }
        #expect(registry.text().contains(#"postern_instances{state="pending"} 0"#))
      }
    }
  }

  @Test func noPassBeginsBeforeAllIsKnown() async throws {
    let isHeld = Mutex(true)
    let script = try script { request in
      guard request.path == "/api/v1/pods", isHeld.withLock({ $0 }) else { return nil }
      return .status(503, "ServiceUnavailable", "not yet")
    }
    try await controlling(script) { server, controller, registry in
      try await leading(controller) { () async throws in
        let tries = { server.requests.count { $0.path == "/api/v1/pods" } }
        #expect(try await eventually { server.requests.contains { $0.path.hasSuffix("/deployments") } && tries() > 3 })
        #expect(!controller.isSynced)
        #expect(!server.requests.contains { $0.method != .GET })
        isHeld.withLock { $0 = false }
        #expect(try await eventually { registry.text().contains(#"result="changed"} 1"#) })
        #expect(controller.isSynced)
      }
    }
  }

  /// Its RoleBinding may be gone, as with a namespace that was deleted. What is missing of it may be little, too. Or an object
  /// of it cannot be decrypted, or its lists are not answered.
  @Test(arguments: ["/deployments", "/secrets", ""], [403, 500, nil])
  func aNamespaceThatCannotBeWatchedHoldsUpNoOther(what: String, code: Int?) async throws {
    let isHeld = Mutex(true)
    let deployments = try ["shops", "other"].map { name in
      (name, String(decoding: try Sample(namespace: name, uid: name).manifest().bytes, as: UTF8.self))
    }
    let script: FakeServer.Script = { _, request in
      if request.path.hasPrefix("/api/v1/namespaces/other/") || request.path.contains("/v1/namespaces/other/"),
        request.path.hasSuffix(what), request.method == .GET, isHeld.withLock({ $0 })
      {
        return code.map { .status($0, "Refused", "not this one") } ?? .silence
      }
      if request.query["watch"] == "true" { return .stream { _ in } }
      guard request.method == .GET else { return .json(200, request.body) }
      if request.path.contains("-pg-") { return .status(404, "NotFound", "not found") }
      let items = deployments.first { request.path.hasSuffix("/\($0.0)/deployments") }?.1 ?? ""
      return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items)]}"#)
    }
    let hurried = { (settings: inout ClientSettings) in
      settings.watchPatience = .milliseconds(50)
      if code == nil { (settings.requestTimeout, settings.maximumTries) = (.seconds(1), 1) }
    }
    try await controlling(script, settings: hurried, namespaces: ["shops", "other"]) { server, controller, registry in
      try await leading(controller) { () async throws in
        let written = { (namespace: String) in
          server.requests.contains { $0.method != .GET && $0.path.contains("/namespaces/\(namespace)/") }
        }
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        #expect(written("shops") && controller.isSynced)
        let tries = { server.requests.count { $0.path.hasSuffix("/other\(what.isEmpty ? "/pods" : what)") } }
        #expect(try await eventually { tries() > 3 })
        #expect(!written("other"))
        // It is no reason for a restart, after which nobody would be served.
        #expect(controller.failingWatches(for: .zero).isEmpty)
        isHeld.withLock { $0 = false }
        #expect(try await eventually { written("other") })
      }
    }
  }

  /// A webhook may hang for evictions there.
  @Test func namespacesWhosePodsAreNotRestartedForLongHoldUpNoOther() async throws {
    let slow = (1...4).map { "slow-\($0)" }
    let pods: @Sendable (String) -> String = { "/api/v1/namespaces/\($0)/pods" }
    let script: FakeServer.Script = { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      if slow.map(pods).contains(request.path) { return .silence }
      return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[]}"#)
    }
    var restarts = RestartSettings()
    (restarts.settleSeconds, restarts.patience) = (0, .milliseconds(50))
    try await controlling(script, settings: { $0.requestTimeout = .seconds(300) }, restarts: restarts) {
      server, controller, _ in
      try await leading(controller) { () async throws in
        let turn: (String) -> Void = { namespace in
          let now = Timestamp(microseconds: SystemClock.wallMilliseconds * 1000)
          let key = CustomerKey(namespace: namespace, customer: "acme")
          controller.restarter.expect(["acme-pg-user-shop": .init(user: "shop", at: now)], of: key)
        }
        let lists = { (namespace: String) in server.requests.count { $0.path == pods(namespace) } }
        #expect(
          try await eventually {
            // Before it leads, it takes none.
            slow.forEach(turn)
            return slow.allSatisfy { lists($0) == 1 }
          })
        turn("good")
        #expect(try await eventually { lists("good") == 1 })
        // Of one namespace, no two looks at once.
        for number in 2...4 {
          slow.forEach(turn)
          turn("good")
          #expect(try await eventually { lists("good") >= number })
        }
        #expect(slow.allSatisfy { lists($0) == 1 })
      }
    }
  }

  /// Anything may listen at a Pod's status port. On a busy machine the connection itself, or the next byte, may be what takes
  /// too long.
  @Test(.timeLimit(.minutes(10))) func aSidecarWhoseAnswerNeverEndsIsGivenUp() async throws {
    let sidecar = try await StatusSidecar.start()
    sidecar.drips()
    let client = StatusClient()
    let answer = await client.ask("127.0.0.1", sidecar.port, "t")
    let isGivenUp = if case .unreachable(let why) = answer { !why.isEmpty } else { false }
    #expect(isGivenUp, "\(answer)")
    await client.shutdown()
    await sidecar.stop()
  }

  /// A leader that begins looks at many Pods, and a watch may report meanwhile that one is gone.
  @Test func aPodThatGoesWhileALeaderBeginsIsForgotten() async throws {
    let source = WatchSource(resource: .pods, namespace: nil)
    let count = 3_000
    func pod(_ index: Int) throws -> Sighting {
      let manifest = try Sample(
        kind: "Pod", name: "db-\(index)", customer: "c\(index)", annotations: ["postern.io/injected": "v1"],
        uid: "\(index)", replicaSet: "r"
      ).manifest()
      let text = String(decoding: manifest.bytes, as: UTF8.self)
      return try Sighting(
        Array(text.replacing(#""spec":"#, with: #""status":{"phase":"Running"},"spec":"#).utf8), .pods)
    }
    func key(_ index: Int) -> CustomerKey { CustomerKey(namespace: "shops", customer: "c\(index)") }
    let pods = try (0..<count).map(pod)
    let isUp = Mutex(false)
    let script: FakeServer.Script = { _, request in
      isUp.withLock { $0 }
        ? .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[]}"#)
        : .status(503, "ServiceUnavailable", "not yet")
    }
    try await controlling(script, sidecarUpdate: .init(image: "sidecar", mode: .never)) { _, controller, registry in
      for pod in pods { controller.take(.present(pod), of: source) }
      try await leading(controller) { () async throws in
        let seen = { (0..<count).count { controller.looks.runsScript("\($0)", of: key($0)) != nil } }
        #expect(try await eventually { seen() > 0 })
        for pod in pods { controller.take(.deleted(pod), of: source) }
        #expect(try await eventually { seen() == 0 })
        isUp.withLock { $0 = true }
        #expect(try await eventually { registry.text().contains(#"postern_sidecars{state="current"} 0"#) })
      }
    }
  }
}
