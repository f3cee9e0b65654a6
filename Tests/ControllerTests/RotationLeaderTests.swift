import Contract
import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import Synchronization
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// Turns by a controller and a real API server. A sidecar's answers are made of what is mounted, as the test says.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct RotationLeaderTests {
  private static let secret = "acme-pg-user-shop"

  /// How the sidecars of a test answer.
  private final class Sidecars: Sendable {
    struct Answer {
      var isApplied = true
      var held: [String] = []
      var skew = 0
    }
    let answer = Mutex(Answer())
    let generation = Mutex("")

    var question: StatusQuestion {
      { [self] _, _, _ in
        let answer = answer.withLock { $0 }
        guard answer.isApplied else { return .unreachable("it is away") }
        let held = answer.held.map { "\"\($0)\"" }.joined(separator: ",")
        let time = SystemClock.timestamp(SystemClock.wallMilliseconds + Int64(answer.skew) * 1000)
        let text =
          #"{"apiVersion":"postern.io/v1","time":"\#(time)","outcome":"standby","problems":[],"#
          + #""logins":{"generation":"\#(generation.withLock { $0 })","held":[\#(held)]}}"#
        return .status(Array(text.utf8))
      }
    }
  }

  private func run(
    _ namespace: String, _ sidecars: Sidecars, _ test: @escaping @Sendable (Leading) async throws -> Void
  ) async throws {
    let change: (inout ControllerSettings) -> Void = {
      $0.statusQuestion = sidecars.question
      $0.turnInterval = .milliseconds(100)
      $0.restarts = RestartSettings()
      $0.restarts?.settleSeconds = 0
      $0.restarts?.interval = .milliseconds(100)
    }
    try await Leading.run(
      namespace, settings: change,
      before: { cluster in
        let resource = Resource(plural: "serviceaccounts", kind: "ServiceAccount")
        try await cluster.client.create(
          resource, try json(#"{"metadata":{"name":"default","namespace":"\#(cluster.namespace)"}}"#))
      }
    ) { cluster in
      // The kubelet's part: what is mounted is what the Secret holds.
      let mounting = Task {
        while !Task.isCancelled {
          if let generation = try? await cluster.value("generation", of: "acme-pg-passwords") {
            sidecars.generation.withLock { $0 = generation }
          }
          guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return }
        }
      }
      defer { mounting.cancel() }
      let users = "[{name: shop, rotate: {every: 1h, overlap: 5m}}]"
      try await cluster.create(Sample(annotations: ["postern.io/users": users, "postern.io/databases": "orders"]))
      #expect(try await cluster.isTold("ObjectsWritten"))
      try await pod(
        "db-1", #""postern.io/customer":"acme""#,
        #"{"name":"postern","image":"s","ports":[{"name":"postern","containerPort":8432}]}"#, "", in: cluster)
      try await test(cluster)
    }
  }

  private func pod(
    _ name: String, _ label: String, _ container: String, _ volumes: String, in cluster: Leading,
    begun: String = "2020-01-01T00:00:00Z", annotations: String = "", more: String? = nil
  ) async throws {
    let isPostgres = label.contains("customer")
    let owner =
      isPostgres
      ? #","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"db-1","uid":"1","controller":true}]"#
      : ""
    try await cluster.client.create(
      .pods,
      try json(
        #"{"metadata":{"name":"\#(name)","namespace":"\#(cluster.namespace)","labels":{\#(label)},"annotations":{\#(isPostgres ? #""postern.io/injected":"v1""# : "")\#(annotations)}\#(more ?? owner)},"#
          + #""spec":{"nodeName":"node","containers":[{"name":"main","image":"postgres:17"},\#(container)]\#(volumes)}}"#
      ))
    let started =
      #"{"name":"CONTAINER","ready":true,"restartCount":0,"image":"i","imageID":"i","state":{"running":{"startedAt":"\#(begun)"}}}"#
    let statuses = ["main", "postern", "app"].filter { container.contains($0) || $0 == "main" }
      .map { started.replacing("CONTAINER", with: $0) }.joined(separator: ",")
    try await cluster.client.patchStatus(
      .pods, name, in: cluster.namespace,
      try json(
        #"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"podIP":"127.0.0.1","podIPs":[{"ip":"127.0.0.1"}],"containerStatuses":[\#(statuses)]}}"#
      ))
  }

  private func login(_ cluster: Leading) async throws -> String? {
    try await cluster.value("username", of: Self.secret)
  }

  private func annotation(_ key: String, _ cluster: Leading) async throws -> Timestamp? {
    try await cluster.live(.secret, Self.secret)?.annotations[key].flatMap { Timestamp(rfc3339: $0) }
  }

  /// As people do it: the next turn is now.
  private func turn(_ cluster: Leading, in seconds: Int = -1) async throws {
    let now = Timestamp(microseconds: SystemClock.wallMilliseconds * 1000).adding(seconds: seconds)
    try await cluster.patch(
      .secrets, Self.secret, #"{"metadata":{"annotations":{"postern.io/rotates-at":"\#(now.rfc3339)"}}}"#)
  }

  /// The time of the login of before is over, as if minutes had passed.
  private func endOverlap(_ cluster: Leading) async throws {
    try await cluster.patch(
      .secrets, Self.secret, #"{"metadata":{"annotations":{"postern.io/rotated-at":"2020-01-01T00:00:00Z"}}}"#)
    try await cluster.client.delete(.secrets, "acme-pg-passwords", in: cluster.namespace)
    #expect(
      try await eventually {
        try await cluster.mounted()?.logins[PostgresName("shop")].map { $0.other == .idle } ?? false
      })
  }

  @Test func threeTurnsOnDemandGoThereAndBack() async throws {
    try await run("turns", Sidecars()) { cluster in
      #expect(try await eventually { try await annotation(AnnotationKey.rotatesAt, cluster) != nil })
      let spec = String(
        decoding: try #require(await cluster.live(.configMap, "acme-pg-spec")?.data["spec.json"]), as: UTF8.self)
      #expect(spec.hasPrefix(#"{"apiVersion":"postern.io/v1.2""#))
      #expect(try await login(cluster) == "shop")
      let volume = #","volumes":[{"name":"c","secret":{"secretName":"\#(Self.secret)"}}]"#
      try await pod("app-files", #""postern.io/connect":"acme""#, #"{"name":"app","image":"i"}"#, volume, in: cluster)
      try await pod("app-other", #""postern.io/connect":"acme""#, #"{"name":"app","image":"i"}"#, "", in: cluster)
      var passwords: Set<String> = []
      for round in 1...3 {
        let before = try #require(await cluster.value("password", of: Self.secret))
        passwords.insert(before)
        try await turn(cluster)
        let next = round.isMultiple(of: 2) ? "shop" : "shop_b"
        #expect(try await eventually { try await login(cluster) == next }, "turn \(round)")
        let now = try #require(await cluster.value("password", of: Self.secret))
        #expect(now.utf8.count == 32 && !passwords.contains(now))
        for key in ["uri", "pgpass", "pg_service.conf", "jdbc-uri"] {
          let text = try #require(await cluster.value(key, of: Self.secret))
          #expect(text.contains(now) && text.contains(next) && !text.contains(before), "\(key)")
        }
        let shop = try PostgresName("shop")
        #expect(
          try await eventually {
            guard let mounted = try await cluster.mounted(), case .until = mounted.logins[shop]?.other else {
              return false
            }
            return mounted.rotation(of: shop)?.current.unredacted == now
              && mounted.rotation(of: shop)?.other?.unredacted == before
          })
        let rotated = try #require(await annotation(AnnotationKey.rotatedAt, cluster))
        let rotates = try #require(await annotation(AnnotationKey.rotatesAt, cluster))
        #expect((3_420_000_000...3_780_000_000).contains(rotates.microseconds - rotated.microseconds))
        try await endOverlap(cluster)
      }
      #expect(try await cluster.isTold("Rotated Deployment db: user shop: applications get the login shop_b from "))
      let files = try await cluster.client.get(.pods, "app-files", in: cluster.namespace)
      #expect(files["metadata"]?["annotations"]?["postern.io/updated"]?.string != nil)
      let other = try await cluster.client.get(.pods, "app-other", in: cluster.namespace)
      #expect(other["metadata"]?["annotations"]?["postern.io/updated"] == nil)
      let told = try await cluster.events()
      for password in passwords { #expect(!told.contains { $0.contains(password) }) }
    }
  }

  @Test func aTurnIsHeldUntilTheSidecarsHaveIt() async throws {
    let sidecars = Sidecars()
    sidecars.answer.withLock { $0.isApplied = false }
    try await run("held", sidecars) { cluster in
      try await turn(cluster, in: -600)
      let shop = try PostgresName("shop")
      #expect(try await eventually { try await cluster.mounted()?.logins[shop]?.other == .pending })
      let pending = try #require(await cluster.mounted()?.rotation(of: shop)?.other)
      #expect(
        try await cluster.isTold(
          "RotationHeld Deployment db: the password of user shop has to wait: the sidecar of Pod db-1 does not tell"))
      sidecars.answer.withLock { $0 = .init(held: ["shop"]) }
      #expect(
        try await cluster.isTold(
          "RotationHeld Deployment db: the password of user shop has to wait: Postgres in Pod db-1"))
      sidecars.answer.withLock { $0 = .init(skew: 61) }
      #expect(
        try await cluster.isTold(
          "RotationHeld Deployment db: the password of user shop has to wait: the clock of Pod db-1"))
      #expect(try await login(cluster) == "shop")
      // The user's Secret is deleted meanwhile: the same comes back.
      let password = try await cluster.value("password", of: Self.secret)
      try await cluster.client.delete(.secrets, Self.secret, in: cluster.namespace)
      #expect(try await eventually { try await cluster.value("password", of: Self.secret) == password })
      sidecars.answer.withLock { $0 = .init() }
      #expect(try await eventually { try await login(cluster) == "shop_b" })
      #expect(try await cluster.value("password", of: Self.secret) == pending.unredacted)
      #expect(try await !cluster.events().contains { $0.contains(pending.unredacted) })
      // An emergency: in place, and the other login ends.
      try await cluster.patch(.secrets, Self.secret, #"{"stringData":{"password":"edited-1"}}"#)
      #expect(
        try await eventually {
          let mounted = try await cluster.mounted()
          return mounted?.logins[shop] == LoginState(isSecond: true, other: .idle)
            && mounted?.rotation(of: shop)?.current.unredacted == "edited-1"
            && mounted?.passwords[shop] == nil
        })
      #expect(try await login(cluster) == "shop_b")
    }
  }

  @Test func whatStillHasTheLoginOfBeforeIsTold() async throws {
    try await run("stale", Sidecars()) { cluster in
      let variable =
        #"{"name":"app","image":"i","env":[{"name":"PGPASSWORD","valueFrom":{"secretKeyRef":{"name":"\#(Self.secret)","key":"password"}}}]}"#
      try await pod("app-old", #""postern.io/connect":"acme""#, variable, "", in: cluster)
      try await pod(
        "app-new", #""postern.io/connect":"acme""#, variable, "", in: cluster, begun: "2999-01-01T00:00:00Z")
      try await turn(cluster)
      #expect(try await eventually { try await login(cluster) == "shop_b" })
      // As if more than half of the overlap had passed.
      let turned = Timestamp(microseconds: SystemClock.wallMilliseconds * 1000).adding(seconds: -200)
      try await cluster.patch(
        .secrets, Self.secret, #"{"metadata":{"annotations":{"postern.io/rotated-at":"\#(turned.rfc3339)"}}}"#)
      try await cluster.client.delete(.secrets, "acme-pg-passwords", in: cluster.namespace)
      #expect(
        try await cluster.isTold(
          "StaleConnection Pod app-old: its environment holds the login of user shop from before"))
      #expect(try await !cluster.events().contains { $0.hasPrefix("StaleConnection Pod app-new") })
    }
  }

  @Test func whatAsksForItIsRestarted() async throws {
    try await run("asked", Sidecars()) { cluster in
      let variable =
        #"{"name":"app","image":"i","env":[{"name":"PGPASSWORD","valueFrom":{"secretKeyRef":{"name":"\#(Self.secret)","key":"password"}}}]}"#
      let owner =
        #","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"1","controller":true}]"#
      try await cluster.client.create(
        .replicaSets,
        try json(
          #"{"metadata":{"name":"web","namespace":"\#(cluster.namespace)"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"#
            + #""template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"a","image":"i"}]}}}}"#))
      let label = #""postern.io/connect":"acme""#
      try await pod(
        "web-asks", label, variable, "", in: cluster,
        annotations: #""postern.io/connections":"- {user: shop, restart: true}""#, more: owner)
      try await pod(
        "web-does-not", label, variable, "", in: cluster, annotations: #""postern.io/connections":"shop""#, more: owner)
      try await turn(cluster)
      #expect(try await cluster.isTold("Restarted Pod web-asks: it has the login of user shop from before "))
      let left = try await cluster.client.get(.pods, "web-does-not", in: cluster.namespace)
      #expect(left["metadata"]?["deletionTimestamp"] == nil)
    }
  }

  @Test func takenOutItGoesBackAndIsForgotten() async throws {
    try await run("ending", Sidecars()) { cluster in
      let shop = try PostgresName("shop")
      try await turn(cluster)
      #expect(try await eventually { try await login(cluster) == "shop_b" })
      try await endOverlap(cluster)
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/users":"shop"}}}"#)
      #expect(try await eventually { try await login(cluster) == "shop" })
      let password = try await cluster.value("password", of: Self.secret)
      let spec = try await cluster.live(.configMap, "acme-pg-spec")?.data["spec.json"] ?? []
      #expect(String(decoding: spec, as: UTF8.self).contains(#""rotate""#))
      try await endOverlap(cluster, isEnding: true)
      #expect(
        try await eventually {
          let spec = try await cluster.live(.configMap, "acme-pg-spec")?.data["spec.json"] ?? []
          let mounted = try await cluster.mounted()
          return String(decoding: spec, as: UTF8.self).hasPrefix(#"{"apiVersion":"postern.io/v1","#)
            && mounted?.logins.isEmpty == true && mounted?.passwords.count == 1
            && mounted?.passwords[shop]?.unredacted == password
        })
      #expect(try await eventually { try await annotation(AnnotationKey.rotatesAt, cluster) == nil })
    }
  }

  private func endOverlap(_ cluster: Leading, isEnding: Bool) async throws {
    // A pass that is under way would write what it has read.
    #expect(
      try await eventually {
        guard case .until = try await cluster.mounted()?.logins[PostgresName("shop")]?.other else { return false }
        return true
      })
    try await cluster.patch(
      .secrets, Self.secret, #"{"metadata":{"annotations":{"postern.io/rotated-at":"2020-01-01T00:00:00Z"}}}"#)
    try await cluster.client.delete(.secrets, "acme-pg-passwords", in: cluster.namespace)
  }
}
