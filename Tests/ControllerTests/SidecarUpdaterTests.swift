import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient
import NIOHTTP1
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import Controller

/// What the controller writes to update sidecars, and what it says.
@Suite struct SidecarUpdaterTests {
  private static let old = "ghcr.io/postern/postern-sidecar:1"
  private static let new = "ghcr.io/postern/postern-sidecar:2"
  private static let update = SidecarUpdateSettings(image: new)

  private static func pod(_ name: String, isNative: Bool = true, more: String = "") -> String {
    let sidecar = #"{"name":"postern","image":"\#(old)"\#(isNative ? #","restartPolicy":"Always""# : "")}"#
    return """
      {"metadata":{"name":"\(name)","labels":{"postern.io/customer":"\(name)"},
      "annotations":{"postern.io/injected":"v1"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",
      "name":"r","uid":"1","controller":true}]\(more)},"spec":{"nodeName":"node",
      "initContainers":[{"name":"first","image":"i"}\(isNative ? ",\(sidecar)" : "")],
      "containers":[{"name":"postgres","image":"postgres:17"}\(isNative ? "" : ",\(sidecar)")]}\(status(true, 0))}
      """
  }

  /// The status that a kubelet writes.
  private static func status(_ isReady: Bool, _ restarts: Int) -> String {
    """
    ,"status":{"phase":"Running","conditions":[{"type":"Ready","status":"\(isReady ? "True" : "False")"}],
    "initContainerStatuses":[{"name":"first","ready":true,"restartCount":0,"image":"i","imageID":""},
    {"name":"postern","ready":\(isReady),"restartCount":\(restarts),"image":"s","imageID":""}],
    "containerStatuses":[{"name":"postgres","ready":true,"restartCount":0,"image":"p","imageID":""}]}
    """
  }

  // MARK: A recorded API server

  private func script(
    _ pods: [String], and other: String? = nil,
    _ answer: @escaping @Sendable (FakeServer.Request) -> FakeServer.Answer?
  ) -> FakeServer.Script {
    let pods = pods.map { Self.pod($0, more: #","namespace":"shops","uid":"\#($0)-uid""#) }
    let items = (pods + [other].compactMap(\.self)).joined(separator: ",")
    return { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      if let answer = answer(request) { return answer }
      if request.path == "/api/v1/pods" {
        return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items)]}"#)
      }
      if request.method == .GET { return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[]}"#) }
      return .json(201, #"{"metadata":{"name":"x","namespace":"shops","resourceVersion":"2"}}"#)
    }
  }

  private func patches(_ server: FakeServer) -> [FakeServer.Request] {
    server.requests.filter { $0.method == .PATCH && $0.path.hasPrefix("/api/v1/namespaces/shops/pods/") }
      .filter { $0.body.contains("initContainers") }
  }

