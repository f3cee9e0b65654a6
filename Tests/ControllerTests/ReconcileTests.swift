import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Synchronization
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// The loop against a real API server: what it creates, what it keeps, and what it leaves alone.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct ReconcileTests {
  @Test func theObjectsOfAWorkloadAreMade() async throws {
    try await Leading.run("made") { cluster in
      let deployment = try await cluster.create(Sample())
      let uid = try #require(deployment["metadata"]?["uid"]?.string)
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      let spec = try #require(await cluster.live(.configMap, "acme-pg-spec"))
      let passwords = try #require(await cluster.live(.secret, "acme-pg-passwords"))
      let admin = try #require(await cluster.live(.secret, "acme-pg-admin"))
      let user = try #require(await cluster.live(.secret, "acme-pg-user-shop"))
      #expect([spec, passwords].map(\.owners) == [[uid], [uid]])
      #expect([admin, user].map(\.owners) == [[], []])
      #expect([spec, passwords, admin, user].allSatisfy { $0.isManaged(for: "acme") })
      #expect(admin.data["username"] == Array("postgres".utf8))
      #expect(admin.data["password"]?.count == 32)
      let password = try #require(user.data["password"]).map(\.self)
      let mounted = try #require(await cluster.mounted())
      #expect(mounted.passwords[try PostgresName("shop")]?.unredacted == String(decoding: password, as: UTF8.self))
      #expect(mounted.spec?.databases.map(\.name.text) == ["orders"])
      #expect(user.data["uri"]?.starts(with: Array("postgresql://shop:".utf8)) == true)
      #expect(user.annotations["postern.io/user"] == "shop")
      #expect(try await eventually { cluster.metric(#"postern_instances{state="pending"}"#) == 1 })
    }
  }

  @Test func whereNothingChangesNothingIsAsked() async throws {
    try await Leading.run("idle") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten"))
      #expect(try await eventually { cluster.metric("postern_work_queue_depth") == 0 && cluster.allPasses > 0 })
      try await cluster.secret("unrelated", ["a": "b"])
      try await cluster.patch(.deployments, "db", #"{"spec":{"replicas":2}}"#)
      // By now everything that follows from the first pass has happened; otherwise it would never end.
      try await Task.sleep(for: .seconds(1))
      let (requests, passes) = (cluster.requests(), cluster.allPasses)
      try await Task.sleep(for: .seconds(2))
      #expect(cluster.requests() == requests)
      #expect(cluster.allPasses == passes)
      #expect(passes <= 2)
    }
  }

  @Test func withoutLeaveToWriteNothingIsWritten() async throws {
    try await Leading.run("leave", mayWrite: { false }) { cluster in
      try await cluster.create(Sample())
      #expect(try await eventually { cluster.passes("stopped") > 0 })
      #expect(cluster.requests(["create", "apply", "patch", "delete"]) == 0)
      #expect(try await cluster.live(.configMap, "acme-pg-spec") == nil)
      #expect(cluster.controller.isSynced)
    }
  }

  @Test func leaveThatEndsAmidAPassEndsIt() async throws {
    let left = Mutex(2)
    try await Leading.run(
      "amid",
      mayWrite: {
        left.withLock { left in
          left -= 1
          return left >= 0
        }
      }
    ) { cluster in
      try await cluster.create(Sample())
      #expect(try await eventually { cluster.passes("stopped") > 0 })
      #expect(cluster.requests(["create", "apply", "patch", "delete"]) == 2)
      let password = try await cluster.value("password", of: "acme-pg-user-shop")
      // Another replica finishes the work.
      left.withLock { $0 = 1000 }
      try await cluster.patch(
        .deployments, "db", #"{"metadata":{"annotations":{"postern.io/databases":"orders, bills"}}}"#)
      #expect(try await eventually { try await cluster.mounted()?.spec?.databases.count == 2 })
      if let password { #expect(try await cluster.value("password", of: "acme-pg-user-shop") == password) }
    }
  }

  @Test func driftIsRepairedAndPasswordsStay() async throws {
    try await Leading.run("drift") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten"))
      let password = try #require(await cluster.value("password", of: "acme-pg-user-shop"))
      try await cluster.client.delete(.secrets, "acme-pg-user-shop", in: "drift")
      #expect(try await eventually { try await cluster.value("password", of: "acme-pg-user-shop") == password })
      try await cluster.client.delete(.secrets, "acme-pg-passwords", in: "drift")
      try await cluster.client.delete(.configMaps, "acme-pg-spec", in: "drift")
      let shop = try PostgresName("shop")
      #expect(
        try await eventually {
          let mounted = try await cluster.mounted()
          return mounted?.passwords[shop]?.unredacted == password && mounted?.spec?.users.count == 1
        })
      try await cluster.patch(.configMaps, "acme-pg-spec", #"{"data":{"spec.json":"{}"}}"#)
      #expect(try await eventually { try await cluster.mounted()?.spec?.users.count == 1 })
      try await cluster.patch(.secrets, "acme-pg-user-shop", #"{"stringData":{"uri":"nonsense"}}"#)
      #expect(
        try await eventually { try await cluster.value("uri", of: "acme-pg-user-shop")?.contains(password) == true })
      try await cluster.patch(.secrets, "acme-pg-user-shop", #"{"data":{"password":null}}"#)
      #expect(try await eventually { try await cluster.value("password", of: "acme-pg-user-shop") == password })
    }
  }

  @Test(.enabled(if: Leading.kubectlProgram != nil, "no kubectl on the PATH"))
  func whatOthersAddStaysAndChangesNothing() async throws {
    try await Leading.run("additions") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      for (resource, kind, name) in [
        (Resource.secrets, DesiredObject.Kind.secret, "acme-pg-passwords"), (.secrets, .secret, "acme-pg-user-shop"),
        (.configMaps, .configMap, "acme-pg-spec"),
      ] {
        let passes = cluster.passes("unchanged")
        let value = kind == .secret ? "YmFy" : "bar"
        let patch = #"{"data":{"foo":"\#(value)","sslmode":"\#(value)"},"metadata":{"annotations":{"theirs":"x"}}}"#
        #expect(try cluster.kubectl(["patch", "\(resource.plural)/\(name)", "--type=merge", "-p", patch]) == nil)
        let version = try await cluster.live(kind, name)?.resourceVersion
        #expect(try await eventually { cluster.passes("unchanged") > passes }, "\(name)")
        let live = try await cluster.live(kind, name)
        #expect(live?.resourceVersion == version, "\(name)")
        for key in ["foo", "sslmode"] { #expect(live?.data[key] == Array("bar".utf8), "\(name)") }
      }
      let changed = cluster.passes("changed")
      let note = #"{"metadata":{"annotations":{"postern.io/made-service":"db"}}}"#
      #expect(try cluster.kubectl(["patch", "configmaps/acme-pg-spec", "--type=merge", "-p", note]) == nil)
      let isNoted = {
        try await cluster.live(.configMap, "acme-pg-spec")?.annotations["postern.io/made-service"] != nil
      }
      #expect(try await eventually { try await !isNoted() })
      #expect(cluster.passes("changed") <= changed + 1)
      // Another database's key comes, and goes with it; theirs stays.
      for databases in ["orders, other", "orders"] {
        try await cluster.patch(
          .deployments, "db", #"{"metadata":{"annotations":{"postern.io/databases":"\#(databases)"}}}"#)
        let isThere = { try await cluster.value("uri.other", of: "acme-pg-user-shop") != nil }
        #expect(try await eventually { try await isThere() == databases.contains("other") })
      }
      #expect(try await cluster.value("sslmode", of: "acme-pg-user-shop") == "bar")
    }
  }

  @Test func aWorkloadMadeAnewOwnsWhatIsDerived() async throws {
    try await Leading.run("anew") { cluster in
      try await cluster.create(Sample(annotations: ["postern.io/users": "shop", "postern.io/retain": "false"]))
      #expect(try await cluster.isTold("ObjectsWritten"))
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-shop")?.owners.count == 1 })
      try await cluster.patch(.deployments, "db", #"{"metadata":{"finalizers":["orphan"]}}"#)
      try await cluster.client.delete(.deployments, "db", in: "anew")
      try await cluster.patch(.deployments, "db", #"{"metadata":{"finalizers":null}}"#)
      let again = try await cluster.create(
        Sample(annotations: ["postern.io/users": "shop", "postern.io/retain": "false"]))
      let uid = try #require(again["metadata"]?["uid"]?.string)
      for name in ["acme-pg-passwords", "acme-pg-user-shop", "acme-pg-admin"] {
        #expect(try await eventually { try await cluster.live(.secret, name)?.owners == [uid] }, "\(name)")
      }
      #expect(try await eventually { try await cluster.live(.configMap, "acme-pg-spec")?.owners == [uid] })
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/retain":"true"}}}"#)
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-shop")?.owners == [] })
      #expect(try await cluster.live(.secret, "acme-pg-passwords")?.owners == [uid])
    }
  }

  @Test func aSecondWorkloadThatDeclaresChangesNothing() async throws {
    try await Leading.run("second") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten"))
      let before = try #require(await cluster.live(.configMap, "acme-pg-spec"))
      try await cluster.create(
        Sample(kind: "StatefulSet", name: "other", annotations: ["postern.io/users": "somebody"]))
      #expect(try await cluster.isTold("Conflict Deployment db: Deployment db and StatefulSet other"))
      #expect(try await cluster.isTold("Conflict StatefulSet other: Deployment db and StatefulSet other"))
      #expect(try await cluster.live(.configMap, "acme-pg-spec") == before)
      #expect(try await cluster.live(.secret, "acme-pg-user-somebody") == nil)
      try await cluster.client.delete(.statefulSets, "other", in: "second")
      try await cluster.patch(
        .deployments, "db",
        #"{"metadata":{"annotations":{"postern.io/users":"shop, more","postern.io/databases":null}}}"#)
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-more") != nil })
    }
  }

  /// How volumeClaimTemplates are changed: the StatefulSet goes, its Pods stay, and it is made again.
  @Test func whileAWorkloadIsAwayItsPodsChangeNothing() async throws {
    try await Leading.run(
      "orphans",
      before: { cluster in
        try await cluster.client.create(
          .serviceAccounts, json(#"{"metadata":{"name":"default","namespace":"orphans"}}"#))
      }
    ) { cluster in
      var annotations = Sample().annotations
      annotations["postern.io/service"] = "make"
      try await cluster.create(Sample(kind: "StatefulSet", annotations: annotations))
      #expect(try await cluster.isTold("ObjectsWritten StatefulSet db: made "))
      let before = try #require(await cluster.mounted())
      try await cluster.patch(.statefulSets, "db", #"{"metadata":{"finalizers":["orphan"]}}"#)
      try await cluster.client.delete(.statefulSets, "db", in: "orphans")
      try await cluster.patch(.statefulSets, "db", #"{"metadata":{"finalizers":null}}"#)
      var pod = Sample(kind: "Pod", name: "db-0", annotations: ["postern.io/injected": "v1"])
      pod.labels = ["controller-revision-hash": "db-1", "statefulset.kubernetes.io/pod-name": "db-0"]
      try await cluster.create(pod)
      let isMarked = try await eventually {
        try await cluster.live(.secret, "acme-pg-user-shop")?.annotations["postern.io/unused-since"] != nil
      }
      #expect(isMarked)
      #expect(try await cluster.mounted() == before)
      #expect(try await cluster.client.get(.services, "db", in: "orphans")["spec"] != nil)
    }
  }

  /// `kubectl replace --force`, while another workload of the customer shares its instance; without the garbage collector, and with it.
  @Test(arguments: [false, true])
  func whatASilentWorkloadFindsItDoesNotTakeAway(isCollected: Bool) async throws {
    let namespace = isCollected ? "shared-gone" : "shared"
    try await Leading.run(namespace) { cluster in
      var annotations = Sample().annotations
      annotations["postern.io/service"] = "make"
      try await cluster.create(Sample(annotations: annotations))
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      try await cluster.create(Sample(kind: "StatefulSet", name: "b", annotations: [:]))
      let before = try #require(await cluster.mounted())
      if isCollected {
        try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/inject":"false"}}}"#)
      } else {
        try await cluster.client.delete(.deployments, "db", in: namespace)
      }
      #expect(try await cluster.isTold("Conflict StatefulSet b: it declares nothing"))
      try await cluster.secret("acme-pg-other", ["a": "b"])
      try await Task.sleep(for: .seconds(1))
      #expect(try await cluster.mounted() == before)
      #expect(try await cluster.client.get(.services, "db", in: namespace)["spec"] != nil)
      guard isCollected else {
        try await cluster.create(Sample(annotations: annotations))
        #expect(try await eventually { cluster.metric(#"postern_instances{state="pending"}"#) == 1 })
        #expect(try await cluster.mounted() == before)
        return
      }
      try await cluster.client.delete(.configMaps, "acme-pg-spec", in: namespace)
      try await cluster.client.delete(.secrets, "acme-pg-passwords", in: namespace)
      #expect(try await eventually { try await cluster.mounted()?.spec?.removedUsers == .keep })
      // A later pass has the same result.
      try await cluster.patch(.secrets, "acme-pg-passwords", #"{"metadata":{"labels":{"postern.io/customer":null}}}"#)
      #expect(
        try await eventually {
          try await cluster.live(.secret, "acme-pg-passwords")?.labels["postern.io/customer"] == "acme"
        })
      #expect(try await cluster.mounted()?.spec?.removedUsers == .keep)
    }
  }

  /// Who takes the declarations off a workload means it, whichever of several it was.
  @Test func aWorkloadThatDeclaresNothingAnyMoreHasNoUsers() async throws {
    try await Leading.run("undeclared") { cluster in
      try await cluster.create(Sample(kind: "StatefulSet", name: "a", annotations: [:]))
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: "))
      #expect(try await eventually { try await cluster.mounted()?.spec?.users.count == 1 })
      try await cluster.patch(
        .deployments, "db",
        #"{"metadata":{"annotations":{"postern.io/users":null,"postern.io/databases":null}}}"#)
      #expect(try await eventually { try await cluster.mounted()?.spec?.users == [] })
      #expect(try await cluster.mounted()?.spec?.removedUsers == .lock)
    }
  }

  /// The way to rename a workload (docs/controller.md).
  @Test func aWorkloadThatIsRenamedKeepsItsUsers() async throws {
    try await Leading.run("renamed") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      let before = try #require(await cluster.mounted())
      let version = try await cluster.live(.configMap, "acme-pg-spec")?.resourceVersion
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/inject":"false"}}}"#)
      let isMarked = try await eventually {
        try await cluster.live(.secret, "acme-pg-user-shop")?.annotations["postern.io/unused-since"] != nil
      }
      #expect(isMarked)
      #expect(cluster.controller.declaring(namespace: "renamed", customer: "acme") == [])
      #expect(try await cluster.live(.configMap, "acme-pg-spec")?.resourceVersion == version)
      let new = try await cluster.create(Sample(kind: "StatefulSet", name: "new"))
      let uid = try #require(new["metadata"]?["uid"]?.string)
      #expect(try await eventually { try await cluster.live(.configMap, "acme-pg-spec")?.owners == [uid] })
      #expect(try await cluster.mounted()?.spec == before.spec)
      #expect(try await cluster.mounted()?.passwords == before.passwords)
    }
  }

  /// As Velero restores it. Keys of databases that are declared no more hold a password that may be none any more.
  @Test func whatWasRestoredWithoutItsManagersIsKeptRight() async throws {
    try await Leading.run("restored") { cluster in
      try await cluster.create(
        Sample(annotations: ["postern.io/users": "shop", "postern.io/databases": "orders, other"]))
      #expect(try await eventually { try await cluster.value("uri.other", of: "acme-pg-user-shop") != nil })
      try await cluster.patch(.secrets, "acme-pg-user-shop", #"{"metadata":{"managedFields":[{}]}}"#)
      #expect(try await eventually { try await cluster.live(.secret, "acme-pg-user-shop")?.isWritten == true })
      try await cluster.patch(
        .deployments, "db", #"{"metadata":{"annotations":{"postern.io/databases":"orders"}}}"#)
      #expect(try await eventually { try await cluster.value("uri.other", of: "acme-pg-user-shop") == nil })
      #expect(try await cluster.value("database.other", of: "acme-pg-user-shop") == nil)
      #expect(try await cluster.value("uri.orders", of: "acme-pg-user-shop") != nil)
    }
  }

  @Test func fiftyCustomersAtOnceAreAllMade() async throws {
    try await Leading.run("fifty") { cluster in
      for index in 0..<50 { try await cluster.create(Sample(name: "db\(index)", customer: "c\(index)")) }
      #expect(try await eventually { cluster.metric(#"postern_instances{state="pending"}"#) == 50 })
      #expect(try await cluster.client.list(Selection(.secrets, namespace: "fifty")).items.count == 150)
      #expect(try await cluster.client.list(Selection(.configMaps, namespace: "fifty")).items.count >= 50)
    }
  }

  /// What outlives its workload is told apart from what is in use; what is somebody else's is not touched.
  @Test func secretsThatNothingUsesAreMarkedUntilTheyAreUsedAgain() async throws {
    try await Leading.run("unused") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      try await cluster.secret("mine", ["a": "b"], labels: ["postern.io/customer": "acme"])
      func marks() async throws -> [String: Bool] {
        var marks: [String: Bool] = [:]
        for name in ["acme-pg-user-shop", "acme-pg-admin", "acme-pg-passwords", "acme-pg-user-copy", "mine"] {
          marks[name] = try await cluster.live(.secret, name)?.annotations["postern.io/unused-since"] != nil
        }
        return marks
      }
      let password = try await cluster.live(.secret, "acme-pg-user-shop")?.data["password"]
      #expect(try await UnusedSecret.all(in: ["unused"], cluster.client) == [])
      // A copy has the labels, and is somebody else's.
      let copied = ["postern.io/customer": "acme", "app.kubernetes.io/managed-by": "postern"]
      try await cluster.secret("acme-pg-user-copy", ["a": "b"], labels: copied)
      try await cluster.patch(.secrets, "acme-pg-user-copy", #"{"metadata":{"managedFields":[{}]}}"#)
      try await cluster.client.delete(.deployments, "db", in: "unused")
      // The passwords that are mounted are the workload's, and would be collected with it.
      let areMarked = try await eventually {
        try await marks() == [
          "acme-pg-user-shop": true, "acme-pg-admin": true, "acme-pg-passwords": false, "acme-pg-user-copy": false,
          "mine": false,
        ]
      }
      #expect(areMarked)
      let unused = try await UnusedSecret.all(in: ["unused"], cluster.client)
      #expect(unused.map(\.name) == ["acme-pg-admin", "acme-pg-user-shop"])
      #expect(unused.allSatisfy { $0.since != nil })
      try await cluster.create(Sample())
      #expect(try await eventually { try await !marks().values.contains(true) })
      #expect(try await cluster.live(.secret, "acme-pg-user-shop")?.data["password"] == password)
      #expect(try await UnusedSecret.all(in: nil, cluster.client).allSatisfy { $0.namespace != "unused" })
      // What was listed and is another now is not removed.
      await #expect(throws: KubernetesError.self) { try await unused[0].delete(cluster.client) }
    }
  }
}
