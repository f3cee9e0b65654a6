import DatabaseSpec
import JSONBytes
import Testing

@testable import Controller

/// Which Pods are restarted after a turn, and in which order.
@Suite struct RestartsTests {
  private static let secret = "acme-pg-user-shop"
  private static let turn = "2026-05-05T12:00:00Z"

  /// A Pod of an application.
  struct Application {
    var name: String
    var owner: (kind: String, name: String)? = ("ReplicaSet", "web-1")
    var hash: String?
    var begun: String? = "2026-05-05T11:00:00Z"
    var isReady = true
    var isEnding = false
    var connections = "- {user: shop, restart: true}"
    var labels = ""
    var annotations = ""
    var environment =
      #"[{"name":"PGPASSWORD","valueFrom":{"secretKeyRef":{"name":"acme-pg-user-shop","key":"password"}}}]"#
    var mounts = "[]"
    var phase = "Running"

    func pod() throws -> ConnectedPod? {
      let hashLabel = hash.map { #","pod-template-hash":"\#($0)""# } ?? ""
      let ownership =
        owner.map {
          #","ownerReferences":[{"apiVersion":"a/v1","kind":"Other","name":"o"},{"apiVersion":"a/v1","kind":"\#($0.kind)","name":"\#($0.name)","controller":true}]"#
        } ?? ""
      let deletion = isEnding ? #","deletionTimestamp":"2026-05-05T12:00:00Z""# : ""
      let text = String(decoding: JSONValue.string(connections).bytes, as: UTF8.self)
      let state = begun.map { #"{"running":{"startedAt":"\#($0)"}}"# } ?? #"{"waiting":{"reason":"ContainerCreating"}}"#
      return ConnectedPod(
        try JSONValue(
          parsing: Array(
            """
            {"metadata":{"name":"\(name)","uid":"\(name)-uid","labels":{"postern.io/connect":"acme"\(hashLabel)\(labels)},
             "annotations":{"postern.io/connections":\(text)\(annotations)}\(ownership)\(deletion)},
             "spec":{"volumes":[{"name":"c","projected":{"sources":[{"secret":{"name":"acme-pg-user-shop"}}]}}],
              "containers":[{"name":"app","env":\(environment),"volumeMounts":\(mounts)},{"name":"other"}]},
             "status":{"phase":"\(phase)","conditions":[{"type":"Ready","status":"\(isReady ? "True" : "False")"}],
              "containerStatuses":[{"name":"app","state":\(state)},
               {"name":"other","state":{"running":{"startedAt":"2020-01-01T00:00:00Z"}}}]}}
            """.utf8)))
    }
  }

  private func restarts(_ applications: [Application]) throws -> Restarts {
    let turn = Restarts.Turn(user: "shop", at: try #require(Timestamp(rfc3339: Self.turn)))
    return Restarts(try applications.compactMap { try $0.pod() }, turns: [Self.secret: turn])
  }

  /// `POD`, or `POD: OBSTACLE`.
  private func told(_ applications: [Application]) throws -> [String] {
    try restarts(applications).candidates.map { candidate in
      candidate.pod.name + (candidate.obstacle.map { ": \($0.reason)" } ?? "")
    }
  }

  private static func files(_ begun: String = "2026-05-05T11:00:00Z") -> Application {
    Application(
      name: "a", begun: begun, connections: "- {user: shop, env: none, restart: true}", environment: "[]",
      mounts: #"[{"name":"c","mountPath":"/bindings/acme"}]"#)
  }

  @Test(
    arguments: [
      ("a variable", Application(name: "a"), true),
      ("the second before", Application(name: "a", begun: "2026-05-05T11:59:59Z"), true),
      ("the same second", Application(name: "a", begun: "2026-05-05T12:00:00Z"), true),
      ("around the turn", Application(name: "a", begun: "2026-05-05T12:00:01Z"), true),
      ("up to a minute after it", Application(name: "a", begun: "2026-05-05T12:01:00Z"), true),
      ("later", Application(name: "a", begun: "2026-05-05T12:01:01Z"), false),
      ("not begun yet", Application(name: "a", begun: nil), false),
      ("files that are read once", files(), true), ("files, begun after it", files("2026-05-05T12:01:01Z"), false),
      ("not asked for", Application(name: "a", connections: "shop"), false),
      ("asked for and taken back", Application(name: "a", connections: "- {user: shop, restart: false}"), false),
      (
        "another connection asks", Application(name: "a", connections: "- shop\n- {user: b, name: b, restart: true}"),
        false
      ),
      (
        "another customer's user", Application(name: "a", connections: "- {user: shop, customer: b, restart: true}"),
        false
      ),
      ("connections that cannot be read", Application(name: "a", connections: "- {user: shop, restart: yes}"), false),
      (
        "it has no more than its host",
        Application(
          name: "a",
          environment: #"[{"name":"H","valueFrom":{"secretKeyRef":{"name":"acme-pg-user-shop","key":"host"}}}]"#), false
      ),
      ("all of the Secret", Application(name: "a", environment: "[]", mounts: #"[{"name":"c"}]"#), true),
      ("it is being deleted", Application(name: "a", isEnding: true), false),
      ("it has ended", Application(name: "a", phase: "Succeeded"), false),
      ("it has failed", Application(name: "a", phase: "Failed"), false),
    ] as [(String, Application, Bool)])
  func onlyPodsThatAskAndAreOlderThanTheTurnAreRestarted(what: String, application: Application, isDue: Bool) throws {
    #expect(try told([application]) == (isDue ? ["a"] : []), "\(what)")
  }

  @Test(
    arguments: [
      (Application(name: "a", owner: nil), "nothing would make it anew"),
      (Application(name: "a", owner: ("Job", "j")), "Job j ends by itself"),
      (Application(name: "a", owner: ("CloneSet", "c")), "how many Pods CloneSet c is to have is not known here"),
      (Application(name: "a", labels: #","postern.io/customer":"b""#), "it may hold a Postgres"),
      (Application(name: "a", annotations: #","postern.io/injected":"v1""#), "it may hold a Postgres"),
    ] as [(Application, String)])
  func whatNothingMakesAnewAndWhatMayBePostgresNeverIs(application: Application, reason: String) throws {
    let candidate = try #require(restarts([application]).candidates.first)
    guard case .never(let text)? = candidate.obstacle else {
      Issue.record("\(candidate)")
      return
    }
    #expect(text.hasPrefix(reason))
  }

  private static let new = "2026-05-05T12:02:00Z"

  @Test(
    arguments: [
      ([Application(name: "b"), Application(name: "a")], ["a"]),
      // What is not ready has the least to lose, and two of them do not wait for each other.
      ([Application(name: "a"), Application(name: "b", isReady: false)], ["b"]),
      ([Application(name: "a", isReady: false), Application(name: "b", isReady: false)], ["a"]),
      // The next when the one in the place of the first is ready.
      ([Application(name: "b"), Application(name: "c", begun: nil, isReady: false)], ["b: Pod c is not ready"]),
      ([Application(name: "b"), Application(name: "c", begun: new, isReady: false)], ["b: Pod c is not ready"]),
      ([Application(name: "b"), Application(name: "c", begun: new)], ["b"]),
      (
        [Application(name: "a", isEnding: true), Application(name: "b"), Application(name: "c", begun: new)],
        ["b: Pod a has not ended yet"]
      ),
      ([Application(name: "a", begun: new), Application(name: "b", begun: new)], []),
      // A Pod that has ended for good is in nobody's way.
      ([Application(name: "a", phase: "Failed"), Application(name: "b")], ["b"]),
      // What never is restarted is in nobody's way.
      (
        [Application(name: "a", isReady: false, annotations: #","postern.io/injected":"v1""#), Application(name: "b")],
        ["b"]
      ),
      // Workloads do not wait for each other, and a Deployment is one, however many ReplicaSets it has.
      (
        [
          Application(name: "a", owner: ("ReplicaSet", "web-x1"), hash: "x1"),
          Application(name: "b", owner: ("StatefulSet", "db"), isReady: false),
          Application(name: "c", owner: ("ReplicaSet", "web-y2"), hash: "y2", begun: new, isReady: false),
          Application(name: "d", owner: ("DaemonSet", "web")),
        ], ["d", "a: Pod c is not ready", "b"]
      ),
    ] as [([Application], [String])])
  func oneOfAWorkloadAtATime(applications: [Application], expected: [String]) throws {
    #expect(try told(applications) == expected)
  }

  @Test func noneIsRestartedWhileAnotherIsMissing() throws {
    let restarts = try restarts([
      Application(name: "a"), Application(name: "b", begun: Self.new),
      Application(name: "x", owner: ("ReplicaSet", "web-2")),
    ])
    let candidate = try #require(restarts.candidates.first)
    #expect(restarts.missing(beside: candidate, of: 3) == .now("ReplicaSet web-1 has 2 of 3 Pods"))
    // While it is scaled down, it has more.
    for wanted in 0...2 { #expect(restarts.missing(beside: candidate, of: wanted) == nil) }
  }

  /// Namespaces whose looks have taken long before never take all places, however many they are and however long they have waited.
  @Test func namespacesThatTakeLongLeavePlacesToOthers() {
    var state = Restarter.State()
    let patience = Duration.seconds(1)
    var now = ContinuousClock.now
    let slow = (10..<30).map { "slow-\($0)" }
    for name in slow + ["good"] { state.namespaces[name] = .init() }
    for name in slow { state.look(at: name, from: now) }
    // Nobody knows yet that they take long.
    for _ in slow {
      now += patience
      guard let name = state.takeNext(at: now, patience: patience) else {
        Issue.record("nobody is next")
        return
      }
      now += patience
      state.ended(name, after: .zero, at: now, patience: patience)
    }
    #expect(state.slow == Set(slow))
    var taken: [String] = []
    for _ in slow {
      now += patience
      if let name = state.takeNext(at: now, patience: patience) { taken.append(name) }
    }
    #expect(taken == Array(slow.prefix(Restarter.maximumSlowLooks)))
    now += patience
    state.look(at: "good", from: now)
    #expect(state.takeNext(at: now, patience: patience) == "good")
    state.ended("good", after: nil, at: now, patience: patience)
    // Another slow one as soon as there is a place again.
    now += patience
    state.ended(taken[0], after: nil, at: now, patience: patience)
    #expect(state.takeNext(at: now, patience: patience) == slow[Restarter.maximumSlowLooks])
    // One that is quick again is like the others.
    state.ended(taken[1], after: .seconds(5), at: now, patience: .seconds(3600))
    #expect(!state.slow.contains(taken[1]))
  }
}
