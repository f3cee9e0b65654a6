import DatabaseSpec
import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import OpenSSL
import TestSupport
import TestThreads
import Testing
import TextEncoding

@testable import postern

/// `postern status`: what is made of the objects that a user may read.
@Suite(.blocking) struct StatusTests {
  private static let users =
    #""postern.io/users":"[{name: shop}]","postern.io/databases":"[{name: orders, owner: shop}]""#

  static func workload(
    _ name: String, customer: String = "acme", annotations: String = users, replicas: Int = 1, uid: String? = nil
  ) -> String {
    """
    {"metadata":{"name":"\(name)","namespace":"shop","uid":"\(uid ?? name)","creationTimestamp":"2026-11-20T00:00:00Z",
    "labels":{"postern.io/customer":"\(customer)"},"annotations":{\(annotations)}},"spec":{"replicas":\(replicas),
    "serviceName":"x","selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x",
    "postern.io/customer":"\(customer)"}},"spec":{"containers":[{"name":"postgres","image":"postgres:17"}]}}}}
    """
  }

  static func pod(
    _ name: String, customer: String = "acme", owner: String = "db", condition: (String, String)? = nil,
    isReady: Bool = true, isInjected: Bool = true, tag: String = "0.1.0"
  ) -> String {
    let mark = isInjected ? #""annotations":{"postern.io/injected":"v1"},"# : ""
    let sidecar =
      isInjected
      ? """
      ,"initContainers":[{"name":"postern","image":"ghcr.io/postern/postern-sidecar:\(tag)","restartPolicy":"Always",
      "env":[{"name":"POSTERN_CUSTOMER","value":"\(customer)"}],
      "ports":[{"name":"postern","containerPort":8432}]}]
      """ : ""
    let conditions =
      condition.map {
        #","# + #"{"type":"postern.io/Provisioned","status":"x","reason":"\#($0.0)","message":"\#($0.1)"}"#
      }
      ?? ""
    return """
      {"metadata":{"name":"\(name)","namespace":"shop","uid":"\(name)","creationTimestamp":"2026-11-21T00:00:00Z",\(mark)
      "labels":{"postern.io/customer":"\(customer)"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet",
      "name":"\(owner)","uid":"o","controller":true}]},"spec":{"containers":[{"name":"postgres","image":"postgres:17",
      "env":[{"name":"POSTGRES_PASSWORD","value":"x"}]}]\(sidecar)},"status":{"phase":"Running",
      "conditions":[{"type":"Ready","status":"\(isReady ? "True" : "False")"}\(conditions)]}}
      """
  }

  /// What the controller would write for a workload of these tests.
  static func spec(
    _ customer: String = "acme", users: [String] = ["shop"], problems: String? = nil
  ) throws -> (object: String, hash: String) {
    let shop = try PostgresName("shop")
    let spec = InstanceSpec(
      customer: customer, users: try users.map { User(name: try PostgresName($0)) },
      databases: [Database(name: try PostgresName("orders"), owner: shop)])
    let bytes = spec.encoded()
    let text = String(decoding: JSONValue.string(String(decoding: bytes, as: UTF8.self)).bytes, as: UTF8.self)
    let annotations = problems.map { #""annotations":{"postern.io/problems":"\#($0)"},"# } ?? ""
    return (
      """
      {"metadata":{"name":"\(customer)-pg-spec","namespace":"shop","uid":"\(customer)-spec",\(annotations)
      "labels":{"postern.io/customer":"\(customer)","app.kubernetes.io/managed-by":"postern"}},
      "data":{"spec.json":\(text)}}
      """, Hex.encoded(Digest.sha256(bytes))
    )
  }

  static func sighting(_ text: String, _ resource: Resource) throws -> SeenCluster.Sighting {
    try SeenCluster.reader(resource)(Array(text.utf8))
  }

  private func cluster(
    workloads: [String] = [Self.workload("db")], pods: [String] = [], specs: [String] = []
  ) throws -> SeenCluster {
    var cluster = SeenCluster()
    cluster.take(try workloads.map { try Self.sighting($0, .statefulSets) }, of: .statefulSets)
    cluster.take(try pods.map { try Self.sighting($0, .pods) }, of: .pods)
    cluster.take(try specs.map { try Self.sighting($0, .configMaps) }, of: .configMaps)
    return cluster
  }

  @Test func whatIsProvisionedIsOneLineWithoutProblems() throws {
    let spec = try Self.spec()
    let about = "declaration \(spec.hash.prefix(12)): "
    let rows = try cluster(
      pods: [Self.pod("db-0", condition: ("Converged", about + "1 user"))], specs: [spec.object]
    ).rows()
    #expect(rows.count == 1)
    #expect(
      rows.first?.cells(age: "5d") == [
        "acme", "StatefulSet/db", "1/1", "1", "1", String(spec.hash.prefix(8)), String(spec.hash.prefix(8)),
        "Provisioned", "5d", "",
      ])
    #expect(rows.first?.problems == [])
  }

