import KubernetesAPI
import KubernetesClient
import Synchronization
import TestSupport
import Testing

@testable import Controller

/// Of a large cluster, Postern keeps only a little in memory.
@Suite struct BigClusterTests {
  private static let managedFields = String(
    repeating: #"{"manager":"m","operation":"Update","fieldsV1":{}},"#, count: 600)

  private func metadata(_ name: String, _ more: String = "") -> String {
    #"{"metadata":{"name":"\#(name)","namespace":"shops","uid":"\#(name)","resourceVersion":"1"\#(more)}"#
  }

  private func heavy(_ name: String, _ more: String = "") -> String {
    metadata(name, #"\#(more),"managedFields":[\#(Self.managedFields){}]"#)
  }

  /// A page of a list of `count` objects.
  private func page(_ request: FakeServer.Request, of count: Int, _ object: (Int) -> String) -> FakeServer.Answer {
    let start = Int(request.query["continue"] ?? "") ?? 0
    let limit = Int(request.query["limit"] ?? "") ?? count
    let end = min(count, start + limit)
    let items = (start..<end).map(object).joined(separator: ",")
    let more = end < count ? String(end) : ""
    return .json(200, #"{"metadata":{"resourceVersion":"9","continue":"\#(more)"},"items":[\#(items)]}"#)
  }

  @Test func itIsKnownPageByPageAndNothingElseIsKept() async throws {
    let label = #","labels":{"postern.io/customer":"acme"}"#
    let owner = #","ownerReferences":[{"kind":"ReplicaSet","name":"r","controller":true}]"#
    let filler = String(repeating: "x", count: 300_000)
    let script: FakeServer.Script = { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      switch request.path {
      case "/api/v1/secrets", "/api/v1/configmaps":
        return page(request, of: 30_000) { ($0 % 2 == 0 ? heavy("s\($0)") : metadata("s\($0)")) + "}" }
      case "/api/v1/pods":
        return page(request, of: 100) {
          heavy("p\($0)", label + owner) + #","spec":{"containers":[{"name":"postgres"}]}}"#
        }
      case "/apis/apps/v1/deployments":
        return page(request, of: 8) { index in
          metadata("d\(index)", #"\#(label),"annotations":{"other":"\#(filler)"}"#)
            + #","spec":{"template":{"spec":{"containers":[{"name":"postgres","image":"postgres"}]}}}}"#
        }
      default: return page(request, of: 0) { _ in "" }
      }
    }
    let change: (inout ClientSettings) -> Void = {
      $0.pageSize = 16
      $0.maximumPageBytes = 1_000_000
    }
    try await controlling(script, settings: change) { server, controller, _ in
      let isKnown = try await eventually { controller.isSynced }
      #expect(isKnown)
      #expect(controller.cluster.withLock { $0[ClusterStateTests.key].pods.count } == 100)
      #expect(controller.cluster.withLock { $0[ClusterStateTests.key].declarers.count } == 8)
      let limits = { (path: String) in server.requests.filter { $0.path == path }.compactMap { $0.query["limit"] } }
      for path in ["/api/v1/secrets", "/api/v1/configmaps"] { #expect(limits(path).first == "1") }
      // Four objects of 300 kB, as on a page of four, are more than a page may hold.
      #expect(limits("/apis/apps/v1/deployments") == ["16", "8", "4", "2", "2", "2", "2"])
      #expect(limits("/api/v1/pods").allSatisfy { $0 == "16" })
    }
  }
}
