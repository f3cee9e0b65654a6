import JSONBytes
import KubernetesAPI
import PrometheusText
import TestSupport
import Testing

@testable import KubernetesClient

/// The client against a real API server. Each test has a namespace of its own.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct APIServerTests {
  /// Runs the test with a client and a namespace.
  private func talking(
    _ namespace: String, settings: (inout ClientSettings) -> Void = { _ in },
    _ test: (APIServer, KubernetesClient) async throws -> Void
  ) async throws {
    let server = try await APIServer.shared.value
    let client = try server.client(settings: settings)
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(namespace)"}}"#))
    try await test(server, client)
    await client.shutdown()
  }

  private func configMap(_ name: String, in namespace: String, _ value: String) throws -> JSONValue {
    try json(
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)","namespace":"\#(namespace)"},"#
        + #""data":{"key":"\#(value)"}}"#)
  }

  private func names(_ objects: [JSONValue]) -> [String] { objects.compactMap { $0["metadata"]?["name"]?.string } }

  @Test func anObjectIsAppliedChangedReplacedAndDeleted() async throws {
    try await talking("life") { _, client in
      let applied = try await client.apply(.configMaps, try configMap("a", in: "life", "1"), force: false)
      let uid = try #require(applied["metadata"]?["uid"]?.string)
      try await client.patch(.configMaps, "a", in: "life", .merge(try json(#"{"data":{"key":"2"}}"#)))
      // A patch is another kind of write, so the field gets another owner.
      let conflict = await failure {
        try await client.apply(.configMaps, try configMap("a", in: "life", "3"), force: false)
      }
      #expect(conflict?.isConflict == true)
      let forced = try await client.apply(.configMaps, try configMap("a", in: "life", "3"), force: true)
      #expect(forced["data"]?["key"]?.string == "3")
      let patched = try await client.patch(
        .configMaps, "a", in: "life", .json(try json(#"[{"op":"add","path":"/data/more","value":"x"}]"#)))
      #expect(patched["data"]?["more"]?.string == "x")
      let stale = await failure { try await client.update(.configMaps, applied) }
      #expect(stale?.isConflict == true)
      try await client.update(.configMaps, patched)
      let other = await failure { try await client.delete(.configMaps, "a", in: "life", uid: "other") }
      #expect(other?.isConflict == true)
      try await client.delete(.configMaps, "a", in: "life", uid: uid)
      let gone = await failure { try await client.get(.configMaps, "a", in: "life") }
      #expect(gone?.isNotFound == true)
      #expect(
        gone?.description
          == "get /api/v1/namespaces/life/configmaps/a: 404 NotFound: configmaps \"a\" not found")
    }
  }

  @Test func aDryRunLeavesNothing() async throws {
    try await talking("dry") { _, client in
      try await client.apply(.configMaps, try configMap("a", in: "dry", "1"), force: true, dryRun: true)
      try await client.create(.configMaps, try configMap("a", in: "dry", "1"), dryRun: true)
      let missing = await failure { try await client.get(.configMaps, "a", in: "dry") }
      #expect(missing?.isNotFound == true)
      try await client.create(.configMaps, try configMap("a", in: "dry", "1"))
      let again = await failure { try await client.create(.configMaps, try configMap("a", in: "dry", "1")) }
      #expect(again?.isAlreadyExists == true)
      #expect(again?.isConflict == false)
    }
  }

  @Test func everyResourceIsServed() async throws {
    try await talking("resources") { _, client in
      let all: [Resource] = [
        .pods, .secrets, .configMaps, .events, .namespaces, .deployments, .statefulSets, .replicaSets, .leases,
        .mutatingWebhookConfigurations, .validatingWebhookConfigurations,
      ]
      for resource in all {
        let selection = Selection(resource, namespace: resource.isNamespaced ? "resources" : nil)
        let all = try await client.list(selection)
        #expect(!all.resourceVersion.isEmpty)
      }
      try await client.create(
        .leases,
        try json(#"{"metadata":{"name":"leader","namespace":"resources"},"spec":{"holderIdentity":"a"}}"#))
      try await client.create(
        .events,
        try json(
          #"{"metadata":{"generateName":"e.","namespace":"resources"},"reason":"Provisioned","type":"Normal","#
            + #""involvedObject":{"kind":"Pod","namespace":"resources","name":"p"},"message":"all databases are there"}"#
        ))
      let events = try await client.list(Selection(.events, namespace: "resources"))
      #expect(events.items.map { $0["reason"]?.string } == ["Provisioned"])
    }
  }

  @Test func pagesAndMetadataAlone() async throws {
    try await talking("pages", settings: { $0.pageSize = 4 }) { _, client in
      for index in 0..<10 {
        try await client.apply(.configMaps, try configMap("m\(index)", in: "pages", "x"), force: true)
      }
      let all = try await client.list(Selection(.configMaps, namespace: "pages"))
      #expect(names(all.items).sorted() == (0..<10).map { "m\($0)" })
      #expect(all.items.allSatisfy { $0["data"] != nil })
      let metadata = try await client.list(Selection(.configMaps, namespace: "pages", metadataOnly: true))
      #expect(names(metadata.items).sorted() == (0..<10).map { "m\($0)" })
      #expect(metadata.items.allSatisfy { $0["data"] == nil })
      let one = try await client.get(.configMaps, "m1", in: "pages", metadataOnly: true)
      #expect(one["kind"]?.string == "PartialObjectMetadata")
      let selected = try await client.list(
        Selection(.configMaps, namespace: "pages", fieldSelector: "metadata.name=m3"))
      #expect(names(selected.items) == ["m3"])
    }
  }

  @Test func whatIsInvalidIsSaidButNothingOfSecrets() async throws {
    try await talking("invalid") { _, client in
      let name = await failure {
        try await client.apply(.configMaps, try configMap("A_B", in: "invalid", "x"), force: true)
      }
      #expect(name?.code == 422)
      #expect(name?.description.contains("metadata.name") == true)
      for data in [#"{"password":"aHVudGVyMg=*"}"#, #"{"a key":"aHVudGVyMg=="}"#, #"["aHVudGVyMg=="]"#] {
        let secret = try json(
          #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"invalid"},"data":\#(data)}"#)
        for error in [
          await failure { try await client.apply(.secrets, secret, force: true) },
          await failure { try await client.create(.secrets, secret) },
        ] {
          #expect(error != nil)
          #expect("\(String(describing: error))".contains("aHVudGVyMg") == false)
        }
      }
    }
  }

  @Test func whoMayNotIsTold() async throws {
    let server = try await APIServer.shared.value
    for (user, name) in [("nobody", "nobody"), ("cert", "real-client")] {
      let client = try server.client(user)
      let error = await failure { try await client.list(Selection(.secrets)) }
      #expect(error?.code == 403)
      #expect(error?.description.contains("User \"\(name)\" cannot list resource \"secrets\"") == true)
      await client.shutdown()
    }
  }

  @Test func aContainerReachesItsCluster() async throws {
    let client = try await APIServer.shared.value.clientOfAContainer()
    let namespace = try await client.get(.namespaces, "default")
    #expect(namespace["metadata"]?["name"]?.string == "default")
    await client.shutdown()
  }

  @Test func whatEtcdHasForgottenIsExpired() async throws {
    try await talking("old", settings: { $0.watchTimeout = .seconds(5) }) { server, client in
      let lease = { (name: String) in try json(#"{"metadata":{"name":"\#(name)","namespace":"old"}}"#) }
      for name in ["a", "b", "c"] { try await client.create(.leases, try lease(name)) }
      var call = Selection(.leases, namespace: "old").call("list")
      call.query = [("limit", "1")]
      let page = try await client.object(call, named: nil, in: "old", as: ObjectReader<JSONValue>.tree)
      call.query.append(("continue", try #require(page["metadata"]?["continue"]?.string)))
      try await client.create(.leases, try lease("d"))
      let changed = try await client.create(.leases, try lease("e"))
      try await server.forget(before: try #require(changed["metadata"]?["resourceVersion"]?.string))
      let next = await failure {
        try await client.object(call, named: nil, in: "old", as: ObjectReader<JSONValue>.tree)
      }
      #expect(next?.isExpired == true)
      let watch = await failure {
        let version = try #require(page["metadata"]?["resourceVersion"]?.string)
        for try await _ in try await client.watch(Selection(.leases, namespace: "old"), from: version) {}
      }
      #expect(watch?.isExpired == true)
    }
  }

  @Test(arguments: [false, true]) func changesAreToldAcrossWatches(_ metadataOnly: Bool) async throws {
    let namespace = metadataOnly ? "told-metadata" : "told"
    let registry = PrometheusRegistry(ClientMetrics.families)
    let server = try await APIServer.shared.value
    // Each watch ends after a second, and the next one continues.
    let client = try server.client(metrics: ClientMetrics(registry)) { $0.watchTimeout = .seconds(1) }
    let watches = {
      let prefix = #"postern_kubernetes_requests_total{verb="watch",resource="configmaps",code="200"} "#
      let line = registry.text().split(separator: "\n").first { $0.hasPrefix(prefix) }
      return line.flatMap { Int($0.dropFirst(prefix.count)) } ?? 0
    }
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(namespace)"}}"#))
    try await client.create(.configMaps, try configMap("a", in: namespace, "0"))
    let told = Told()
    var expected = ["=a"]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let selection = Selection(.configMaps, namespace: namespace, metadataOnly: metadataOnly)
        await client.listAndWatch(selection, as: ObjectHeader.reader) { told.take($0) }
      }
      for index in 1...3 {
        let isNext = try await eventually { watches() >= index }
        #expect(isNext)
        let object = try await client.apply(.configMaps, try configMap("a", in: namespace, "\(index)"), force: true)
        expected.append("+a@\(object["metadata"]?["resourceVersion"]?.string ?? "")")
        let isTold = try await eventually { told.all.count == expected.count }
        #expect(isTold)
      }
      try await client.delete(.configMaps, "a", in: namespace)
      let isTold = try await eventually { told.all.count == expected.count + 1 }
      #expect(isTold)
      group.cancelAll()
    }
    #expect(told.all.dropLast() == expected[...])
    #expect(told.all.last?.hasPrefix("-a@") == true)
    await client.shutdown()
  }
}