  /// Postgres holds what was written, which is not all that is declared.
  @Test(arguments: [
    (
      "MissingReference: there is no Secret login", CustomerRow.State.incomplete,
      ["Incomplete: MissingReference: there is no Secret login"], Ending?.none
    ),
    ("Conflict: a\\nand 2 more", .incomplete, ["Incomplete: Conflict: a", "Incomplete: and 2 more"], nil),
    ("NoService: there is none", .noService, ["NoService: there is none"], .held),
    ("", .provisioned, [], .held),
  ])
  func whatTheControllerHasNotedIsShown(
    noted: String, state: CustomerRow.State, problems: [String], ending: Ending?
  ) throws {
    let spec = try Self.spec(problems: noted)
    let pod = Self.pod("db-0", condition: ("Converged", "declaration \(spec.hash.prefix(12)): 1 user"))
    let row = try #require(try cluster(pods: [pod], specs: [spec.object]).rows().first)
    #expect(row.state == state && row.problems == problems && row.ending == ending)
    let results = CustomerCheck.judge([row])
    #expect(results.count == (problems.isEmpty ? 0 : 1) && !results.contains { $0.level == .failure })
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var workloads = [StatusTests.workload("db")]
    var pods: [String]
    var users = ["shop"]
    var isWritten = true
    let state: CustomerRow.State
    let problem: String
  }

  private static func good(_ name: String = "db-0") -> String { pod(name, condition: ("Converged", "HASH1 user")) }

