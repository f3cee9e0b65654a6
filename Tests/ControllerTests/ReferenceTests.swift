import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// The objects that an instance refers to, other objects of the same name, and the Events, against a real API server.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct ReferenceTests {
  @Test func withoutItsFlatFileNothingChanges() async throws {
    try await Leading.run("flat") { cluster in
      try await cluster.create(
        Sample(annotations: ["postern.io/users-from": "login/users", "postern.io/removed-users": "drop"]))
      #expect(try await cluster.isTold("MissingReference Deployment db: postern.io/users-from: there is no Secret"))
      #expect(try await cluster.live(.configMap, "acme-pg-spec") == nil)
      try await cluster.secret("login", ["users": "keycloak:k3y\ndolibarr:d0l1\n"])
      let dolibarr = try PostgresName("dolibarr")
      #expect(
        try await eventually { try await cluster.mounted()?.passwords[dolibarr]?.unredacted == "d0l1" })
      #expect(
        try await eventually { try await cluster.value("database", of: "acme-pg-user-keycloak") == "keycloak_db" })
      let mounted = try await cluster.mounted()
      try await cluster.client.delete(.secrets, "login", in: "flat")
      #expect(try await eventually { cluster.metric(#"postern_instances{state="incomplete"}"#) == 1 })
      #expect(try await cluster.mounted() == mounted)
      try await cluster.secret("login", ["users": "keycloak:new\n"])
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-dolibarr") == nil })
      #expect(try await eventually { try await cluster.value("password", of: "acme-pg-user-keycloak") == "new" })
    }
  }

  @Test func aScriptThatIsRefusedIsNotMountedAndTheOldOneStays() async throws {
    try await Leading.run("script") { cluster in
      let databases = "- {name: orders, scripts: [{name: a, configMap: {name: sql, key: a}}, {name: b, sql: SELECT 1}]}"
      try await cluster.create(Sample(annotations: ["postern.io/users": "shop", "postern.io/databases": databases]))
      #expect(try await cluster.isTold("MissingReference Deployment db: script a in orders: there is no ConfigMap"))
      let orders = try PostgresName("orders")
      func text(_ script: String) async throws -> String? {
        try await cluster.mounted()?.script(script, in: orders).map { String(decoding: $0.text.bytes, as: UTF8.self) }
      }
      #expect(try await eventually { try await text("b") == "SELECT 1" })
      try await cluster.client.create(
        .configMaps, try json(#"{"metadata":{"name":"sql","namespace":"script"},"data":{"a":"SELECT 2"}}"#))
      #expect(try await eventually { try await text("a") == "SELECT 2" })
      try await cluster.patch(.configMaps, "sql", #"{"data":{"a":"DROP DATABASE orders"}}"#)
      #expect(try await cluster.isTold("InvalidDeclaration Deployment db: script a in orders: "))
      #expect(try await text("a") == "SELECT 2")
      try await cluster.patch(.configMaps, "sql", #"{"data":{"a":"SELECT 3"}}"#)
      #expect(try await eventually { try await text("a") == "SELECT 3" })
    }
  }

  @Test func whatIsSomebodyElsesIsLeftAloneAndTheRestIsMade() async throws {
    try await Leading.run("theirs", before: { try await $0.secret("acme-pg-user-shop", ["password": "theirs"]) }) {
      cluster in
      try await cluster.create(Sample(annotations: ["postern.io/users": "shop, more", "postern.io/databases": "{}"]))
      #expect(try await cluster.isTold("InvalidDeclaration Deployment db: "))
      try await cluster.patch(
        .deployments, "db", #"{"metadata":{"annotations":{"postern.io/databases":"- {name: orders, owner: shop}"}}}"#)
      #expect(try await cluster.isTold("Conflict Deployment db: Secret \"acme-pg-user-shop\" is not Postern's"))
      let (shop, more) = (try PostgresName("shop"), try PostgresName("more"))
      #expect(try await eventually { try await cluster.mounted()?.passwords[more] != nil })
      #expect(try await cluster.mounted()?.passwords[shop] == nil)
      #expect(try await cluster.live(.secret, "acme-pg-user-shop")?.labels == [:])
      #expect(try await cluster.live(.secret, "acme-pg-user-shop")?.data.count == 1)
      try await cluster.client.delete(.secrets, "acme-pg-user-shop", in: "theirs")
      #expect(try await eventually { try await cluster.mounted()?.passwords[shop] != nil })
    }
  }

  @Test func aSpecOfSomebodyElsesStopsAll() async throws {
    try await Leading.run(
      "spec",
      before: { cluster in
        try await cluster.client.create(
          .configMaps, try json(#"{"metadata":{"name":"acme-pg-spec","namespace":"spec"},"data":{"a":"b"}}"#))
      }
    ) { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("Conflict Deployment db: ConfigMap \"acme-pg-spec\""))
      #expect(try await cluster.live(.configMap, "acme-pg-spec")?.data == ["a": Array("b".utf8)])
      #expect(try await cluster.live(.secret, "acme-pg-user-shop") == nil)
    }
  }

  @Test func theSecretOfARemovedUserStaysUnlessTheRoleIsDropped() async throws {
    try await Leading.run("removed") { cluster in
      try await cluster.create(Sample(annotations: ["postern.io/users": "shop, one, two"]))
      #expect(try await cluster.isTold("ObjectsWritten"))
      let password = try await cluster.value("password", of: "acme-pg-user-one")
      try await cluster.patch(
        .deployments, "db",
        #"{"metadata":{"annotations":{"postern.io/users":"[{name: shop}, {name: two, ensure: absent}]"}}}"#)
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-two") == nil })
      #expect(try await cluster.mounted()?.passwords.count == 1)
      #expect(try await cluster.value("password", of: "acme-pg-user-one") == password)
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/users":"shop, one"}}}"#)
      let one = try PostgresName("one")
      #expect(try await eventually { try await cluster.mounted()?.passwords[one]?.unredacted == password })
      try await cluster.patch(
        .deployments, "db",
        #"{"metadata":{"annotations":{"postern.io/users":"shop","postern.io/removed-users":"drop"}}}"#)
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-one") == nil })
      #expect(try await cluster.live(.secret, "acme-pg-user-shop") != nil)
      #expect(try await cluster.live(.secret, "acme-pg-admin") != nil)
    }
  }

  @Test func whatIsNoLongerDeclaredIsTakenOutOfAUsersSecret() async throws {
    try await Leading.run("taken") { cluster in
      try await cluster.create(
        Sample(annotations: ["postern.io/users": "shop", "postern.io/databases": "orders, bills"]))
      #expect(try await eventually { try await cluster.value("uri.bills", of: "acme-pg-user-shop") != nil })
      let password = try await cluster.value("password", of: "acme-pg-user-shop")
      for databases in ["orders", "orders, more", "orders"] {
        try await cluster.patch(
          .deployments, "db", #"{"metadata":{"annotations":{"postern.io/databases":"\#(databases)"}}}"#)
        let keys = Set(databases.split(separator: ", ").map { "uri.\($0)" })
        #expect(
          try await eventually {
            let data = try await cluster.live(.secret, "acme-pg-user-shop")?.data ?? [:]
            return Set(data.keys.filter { $0.hasPrefix("uri.") }) == keys
          })
      }
      #expect(try await cluster.value("password", of: "acme-pg-user-shop") == password)
    }
  }

  @Test func aWorkloadWhosePodsAloneAreLabelledIsFoundByThem() async throws {
    try await Leading.run("found") { cluster in
      try await cluster.client.create(
        .serviceAccounts, try json(#"{"metadata":{"name":"default","namespace":"found"}}"#))
      let deployment = try await cluster.create(
        Sample(
          annotations: [:],
          templateAnnotations: ["postern.io/users": "- {name: shop, passwordFrom: {secret: s, key: k}}"],
          isLabelled: false))
      let uid = try #require(deployment["metadata"]?["uid"]?.string)
      try await cluster.client.create(
        .replicaSets,
        try json(
          #"{"metadata":{"name":"db-1","namespace":"found","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"db","uid":"\#(uid)","controller":true}]},"spec":{"selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"a","image":"a"}]}}}}"#
        ))
      try await cluster.create(
        Sample(kind: "Pod", name: "db-1-a", annotations: ["postern.io/injected": "v1"], replicaSet: "db-1"))
      #expect(try await eventually { try await cluster.live(.configMap, "acme-pg-spec")?.owners == [uid] })
      // The reference is known from now on.
      try await cluster.secret("s", ["k": "chosen"])
      #expect(try await eventually { try await cluster.value("password", of: "acme-pg-user-shop") == "chosen" })
    }
  }

  @Test func thePodsAreToldOfAChangeAndOfASidecarThatIsMissing() async throws {
    try await Leading.run("pods") { cluster in
      try await cluster.client.create(
        .serviceAccounts, try json(#"{"metadata":{"name":"default","namespace":"pods"}}"#))
      try await cluster.create(Sample(annotations: ["postern.io/users": "shop"]))
      #expect(try await cluster.isTold("ObjectsWritten"))
      try await cluster.create(
        Sample(kind: "Pod", name: "db-1", annotations: ["postern.io/injected": "v1"], replicaSet: "r"))
      try await cluster.create(Sample(kind: "Pod", name: "db-2", annotations: [:], replicaSet: "r"))
      #expect(try await cluster.isTold("NotInjected Pod db-2: "))
      func updated(_ pod: String) async throws -> String? {
        try await cluster.client.get(.pods, pod, in: "pods")["metadata"]?["annotations"]?["postern.io/updated"]?.string
      }
      #expect(try await updated("db-1") == nil)
      try await cluster.patch(.secrets, "acme-pg-user-shop", #"{"stringData":{"password":"new"}}"#)
      #expect(try await eventually { try await updated("db-1") != nil })
      let first = try await updated("db-1")
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/users":"shop, more"}}}"#)
      #expect(try await eventually { try await updated("db-1") != first })
      #expect(try await updated("db-2") == nil)
    }
  }
}

extension Resource {
  /// Without a ServiceAccount, no Pod is admitted.
  static let serviceAccounts = Resource(plural: "serviceaccounts", kind: "ServiceAccount")
}
