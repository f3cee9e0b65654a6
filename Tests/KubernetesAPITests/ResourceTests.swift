import KubernetesAPI
import Testing

@Suite struct ResourceTests {
  @Test(
    arguments: [
      (Resource.pods, "shops", "db-0", "/api/v1/namespaces/shops/pods/db-0"),
      (.pods, "shops", nil, "/api/v1/namespaces/shops/pods"),
      (.pods, nil, nil, "/api/v1/pods"),
      (.deployments, "shops", "db", "/apis/apps/v1/namespaces/shops/deployments/db"),
      (.namespaces, "shops", "shops", "/api/v1/namespaces/shops"),
      (.leases, nil, nil, "/apis/coordination.k8s.io/v1/leases"),
      (.secrets, "a b", "ä?#", "/api/v1/namespaces/a%20b/secrets/%C3%A4%3F%23"),
    ] as [(Resource, String?, String?, String)])
  func pathsAreThoseOfTheAPIConcepts(resource: Resource, namespace: String?, name: String?, path: String) {
    #expect(resource.path(namespace: namespace, name: name) == path)
  }

  @Test(arguments: [
    ("db-0", true), ("db.example", true), ("system:node", true), ("...", true), ("", false), (".", false),
    ("..", false),
    ("a/b", false), ("a%2Fb", false),
  ])
  func aNameThatWouldMeanAnotherPathIsNone(name: String, isSegment: Bool) {
    #expect(Resource.isPathSegment(name) == isSegment)
  }

  @Test(arguments: [(Resource.pods, "v1"), (.deployments, "apps/v1"), (.leases, "coordination.k8s.io/v1")])
  func versionsAreWrittenAsInManifests(resource: Resource, apiVersion: String) {
    #expect(resource.apiVersion == apiVersion)
    #expect(
      GroupVersionKind(apiVersion: resource.apiVersion, kind: resource.kind)
        == GroupVersionKind(group: resource.group, version: resource.version, kind: resource.kind))
  }

  @Test(arguments: [
    ("v1", "Pod", GroupVersionKind.pod), ("apps/v1", "Deployment", .deployment),
    ("apps/v1", "StatefulSet", .statefulSet), ("", "", GroupVersionKind(group: "", version: "", kind: "")),
  ])
  func kindsAreReadFromManifests(apiVersion: String, kind: String, expected: GroupVersionKind) {
    #expect(GroupVersionKind(apiVersion: apiVersion, kind: kind) == expected)
  }
}
