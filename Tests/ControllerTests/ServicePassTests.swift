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

/// The Service through which clients reach Postgres, with a recorded API server.
@Suite struct ServicePassTests {
  private static let service = "/api/v1/namespaces/shops/services/db"
  private static let fitting = #"{"selector":{"app":"db"},"ports":[{"port":5432}]}"#

  private static func object(_ spec: String, labels: String = "{}") throws -> JSONValue {
    try json(
      #"{"metadata":{"name":"db","namespace":"shops","uid":"s","resourceVersion":"5","labels":\#(labels)},"spec":\#(spec)}"#
    )
  }

  /// Runs until the instance has been made and told of, and edits a password.
  /// - Returns: the requests about Services, and the Events about them.
  private func talk(
    _ annotations: [String: String] = [:], _ service: JSONValue?
  ) async throws -> (asked: [String], told: [String]) {
    var (asked, told): ([String], [String]) = ([], [])
    let sample = Sample(annotations: Sample().annotations.merging(annotations) { $1 }, uid: "1")
    let store = try ObjectStore([sample], objects: service.map { [Self.service: $0] } ?? [:])
    try await controlling({ _, request in store.answer(request) }) { server, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        store.edit("/api/v1/namespaces/shops/secrets/acme-pg-user-shop", "password", "edited-meanwhile")
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 2"#) })
      }
      asked = server.requests.filter { $0.path.contains("/services") }.map { "\($0.method) \($0.path)" }
      told = server.requests.filter { $0.path.hasSuffix("/events") }.compactMap { request in
        let event = try? json(request.body)
        let reason = event?["reason"]?.string ?? ""
        return reason == "ObjectsWritten" ? nil : "\(reason): \(event?["message"]?.string ?? "")"
      }
    }
    return (asked, told)
  }

  @Test func aServiceThatFitsIsNotSpokenOf() async throws {
    let (asked, told) = try await talk([:], Self.object(Self.fitting))
    #expect(Set(asked) == ["GET \(Self.service)"] && told == [])
  }

  @Test func whereThereIsNoneAnEventSaysSoOnce() async throws {
    let (asked, told) = try await talk([:], nil)
    #expect(Set(asked) == ["GET \(Self.service)"])
    #expect(
      told == [
        #"NoService: connection Secrets name the host db.shops.svc: there is no Service "db"; make a Service that selects the "#
          + "Pods, name another host by postern.io/host, or set postern.io/service: make"
      ])
  }

  @Test(arguments: ["10.0.0.7", "db.example.com"])
  func aHostElsewhereIsNotLookedFor(host: String) async throws {
    let (asked, told) = try await talk(["postern.io/host": host], nil)
    #expect(asked == [] && told == [])
  }

  private static let key = CustomerKey(namespace: "shops", customer: "acme")

  /// Adds a pass where one is due within ten minutes.
  private static func passTenMinutes(_ controller: Controller) {
    let later = Timestamp(microseconds: (SystemClock.wallMilliseconds + 600_000) * 1000)
    controller.queue.add(controller.turns.take(at: later))
  }

  /// Nothing watches Services, and what the sidecars answer says nothing of them: here none does.
  @Test(arguments: [true, false]) func oneThatIsMadeComesBackWithinTenMinutes(isMade: Bool) async throws {
    let annotations = Sample().annotations.merging(isMade ? ["postern.io/service": "make"] : [:]) { $1 }
    let store = try ObjectStore([Sample(annotations: annotations, uid: "1")])
    try await controlling({ _, request in store.answer(request) }) { _, controller, registry in
      try await leading(controller) { () async throws in
        #expect(try await eventually { registry.text().contains(#"postern_reconciles_total{result="changed"} 1"#) })
        let made = { store.writes.count { $0.path == Self.service } }
        for number in 1...3 {
          #expect(try await eventually { made() == (isMade ? number : 0) })
          store.remove(Self.service)
          #expect(
            try await eventually {
              Self.passTenMinutes(controller)
              return !isMade || made() > number
            })
        }
      }
    }
  }

  @Test func oneThatIsMadeAfterAllIsSeenWithinTenMinutes() async throws {
    let store = try ObjectStore([Sample(uid: "1")])
    try await controlling({ _, request in store.answer(request) }) { _, controller, _ in
      try await leading(controller) { () async throws in
        let isTold = { controller.instances[Self.key].problems.contains { $0.reason == .noService } }
        #expect(try await eventually { isTold() })
        store.put(try Self.object(Self.fitting), at: Self.service)
        #expect(
          try await eventually {
            Self.passTenMinutes(controller)
            return !isTold() && controller.instances[Self.key].answeredService != nil
          })
      }
    }
  }

  @Test func somebodyElsesServiceIsLeftAsItIs() async throws {
    let make = ["postern.io/service": "make"]
    let (asked, told) = try await talk(make, Self.object(#"{"selector":{"app":"web"},"ports":[{"port":5432}]}"#))
    #expect(Set(asked) == ["GET \(Self.service)"])
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix(#"Conflict: Service "db" is not Postern's"#) == true, "\(told)")
    #expect(told.first?.contains(#"Service "db" selects app=web, which these Pods do not have"#) == true)
    let another = #"{"app.kubernetes.io/managed-by":"postern","postern.io/customer":"other"}"#
    let others = try await talk(make, Self.object(#"{"selector":{"app":"web"}}"#, labels: another))
    #expect(others.told.count == 1 && Set(others.asked) == ["GET \(Self.service)"])
    let fits = try await talk(make, Self.object(Self.fitting))
    #expect(fits.told == [] && Set(fits.asked) == ["GET \(Self.service)"])
  }
}

/// The same with a real API server, which decides what a Service may be.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct ServiceTests {
  private static let make = [
    "postern.io/users": "shop", "postern.io/databases": "orders", "postern.io/service": "make",
  ]

  private func service(_ name: String = "db", _ cluster: Leading) async throws -> JSONValue? {
    do throws(KubernetesError) { return try await cluster.client.get(.services, name, in: cluster.namespace) } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  @Test(arguments: ["Deployment", "StatefulSet", "Pod"])
  func oneIsMadeOwnedKeptAndTakenAway(kind: String) async throws {
    let resource = Resource.named(kind)
    try await Leading.run(
      "make-\(kind.lowercased())",
      before: { cluster in
        try await cluster.client.create(
          .serviceAccounts, json(#"{"metadata":{"name":"default","namespace":"\#(cluster.namespace)"}}"#))
      }
    ) { cluster in
      let object = try await cluster.create(Sample(kind: kind, annotations: Self.make))
      #expect(try await eventually { try await service("db", cluster) != nil })
      let made = try #require(await service("db", cluster))
      #expect(made["metadata"]?["ownerReferences"]?.array?.map { $0["uid"] } == [object["metadata"]?["uid"]])
      #expect(made["metadata"]?["labels"]?["app.kubernetes.io/managed-by"]?.string == "postern")
      let key = kind == "Pod" ? "postern.io/customer" : "app"
      #expect(made["spec"]?["selector"] == (try json(#"{"\#(key)":"\#(kind == "Pod" ? "acme" : "db")"}"#)))
      #expect(made["spec"]?["type"]?.string == "ClusterIP" && made["spec"]?["clusterIP"]?.string != "None")
      let port = try #require(made["spec"]?["ports"]?.array?.first)
      #expect(
        port["name"]?.string == "postgres" && port["port"] == .number("5432") && port["targetPort"] == .number("5432"))
      #expect(try await cluster.live(.configMap, "acme-pg-spec")?.annotations["postern.io/made-service"] == "db")

      // Somebody's label and port stay; a selector that leads elsewhere does not, once there is another pass.
      try await cluster.patch(
        .services, "db",
        #"{"metadata":{"labels":{"team":"a"}},"spec":{"selector":{"app":"other"},"ports":[{"port":5432,"name":"postgres"},{"port":80,"name":"web"}]}}"#
      )
      try await cluster.patch(
        resource, "db",
        #"{"metadata":{"annotations":{"postern.io/users":"shop, more","postern.io/databases":"- {name: orders, owner: shop}"}}}"#
      )
      let isPutRight = try await eventually {
        try await service("db", cluster)?["spec"]?["selector"]?["app"]?.string != "other"
      }
      #expect(isPutRight)
      let kept = try await service("db", cluster)
      #expect(kept?["metadata"]?["labels"]?["team"]?.string == "a")
      #expect(kept?["spec"]?["ports"]?.array?.count == 2)
      #expect(kept?["spec"]?["clusterIP"] == made["spec"]?["clusterIP"])

      // Another host means another Service, and the first one goes.
      try await cluster.patch(
        resource, "db", #"{"metadata":{"annotations":{"postern.io/host":"pg.make-\#(kind.lowercased()).svc"}}}"#)
      #expect(
        try await eventually {
          try await [service("pg", cluster) == nil, service("db", cluster) == nil] == [false, true]
        })
      try await cluster.patch(resource, "db", #"{"metadata":{"annotations":{"postern.io/service":null}}}"#)
      #expect(try await eventually { try await service("pg", cluster) == nil })
      #expect(try await cluster.isTold("NoService \(kind) db: connection Secrets name the host pg."))
      #expect(try await cluster.live(.configMap, "acme-pg-spec")?.annotations["postern.io/made-service"] == nil)
    }
  }

  /// One request for a new instance, and none for what cannot change the answer.
  @Test func aServiceThatFitsIsReadOnce() async throws {
    try await Leading.run(
      "make-fitting",
      before: { cluster in
        let service =
          #"{"metadata":{"name":"db","namespace":"make-fitting"},"spec":{"selector":{"app":"db"},"ports":[{"port":5432}]}}"#
        try await cluster.client.create(.services, json(service))
      }
    ) { cluster in
      func asked() -> Int {
        cluster.metric(#"postern_kubernetes_requests_total{verb="get",resource="services""#)
      }
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      #expect(try await eventually { asked() == 1 })
      try await cluster.patch(.secrets, "acme-pg-user-shop", #"{"stringData":{"password":"edited-meanwhile"}}"#)
      #expect(
        try await eventually { try await cluster.value("uri", of: "acme-pg-user-shop")?.contains("edited-m") == true })
      #expect(asked() == 1)
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/host":"pg"}}}"#)
      #expect(
        try await cluster.isTold("NoService Deployment db: connection Secrets name the host pg: there is no Service"))
      #expect(try await !cluster.events().contains { $0.contains("the host db") })
    }
  }

  @Test func severalPodsGetAHeadlessOneInItsPlace() async throws {
    try await Leading.run("make-several") { cluster in
      try await cluster.create(Sample(kind: "StatefulSet", annotations: Self.make))
      #expect(try await eventually { try await service("db", cluster) != nil })
      try await cluster.patch(.statefulSets, "db", #"{"spec":{"replicas":2}}"#)
      #expect(
        try await eventually { try await service("db", cluster)?["spec"]?["clusterIP"]?.string == "None" })
      #expect(try await cluster.value("host", of: "acme-pg-user-shop") == "db-0.db.make-several.svc")
    }
  }

  @Test func somebodyElsesServiceIsNeitherChangedNorTakenAway() async throws {
    try await Leading.run(
      "make-theirs",
      before: { cluster in
        try await cluster.client.create(
          .services,
          json(
            #"{"metadata":{"name":"db","namespace":"make-theirs"},"spec":{"selector":{"app":"web"},"ports":[{"port":5432}]}}"#
          ))
      }
    ) { cluster in
      let theirs = try await service("db", cluster)
      try await cluster.create(Sample(annotations: Self.make))
      #expect(try await cluster.isTold("Conflict Deployment db: Service \"db\" is not Postern's"))
      #expect(try await service("db", cluster) == theirs)
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/service":null}}}"#)
      #expect(try await cluster.isTold("NoService Deployment db: connection Secrets name the host db.make-theirs.svc"))
      #expect(try await service("db", cluster) == theirs)
      // All else is made.
      #expect(try await cluster.mounted()?.spec?.users.count == 1)
    }
  }
}
