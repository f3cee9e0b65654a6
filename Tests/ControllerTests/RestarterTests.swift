import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import PrometheusText
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// Restarts by a controller and a real API server. The test is the kubelet and the ReplicaSet's controller.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct RestarterTests {
  private static let secret = "acme-pg-user-shop"
  private static let budgets = Resource(
    group: "policy", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget")

  /// Something that restarts Pods of a namespace, as one replica does while it leads.
  private struct Replica {
    let restarter: Restarter
    let namespace: String
    let lists: @Sendable () -> Int

    /// A customer's password has turned some seconds ago.
    func turn(ago seconds: Int = 1, of customer: String = "acme") {
      let now = Timestamp(microseconds: SystemClock.wallMilliseconds * 1000).adding(seconds: -seconds)
      restarter.expect(
        ["\(customer)-pg-user-shop": .init(user: "shop", at: now)],
        of: CustomerKey(namespace: namespace, customer: customer))
    }
  }

  private func replica(
    _ cluster: Leading, settle: Int = 0, isOn: Bool = true, _ test: (Replica) async throws -> Void
  ) async throws {
    var settings = ControllerSettings()
    var restarts = RestartSettings()
    restarts.settleSeconds = settle
    (restarts.interval, restarts.seldom) = (.milliseconds(50), .milliseconds(50))
    (restarts.heldFor, restarts.pause) = (.milliseconds(300), .milliseconds(5))
    settings.restarts = isOn ? restarts : nil
    let registry = PrometheusRegistry(ClientMetrics.families)
    let client = try cluster.server.client(metrics: ClientMetrics(registry)) { $0.requestsPerSecond = 1000 }
    let restarter = Restarter(
      client, settings.restarts, events: EventRecorder(client, settings, silent), logger: silent)
    restarter.open()
    let work = Task { await restarter.run { true } }
    let lists: @Sendable () -> Int = {
      registry.text().split(separator: "\n").filter { $0.contains("requests_total") && $0.contains(#"verb="list""#) }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
    let result: Result<Void, any Error>
    do {
      result = .success(try await test(Replica(restarter: restarter, namespace: cluster.namespace, lists: lists)))
    } catch { result = .failure(error) }
    work.cancel()
    await work.value
    await client.shutdown()
    try result.get()
  }

  /// A namespace with a ReplicaSet of three Pods that began long ago.
  private func run(_ namespace: String, _ test: (Leading) async throws -> Void) async throws {
    try await Leading.run(namespace) { cluster in
      let resource = Resource(plural: "serviceaccounts", kind: "ServiceAccount")
      try await cluster.client.create(
        resource, try json(#"{"metadata":{"name":"default","namespace":"\#(cluster.namespace)"}}"#))
      try await replicaSet("web", replicas: 3, in: cluster)
      for number in 1...3 { try await pod("web-\(number)", of: "web", in: cluster) }
      try await test(cluster)
    }
  }

  private func replicaSet(_ name: String, replicas: Int, in cluster: Leading) async throws {
    try await cluster.client.create(
      .replicaSets,
      try json(
        """
        {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"\(name)","namespace":"\(cluster.namespace)"},
         "spec":{"replicas":\(replicas),"selector":{"matchLabels":{"app":"\(name)"}},
          "template":{"metadata":{"labels":{"app":"\(name)"}},"spec":{"containers":[{"name":"app","image":"i"}]}}}}
        """))
  }

  /// - Parameter grace: with 0, an evicted Pod is gone at once; otherwise it ends until a kubelet has ended it.
  private func pod(
    _ name: String, of app: String, in cluster: Leading, begun: String = "2020-01-01T00:00:00Z", isReady: Bool = true,
    grace: Int = 0, owner: String? = nil, isConnected: Bool = true
  ) async throws {
    let label = isConnected ? #","postern.io/connect":"acme""# : ""
    try await cluster.client.create(
      .pods,
      try json(
        """
        {"metadata":{"name":"\(name)","namespace":"\(cluster.namespace)","labels":{"app":"\(app)"\(label)},
         "annotations":{"postern.io/connections":"- {user: shop, restart: true}"},
         "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"\(owner ?? app)","uid":"1","controller":true}]},
         "spec":{"nodeName":"node","terminationGracePeriodSeconds":\(grace),"containers":[{"name":"app","image":"i",
          "env":[{"name":"PGPASSWORD","valueFrom":{"secretKeyRef":{"name":"\(Self.secret)","key":"password"}}}]}]}}
        """))
    try await status(name, in: cluster, begun: begun, isReady: isReady)
  }

  private func status(
    _ name: String, in cluster: Leading, begun: String = "2999-01-01T00:00:00Z", isReady: Bool
  ) async throws {
    try await cluster.client.patchStatus(
      .pods, name, in: cluster.namespace,
      try json(
        """
        {"status":{"phase":"Running","conditions":[{"type":"Ready","status":"\(isReady ? "True" : "False")"}],
         "containerStatuses":[{"name":"app","ready":\(isReady),"restartCount":0,"image":"i","imageID":"i",
          "state":{"running":{"startedAt":"\(begun)"}}}]}}
        """))
  }

  /// The Pods that are not being deleted.
  private func there(_ cluster: Leading) async throws -> Set<String> {
    let pods = try await cluster.client.list(Selection(.pods, namespace: cluster.namespace)).items
    return Set(
      pods.filter { $0["metadata"]?["deletionTimestamp"] == nil }.compactMap { $0["metadata"]?["name"]?.string })
  }

  @Test func oneAfterTheOtherIsMadeAnew() async throws {
    try await run("restarts") { cluster in
      try await replica(cluster) { replica in
        replica.turn()
        for number in 1...3 {
          #expect(try await eventually { try await !there(cluster).contains("web-\(number)") }, "web-\(number)")
          let next = "RestartHeld Pod web-\(number + 1): it has the login of user shop from before "
          // Nothing more happens until the one in its place is there and ready.
          if number < 3 { #expect(try await cluster.isTold(next)) }
          let left = Set((1...3).map { $0 > number ? "web-\($0)" : "new-\($0)" })
          #expect(try await there(cluster) == left.subtracting(["new-\(number)"]))
          try await pod("new-\(number)", of: "web", in: cluster, begun: Self.later, isReady: false)
          if number < 3 { #expect(try await isTold(next, "Pod new-\(number) is not ready", cluster)) }
          #expect(try await there(cluster) == left)
          try await status("new-\(number)", in: cluster, isReady: true)
        }
        #expect(try await cluster.isTold("Restarted Pod web-1: it has the login of user shop from before "))
        #expect(try await there(cluster) == ["new-1", "new-2", "new-3"])
        // When nothing is left to do, nothing is asked, until another turn.
        let lists = replica.lists()
        try await pod("last", of: "web", in: cluster)
        #expect(replica.lists() <= lists + 1)
        replica.turn(ago: 0)
        #expect(try await eventually { try await !there(cluster).contains("last") })
        #expect(try await there(cluster) == ["new-1", "new-2", "new-3"])
      }
    }
  }

  @Test func aPodThatStillEndsHoldsTheNext() async throws {
    try await run("ending-pods") { cluster in
      try await replicaSet("slow", replicas: 2, in: cluster)
      try await pod("slow-1", of: "slow", in: cluster, grace: 30)
      try await pod("slow-2", of: "slow", in: cluster, grace: 30)
      try await replica(cluster) { replica in
        replica.turn()
        #expect(try await eventually { try await !there(cluster).contains("slow-1") })
        try await pod("slow-3", of: "slow", in: cluster, begun: Self.later)
        #expect(try await isTold("RestartHeld Pod slow-2:", "Pod slow-1 has not ended yet", cluster))
        #expect(try await there(cluster).isSuperset(of: ["slow-2", "slow-3"]))
      }
    }
  }

  @Test func aDisruptionBudgetIsWaitedFor() async throws {
    try await run("budgets") { cluster in
      try await cluster.client.create(
        Self.budgets,
        try json(
          """
          {"metadata":{"name":"web","namespace":"\(cluster.namespace)"},
           "spec":{"minAvailable":3,"selector":{"matchLabels":{"app":"web"}}}}
          """))
      func allow(_ count: Int) async throws {
        let budget = try await cluster.client.get(Self.budgets, "web", in: cluster.namespace)
        var generation = "1"
        if case .number(let text)? = budget["metadata"]?["generation"] { generation = text }
        try await cluster.client.patchStatus(
          Self.budgets, "web", in: cluster.namespace,
          try json(
            """
            {"status":{"observedGeneration":\(generation),"disruptionsAllowed":\(count),"currentHealthy":3,
             "desiredHealthy":3,"expectedPods":3}}
            """))
      }
      try await allow(0)
      try await replica(cluster) { replica in
        replica.turn()
        #expect(try await isTold("RestartHeld Pod web-1:", "disruption budget", cluster))
        #expect(try await there(cluster) == ["web-1", "web-2", "web-3"])
        try await allow(1)
        #expect(try await eventually { try await !there(cluster).contains("web-1") })
        #expect(try await there(cluster) == ["web-2", "web-3"])
      }
    }
  }

  /// Where the template has got the label and not all Pods are made anew, as with `OnDelete`, the others count by what they are.
  @Test func podsWithoutTheLabelCountToo() async throws {
    try await run("partly") { cluster in
      try await replicaSet("mixed", replicas: 3, in: cluster)
      try await pod("mixed-1", of: "mixed", in: cluster)
      try await pod("mixed-2", of: "mixed", in: cluster, isConnected: false)
      try await replica(cluster) { replica in
        replica.turn()
        #expect(try await isTold("RestartHeld Pod mixed-1:", "ReplicaSet mixed has 2 of 3 Pods", cluster))
        try await pod("mixed-3", of: "mixed", in: cluster, isReady: false, isConnected: false)
        #expect(try await isTold("RestartHeld Pod mixed-1:", "Pod mixed-3 is not ready", cluster))
        #expect(try await there(cluster).isSuperset(of: ["mixed-1", "mixed-2", "mixed-3"]))
        // One of another owner that its selector finds is nobody's concern.
        try await pod("other", of: "mixed", in: cluster, isReady: false, owner: "else", isConnected: false)
        try await status("mixed-3", in: cluster, isReady: true)
        #expect(try await eventually { try await !there(cluster).contains("mixed-1") })
        #expect(try await there(cluster).isSuperset(of: ["mixed-2", "mixed-3", "other"]))
      }
    }
  }

  /// Another leader goes on where one has stopped: it restarts nothing twice, and nothing while a Pod is missing.
  @Test func anotherLeaderGoesOnWhereOneStopped() async throws {
    try await run("restart-leaders") { cluster in
      try await replica(cluster) { replica in
        replica.turn(ago: 60)
        let isGone = try await eventually { try await !there(cluster).contains("web-1") }
        #expect(isGone)
      }
      let begun = Timestamp(microseconds: SystemClock.wallMilliseconds * 1000).rfc3339
      try await replica(cluster) { replica in
        replica.turn(ago: 60)
        #expect(try await isTold("RestartHeld Pod web-2:", "ReplicaSet web has 2 of 3 Pods", cluster))
        #expect(try await there(cluster) == ["web-2", "web-3"])
        for number in 2...3 {
          try await pod("new-\(number)", of: "web", in: cluster, begun: begun)
          #expect(try await eventually { try await !there(cluster).contains("web-\(number)") })
        }
        try await pod("new-4", of: "web", in: cluster, begun: begun)
        let lists = replica.lists()
        #expect(try await eventually { replica.lists() == lists || replica.lists() > lists + 1 })
        #expect(try await there(cluster) == ["new-2", "new-3", "new-4"])
      }
    }
  }

  /// A node whose clock is behind makes new Pods look older than the turn, for as long as it is behind.
  @Test func whatCameAfterTheTurnIsNotRestartedWhateverItsNodesClockSays() async throws {
    try await run("slow-clocks") { cluster in
      try await replica(cluster) { replica in
        replica.turn()
        for number in 1...3 {
          #expect(try await eventually { try await !there(cluster).contains("web-\(number)") }, "web-\(number)")
          try await pod("new-\(number)", of: "web", in: cluster)
        }
        let lists = replica.lists()
        #expect(try await eventually { replica.lists() == lists || replica.lists() > lists + 1 })
        #expect(try await there(cluster) == ["new-1", "new-2", "new-3"])
        replica.turn(ago: 0)
        #expect(try await eventually { try await !there(cluster).contains("new-1") })
      }
    }
  }

  /// The kubelets need a moment for the new Secret, and the turns of other customers do not shorten it.
  @Test func nothingIsRestartedInTheFirstMoments() async throws {
    try await run("too-early") { cluster in
      try await replica(cluster, settle: 120) { replica in
        replica.turn(ago: 1)
        #expect(replica.lists() == 0)
        replica.turn(ago: 121, of: "other")
        let isLooked = try await eventually { replica.lists() > 0 }
        #expect(isLooked)
        #expect(try await there(cluster) == ["web-1", "web-2", "web-3"])
        replica.turn(ago: 121)
        #expect(try await eventually { try await !there(cluster).contains("web-1") })
      }
    }
  }

  @Test func withoutTheRightItIsToldWhereItComesFrom() async throws {
    try await run("no-right") { cluster in
      let client = try cluster.server.client("nobody")
      let error = await #expect(throws: KubernetesError.self) {
        try await client.evict("web-1", in: cluster.namespace, uid: "1")
      }
      #expect(error?.code == 403)
      await client.shutdown()
      try await replica(cluster, isOn: false) { replica in
        replica.turn(ago: 600)
        #expect(replica.lists() == 0)
      }
      #expect(try await there(cluster) == ["web-1", "web-2", "web-3"])
    }
  }

  private static let later = "2999-01-01T00:00:00Z"

  /// Waits for an Event that begins like this and holds these words.
  private func isTold(_ beginning: String, _ words: String, _ cluster: Leading) async throws -> Bool {
    try await eventually { try await cluster.events().contains { $0.hasPrefix(beginning) && $0.contains(words) } }
  }
}