  @Test func onePatchChangesTheImageOfTheSidecarAlone() async throws {
    try await controlling(script(["a"]) { _ in nil }, sidecarUpdate: Self.update) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { server.requests.contains { $0.body.contains("SidecarUpdated") } })
        let patch = try #require(patches(server).first)
        #expect(patch.headers.first(name: "Content-Type") == "application/strategic-merge-patch+json")
        let body = try json(patch.body)
        #expect(body["spec"] == (try json(#"{"initContainers":[{"name":"postern","image":"\#(Self.new)"}]}"#)))
        #expect(body["metadata"]?["uid"]?.string == "a-uid")
        guard case .object(let annotations)? = body["metadata"]?["annotations"] else {
          Issue.record("\(patch.body)")
          return
        }
        #expect(annotations.members.map(\.key) == [AnnotationKey.sidecarUpdated])
        #expect(try await eventually { registry.text().contains(#"postern_sidecars{state="updating"} 1"#) })
      }
      #expect(patches(server).count == 1)
      #expect(registry.text().contains(#"postern_sidecars{state="updating"} 0"#))
    }
  }

  /// A webhook may hang for one of them.
  @Test func aPatchThatIsNotAnsweredHoldsUpNoOther() async throws {
    let hanging = Mutex(String?.none)
    let good = Self.pod("good", more: #","namespace":"shops","uid":"good-uid""#).replacing(Self.old, with: Self.new)
    let one = script(["a", "b", "c"], and: good) { request in
      guard request.method == .PATCH, request.path.contains("/pods/") else { return nil }
      let isFirst = hanging.withLock { hanging in
        hanging = hanging ?? request.path
        return hanging == request.path
      }
      return isFirst ? .silence : nil
    }
    try await controlling(one, settings: { $0.requestTimeout = .seconds(300) }, sidecarUpdate: Self.update) {
      server, controller, registry in
      try await leading(controller) { () async throws in
        // All three may be unavailable at once.
        #expect(try await eventually { Set(patches(server).map(\.path)).count == 3 })
        #expect(try await eventually { server.requests.count { $0.body.contains("SidecarUpdated") } == 2 })
      }
    }
  }

  /// A new leader's first pass over a customer may come late, and before it the sidecar cannot be asked.
  @Test func aSidecarThatWasNotAskedYetIsNotInterrupted() async throws {
    let isHeld = Mutex(true)
    let good = Self.pod("good", more: #","namespace":"shops","uid":"good-uid""#).replacing(Self.old, with: Self.new)
    // A bare Pod declares itself.
    let asked = Self.pod("asked", more: #","namespace":"shops","uid":"asked-uid""#)
      .replacing(#""controller":true"#, with: #""controller":false"#)
      .replacing(#""Always"}"#, with: #""Always","ports":[{"name":"postern","containerPort":8432}]}"#)
      .replacing(#""Running""#, with: #""Running","podIP":"10.0.0.1""#)
    let one = script(["other"], and: "\(good),\(asked)") { request in
      if request.path.hasSuffix("/secrets"), request.query["labelSelector"]?.hasSuffix("=asked") == true,
        isHeld.withLock({ $0 })
      {
        // A failure that may be of one object would not end the pass.
        return .status(503, "ServiceUnavailable", "not now")
      }
      guard request.path.contains("-pg-") || request.path.hasSuffix("/secrets") else { return nil }
      if request.method == .GET { return request.path.contains("-pg-") ? .status(404, "NotFound", "none") : nil }
      return .json(200, request.body)
    }
    let question: StatusQuestion = { _, _, _ in
      .status(Array(#"{"apiVersion":"postern.io/v1","outcome":"standby"}"#.utf8))
    }
    try await controlling(one, sidecarUpdate: Self.update, statusQuestion: question) { server, controller, _ in
      try await leading(controller) { () async throws in
        let isTold = { (name: String) in
          server.requests.contains { $0.body.contains("SidecarUpdated") && $0.body.contains("\(name)-uid") }
        }
        #expect(try await eventually { isTold("other") })
        #expect(!patches(server).contains { $0.path.hasSuffix("/asked") })
        isHeld.withLock { $0 = false }
        #expect(try await eventually { isTold("asked") })
      }
    }
  }

  @Test func whatTheAPIServerRefusesIsCountedAndNotTriedAgain() async throws {
    let refusing = script(["a", "b"]) { request in
      request.method == .PATCH && request.path.hasPrefix("/api/v1/namespaces/shops/pods/")
        ? .status(422, "Invalid", "pod updates may not change this") : nil
    }
    try await controlling(refusing, sidecarUpdate: Self.update) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_sidecars{state="waiting"} 2"#) })
        // On a busy machine an answer may come too late, which is no refusal: that Pod is tried again.
        #expect(Set(patches(server).map(\.path)).count == 2)
        #expect(registry.text().contains("postern_sidecar_update_stopped 0"))
      }
    }
  }

  @Test(arguments: [nil, SidecarUpdateSettings(image: new, mode: .never)])
  func withoutLeadOrOrderNothingIsWritten(settings: SidecarUpdateSettings?) async throws {
    let mayWrite = settings != nil
    try await controlling(script(["a"]) { _ in nil }, sidecarUpdate: settings ?? Self.update) {
      server, controller, registry in
      try await leading(controller, mayWrite: { mayWrite }) { () async throws in
        #expect(
          try await eventually {
            registry.text().contains(#"postern_sidecars{state="outdated"} 1"#)
              || registry.text().contains(#"postern_sidecars{state="updating"} 1"#)
          })
      }
      #expect(patches(server).isEmpty)
    }
  }

  // MARK: A real API server

  @Test(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
  func aRealAPIServerTakesTheImageOfARunningPodsSidecarAndTheRestFollows() async throws {
    let names = ["a", "b", "c"]
    func before(_ cluster: Leading) async throws {
      let accounts = Resource(plural: "serviceaccounts", kind: "ServiceAccount")
      try await cluster.client.create(
        accounts, try json(#"{"metadata":{"name":"default","namespace":"\#(cluster.namespace)"}}"#))
      for name in names + ["classic"] {
        let manifest = Self.pod(
          name, isNative: name != "classic", more: #","namespace":"\#(cluster.namespace)""#)
        try await cluster.client.create(.pods, try json(manifest))
        try await say(true, 0, of: name, in: cluster)
      }
    }
    func say(_ isReady: Bool, _ restarts: Int, of name: String, in cluster: Leading) async throws {
      let status = "{\(Self.status(isReady, restarts).dropFirst())}"
      try await cluster.client.patchStatus(.pods, name, in: cluster.namespace, try json(status))
    }
    func image(_ name: String, in cluster: Leading) async throws -> String? {
      try await cluster.client.get(.pods, name, in: cluster.namespace)["spec"]?["initContainers"]?.array?.last?[
        "image"]?
        .string
    }
    try await Leading.run("updates", settings: { $0.sidecarUpdate = Self.update }, before: before) { cluster in
      var left = names
      func updated() async throws -> [String] {
        var names: [String] = []
        for name in left where try await image(name, in: cluster) == Self.new { names.append(name) }
        return names
      }
      // One is tried first; the others follow when it is ready.
      #expect(try await eventually { try await !updated().isEmpty })
      let first = try await updated()
      #expect(first.count == 1)
      while !left.isEmpty {
        #expect(try await eventually { try await !updated().isEmpty })
        guard let name = try await updated().first else { break }
        try await say(false, 0, of: name, in: cluster)
        try await say(true, 1, of: name, in: cluster)
        left.removeAll { $0 == name }
      }
      #expect(try await eventually { cluster.metric(#"postern_sidecars{state="current"}"#) == 3 })
      #expect(cluster.metric(#"postern_sidecars{state="waiting"}"#) == 1)
      #expect(try await cluster.isTold("SidecarUpdated Pod a: the sidecar's image is \(Self.new) now"))
      let pod = try await cluster.client.get(.pods, "a", in: cluster.namespace)
      #expect(pod["spec"]?["containers"]?.array?.first?["image"]?.string == "postgres:17")
      #expect(pod["spec"]?["initContainers"]?.array?.first?["image"]?.string == "i")
      let classic = try await cluster.client.get(.pods, "classic", in: cluster.namespace)
      #expect(classic["spec"]?["containers"]?.array?.last?["image"]?.string == Self.old)
    }
  }
}
