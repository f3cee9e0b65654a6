import Admission
import JSONBytes
import KubernetesAPI
import Testing

@Suite struct OfflineReviewTests {
  /// A manifest outside a cluster is decided exactly as one that the API server sends.
  @Test func aManifestIsDecidedAsTheAPIServersReviewIs() throws {
    for name in ["04-pod-create", "06-pod-create", "07-pod-create", "24-deployment-create"] {
      let body = try fixture(name)
      let request = try #require(try JSONValue(parsing: body)["request"])
      let object = try #require(request["object"])
      let offline = review(
        for: object,
        kind: GroupVersionKind(apiVersion: object["apiVersion"]?.string ?? "", kind: object["kind"]?.string ?? ""),
        namespace: "tyr", uid: request["uid"]?.string ?? "")
      #expect(try post(offline, .mutate).answer.body == post(body, .mutate).answer.body)
      #expect(try post(offline, .validate).answer.record == post(body, .validate).answer.record)
    }
  }
}
