import Foundation
import KubernetesAPI
import Synchronization
import TestSupport
import Testing

@testable import postern

/// `postern status --wait`: until what is declared now has become of.
@Suite struct StatusWaitTests {
  private static let declared =
    #""postern.io/users":"[{name: shop}, {name: new}]","postern.io/databases":"[{name: orders, owner: shop}]""#
  private static let workload = StatusTests.workload("db", annotations: declared)

  /// A Pod whose condition is about a declaration.
  private static func pod(_ reason: String, _ hash: String, _ text: String, isReady: Bool = true) -> String {
    StatusTests.pod("db-0", condition: (reason, "declaration \(hash.prefix(12)): \(text)"), isReady: isReady)
  }

  /// A cluster with customer `acme`, in which events follow each other when its objects are watched.
  private struct Cluster {
    let server: FakeServer
    let kubeconfig: URL

    /// - Parameter events: by resource, what its watch tells after its list.
    static func start(
      _ objects: [String: String], then events: [String: String] = [:], forbidden: Set<String> = []
    ) async throws -> Cluster {
      let later = Mutex(objects)
      let server = try await FakeServer.start(defaultPair.get()) { _, request in
        let resource = request.path.split(separator: "/").last.map(String.init) ?? ""
        guard !forbidden.contains(resource) else { return .status(403, "Forbidden", "no") }
        if request.path.hasSuffix("/configmaps/acme-pg-spec") {
          return .json(200, later.withLock { $0["configmaps"] ?? "" })
        }
        guard request.query["watch"] == nil else {
          return .stream { feed in
            guard let event = events[resource] else { return }
            later.withLock { $0[resource] = event }
            feed.send(#"{"type":"MODIFIED","object":\#(event.inOneLine)}"# + "\n")
          }
        }
        let items = objects[resource].map { [$0] } ?? []
        return .json(200, #"{"kind":"List","metadata":{"resourceVersion":"1"},"items":[\#(items.joined())]}"#)
      }
      return Cluster(server: server, kubeconfig: try server.writeKubeconfig(namespace: "shop"))
    }

    func wait(_ arguments: String...) async throws -> Program.Answer {
      let environment = ["KUBECONFIG": kubeconfig.path]
      let answer = try await ForwardedCluster.apart {
        try Program.run(["status", "acme", "--wait"] + arguments, environment: environment)
      }
      await server.stop()
      return answer
    }

    var watched: Set<String> {
      Set(
        server.requests.filter { $0.query["watch"] != nil }.compactMap {
          $0.path.split(separator: "/").last.map(String.init)
        })
    }
  }

  /// Directly after an apply: the controller has written the declaration before, and its condition is true.
  @Test func itWaitsPastTheConditionOfTheDeclarationBefore() async throws {
    let (before, now) = (try StatusTests.spec(), try StatusTests.spec(users: ["shop", "new"]))
    let cluster = try await Cluster.start(
      [
        "statefulsets": Self.workload, "configmaps": before.object,
        "pods": Self.pod("Converged", before.hash, "1 user"),
      ],
      then: ["configmaps": now.object, "pods": Self.pod("Converged", now.hash, "2 users")])
    let answer = try await cluster.wait()
    #expect(answer.status == 0, "\(answer)")
    #expect(answer.output.contains("Applied:    \(now.hash.prefix(12))"), "\(answer)")
    // What has not begun yet where these end it is not asked for.
    #expect(cluster.watched.isSuperset(of: ["configmaps", "pods"]))
  }

  @Test func whatPostgresRefusesEndsItWithTheFailures() async throws {
    let (before, now) = (try StatusTests.spec(), try StatusTests.spec(users: ["shop", "new"]))
    let cluster = try await Cluster.start(
      [
        "statefulsets": Self.workload, "configmaps": before.object,
        "pods": Self.pod("Failing", before.hash, "of before"),
      ],
      then: ["configmaps": now.object, "pods": Self.pod("Failing", now.hash, "user new: there is no room")])
    let answer = try await cluster.wait()
    #expect(answer.status == 1 && answer.output.contains("user new: there is no room"), "\(answer)")
    #expect(!answer.output.contains("of before"), "\(answer)")
  }

  /// A failure of the declaration before is no answer, nor is a condition that names no declaration.
  @Test(arguments: ["Failing", "Converged", "Pending", "Unreachable"])
  func theTimeEndsIt(_ reason: String) async throws {
    let (before, now) = (try StatusTests.spec(), try StatusTests.spec(users: ["shop", "new"]))
    let cluster = try await Cluster.start([
      "statefulsets": Self.workload, "configmaps": now.object, "pods": Self.pod(reason, before.hash, "x"),
    ])
    let answer = try await cluster.wait("--timeout=1s")
    #expect(answer.status == 3 && answer.errors.contains("after 1 s: shop/acme"), "\(answer)")
  }

  @Test func whatIsHeldNeedsNoWatch() async throws {
    let now = try StatusTests.spec(users: ["shop", "new"])
    let objects = [
      "statefulsets": Self.workload, "configmaps": now.object, "pods": Self.pod("Converged", now.hash, "2 users"),
    ]
    let cluster = try await Cluster.start(objects)
    let answer = try await cluster.wait("-o", "json")
    #expect(answer.status == 0 && answer.output.contains(#""state": "Provisioned""#), "\(answer)")
    #expect(cluster.watched.isEmpty)
  }

  /// What is declared now is not known then, so that any answer might be of the declaration before.
  @Test(arguments: ["statefulsets", "deployments", "configmaps", "pods"])
  func whoMayNotListAllOfItIsTold(_ resource: String) async throws {
    let now = try StatusTests.spec(users: ["shop", "new"])
    let objects = [
      "statefulsets": Self.workload, "configmaps": now.object, "pods": Self.pod("Converged", now.hash, "2 users"),
    ]
    let cluster = try await Cluster.start(objects, forbidden: [resource])
    let answer = try await cluster.wait()
    #expect(answer.status == 1 && answer.errors.contains("you may not list \(resource)"), "\(answer)")
    #expect(answer.errors.contains("--wait needs the right"), "\(answer)")
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var workloads = [StatusWaitTests.workload]
    var isWritten = true
    var pods: [String] = []
    let ending: Ending?
  }

  private static func one(_ name: String, _ reason: String, _ text: String = "NOW", isReady: Bool = true) -> String {
    StatusTests.pod(name, condition: (reason, text), isReady: isReady)
  }

  @Test(arguments: [
    Case(testDescription: "held", pods: [one("db-0", "Converged")], ending: .held),
    Case(
      testDescription: "held, and a standby", pods: [one("db-0", "Converged"), one("db-1", "Standby")], ending: .held),
    Case(
      testDescription: "a standby of before", pods: [one("db-0", "Converged"), one("db-1", "Standby", "BEFORE")],
      ending: nil),
    Case(testDescription: "of before", pods: [one("db-0", "Converged", "BEFORE")], ending: nil),
    Case(testDescription: "nobody knows of what", pods: [one("db-0", "Converged", "2 users")], ending: nil),
    Case(testDescription: "not ready", pods: [one("db-0", "Converged", isReady: false)], ending: nil),
    Case(testDescription: "not written", isWritten: false, pods: [one("db-0", "Converged", "BEFORE")], ending: nil),
    Case(
      testDescription: "a Pod is missing",
      workloads: [StatusTests.workload("db", annotations: declared, replicas: 2)], pods: [one("db-0", "Converged")],
      ending: nil),
    Case(testDescription: "no Pods", pods: [], ending: nil),
    Case(testDescription: "refused", pods: [one("db-0", "Failing")], ending: .refused),
    Case(testDescription: "refused by one", pods: [one("db-0", "Pending"), one("db-1", "Failing")], ending: .refused),
    Case(testDescription: "refused before", pods: [one("db-0", "Failing", "BEFORE")], ending: nil),
    Case(
      testDescription: "refused before, not written", isWritten: false, pods: [one("db-0", "Failing", "BEFORE")],
      ending: nil),
    Case(testDescription: "unreachable", pods: [one("db-0", "Unreachable")], ending: nil),
    Case(
      testDescription: "two declare", workloads: [workload, StatusTests.workload("other", annotations: declared)],
      pods: [one("db-0", "Converged")], ending: .refused),
    Case(
      testDescription: "an error",
      workloads: [StatusTests.workload("db", annotations: #""postern.io/users":"[{nme: x}]""#)],
      pods: [one("db-0", "Converged")], ending: .refused),
  ]) func aWaitEndsWhenNothingIsToBeWaitedFor(_ theCase: Case) throws {
    let (before, now) = (try StatusTests.spec(), try StatusTests.spec(users: ["shop", "new"]))
    var cluster = SeenCluster()
    cluster.take(try theCase.workloads.map { try StatusTests.sighting($0, .statefulSets) }, of: .statefulSets)
    let pods = theCase.pods.map {
      $0.replacing("NOW", with: "declaration \(now.hash.prefix(12)): x")
        .replacing("BEFORE", with: "declaration \(before.hash.prefix(12)): x")
    }
    cluster.take(try pods.map { try StatusTests.sighting($0, .pods) }, of: .pods)
    cluster.take(
      [try StatusTests.sighting(theCase.isWritten ? now.object : before.object, .configMaps)], of: .configMaps)
    #expect(cluster.rows().first?.ending == theCase.ending)
    #expect(Ending.of(cluster.rows()) == theCase.ending)
  }

  @Test(
    arguments: [
      ("30s", 30), ("5m", 300), ("1h", 3_600), ("0s", 0), ("604800s", 604_800), ("", nil), ("s", nil), ("30", nil),
      ("-1s", nil),
      ("1.5s", nil), ("1m30s", nil), ("99999999999999999999s", nil), ("١s", nil),
    ] as [(String, Int?)]) func theTimeIsANumberAndAUnit(_ text: String, _ seconds: Int?)
  {
    #expect(Patience(argument: text)?.seconds == seconds)
  }
}