  @Test(arguments: [
    Case(
      testDescription: "two declare", workloads: [workload("a"), workload("b")], pods: [good()], state: .conflict,
      problem: "StatefulSet/a and StatefulSet/b declare; only one may"),
    Case(
      testDescription: "an error", workloads: [workload("db", annotations: #""postern.io/users":"[{nme: shop}]""#)],
      pods: [good()], state: .invalid, problem: "metadata.annotations[postern.io/users]"),
    Case(
      testDescription: "no sidecar", pods: [good(), pod("db-1", isInjected: false)], state: .notInjected,
      problem: "Pod db-1 has no sidecar"),
    Case(
      testDescription: "refused", pods: [pod("db-0", condition: ("Failing", "HASHextension x in orders: no"))],
      state: .failing, problem: "Pod db-0: extension x in orders: no"),
    Case(
      testDescription: "silent", pods: [pod("db-0", condition: ("Unreachable", "HASHno answer"))], state: .unreachable,
      problem: "Pod db-0: no answer"),
    Case(
      testDescription: "waiting", pods: [pod("db-0", condition: ("Pending", "HASHnot applied yet"))], state: .pending,
      problem: "Pod db-0: not applied yet"),
    Case(
      testDescription: "older", pods: [pod("db-0", condition: ("Converged", "declaration 000000000000: 1 user"))],
      state: .pending, problem: "Pod db-0: the newest declaration is not applied yet"),
    Case(
      testDescription: "not written", pods: [good()], isWritten: false, state: .pending,
      problem: "the controller has written nothing for it yet"),
    Case(
      testDescription: "older written", pods: [good()], users: ["shop", "gone"], state: .pending,
      problem: "the controller has not written the newest declaration yet"),
    Case(
      testDescription: "no condition", pods: [pod("db-0")], state: .pending,
      problem: "Pod db-0 is Running; the controller has not said more"),
    Case(
      testDescription: "not ready", pods: [pod("db-0", condition: ("Converged", "HASH1 user"), isReady: false)],
      state: .pending, problem: "Pod db-0 is not ready"),
    Case(testDescription: "no Pods", pods: [], state: .noPods, problem: "none of 1 Pods is there"),
    Case(
      testDescription: "scaled down", workloads: [workload("db", replicas: 0)], pods: [], state: .noPods,
      problem: "scaled to no Pods"),
    Case(
      testDescription: "a terminal's codes", pods: [pod("db-0", condition: ("Failing", #"HASHx\u001b[2J\ny"#))],
      state: .failing, problem: "Pod db-0: x [2J y"),
  ]) func whatIsWrongIsTheStateAndTheProblem(_ theCase: Case) throws {
    let spec = try Self.spec(users: theCase.users)
    let pods = theCase.pods.map { $0.replacing("HASH", with: "declaration \(spec.hash.prefix(12)): ") }
    let rows = try cluster(
      workloads: theCase.workloads, pods: pods, specs: theCase.isWritten ? [spec.object] : []
    ).rows()
    let row = try #require(rows.count == 1 ? rows.first : nil)
    #expect(row.state == theCase.state)
    #expect(row.cells().last?.hasPrefix(theCase.problem) == true, "\(row.cells())")
  }

  /// Under a label that stands on everything. Its Pods are no Postgres that lacks a sidecar, and are not waited for.
  @Test func anApplicationWithTheLabelIsNotCounted() throws {
    let spec = try Self.spec()
    let good = Self.good().replacing("HASH", with: "declaration \(spec.hash.prefix(12)): ")
    func app(_ text: String) -> String {
      text.replacing(#""name":"postgres","image":"postgres:17""#, with: #""name":"app","image":"shop:1""#)
        .replacing("POSTGRES_PASSWORD", with: "A")
    }
    let cluster = try cluster(
      workloads: [Self.workload("db"), app(Self.workload("web", annotations: "", replicas: 2))],
      pods: [good, app(Self.pod("web-0", owner: "web", isInjected: false))], specs: [spec.object])
    let row = try #require(cluster.rows().first)
    #expect(row.state == .provisioned && row.wantedPods == 1 && row.readyPods == 1, "\(row.problems)")
    #expect(cluster.podsWithoutSidecar.isEmpty && cluster.idleLabels.map(\.object) == ["shop/StatefulSet/web"])
  }

  @Test func aSidecarOfAnotherVersionIsListed() throws {
    let rows = try cluster(
      pods: ["0.1.0", "0.0.9", "v0.2.0-rc.1", "latest", "0.1.0@sha256:abc", "1"].enumerated().map {
        Self.pod("db-\($0)", tag: $1)
      }
    ).rows()
    #expect(rows.first?.outdated.map(\.version) == ["0.0.9", "0.2.0-rc.1"])
  }

  /// The API server takes nearly any text for an owner's name and for an image.
  @Test func noTextOfTheClusterReachesTheTerminalsControlCodes() {
    #expect(ImageVersion.other(in: "x/y:1.2.3-\u{1B}[2J") == nil)
    let lines = TextTable(heading: ["A", "B"], rows: [["a\u{1B}[2Jb", "c\nd"]]).lines()
    #expect(lines.count == 2 && !lines.joined().unicodeScalars.contains { $0.value < 0x20 }, "\(lines)")
  }

  @Test func aWorkloadWithTheLabelOnItsTemplateAloneIsFoundByItsPods() throws {
    let pod = Self.pod("db-0")
      .replacing(#""kind":"StatefulSet","#, with: #""kind":"ReplicaSet","#)
      .replacing(#""name":"db","uid""#, with: #""name":"db-7d4f","uid""#)
      .replacing(#""labels":{"#, with: #""labels":{"pod-template-hash":"7d4f","#)
    #expect(try cluster(workloads: [], pods: [pod]).rows().first?.workload == "Deployment/db")
  }

  @Test func thePasswordsAgeIsThatOfItsField() throws {
    func secret(_ managed: String) throws -> UserSecret {
      UserSecret(
        try json(#"{"metadata":{"name":"s","creationTimestamp":"2026-01-01T00:00:00Z","managedFields":[\#(managed)]}}"#)
      )
    }
    let field = { (time: String, key: String) in #"{"time":"\#(time)","fieldsV1":{"f:data":{"f:\#(key)":{}}}}"# }
    #expect(try secret("").passwordWritten == "2026-01-01T00:00:00Z")
    #expect(
      try secret(
        [field("2026-02-01T00:00:00Z", "password"), field("2026-03-01T00:00:00Z", "uri")].joined(separator: ",")
      )
      .passwordWritten == "2026-02-01T00:00:00Z")
  }

  @Test(arguments: [
    (0, "0s"), (119, "119s"), (120, "2m"), (130, "2m10s"), (600, "10m"), (10_800, "3h"), (10_860, "3h1m"),
    (172_800, "2d"), (176_400, "2d1h"), (691_200, "8d"), (63_072_000, "2y"), (63_158_400, "2y1d"),
  ]) func agesAreShownAsKubectlShowsThem(_ seconds: Int64, _ text: String) {
    #expect(Age.text(seconds: seconds) == text)
    #expect(Age.text(since: "yesterday") == "<unknown>")
  }
}
