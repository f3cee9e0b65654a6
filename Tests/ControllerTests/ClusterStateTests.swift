import Admission
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// What is known of a cluster, which customers a change affects, and which workload has the instance.
@Suite struct ClusterStateTests {
  static let key = CustomerKey(namespace: "shops", customer: "acme")
  private static let sources = [Resource.deployments, .statefulSets, .pods, .secrets, .configMaps].map {
    WatchSource(resource: $0, namespace: nil)
  }

  private func source(_ kind: String) -> WatchSource { WatchSource(resource: .named(kind), namespace: nil) }

  private func state(_ samples: [Sample]) throws -> ClusterState {
    var state = ClusterState(Self.sources)
    for sample in samples { _ = state.take(.present(try sample.sighting()), of: source(sample.kind)) }
    return state
  }

  private func metadata(_ name: String, version: String = "1") throws -> Sighting {
    try Sighting(text(name, version), .secrets)
  }

  private func live(_ name: String, version: String) throws -> LiveObject {
    try LiveObject(text(name, version), kind: .secret)
  }

  private func text(_ name: String, _ version: String) -> [UInt8] {
    Array(#"{"metadata":{"name":"\#(name)","namespace":"shops","resourceVersion":"\#(version)"}}"#.utf8)
  }

  /// Reports a list without objects.
  private func nothing(_ state: inout ClusterState, _ source: WatchSource) -> Set<CustomerKey> {
    state.take(.listing, of: source).union(state.take(.listed, of: source))
  }

  @Test func itIsSyncedWhenAllListsAreThere() {
    var state = ClusterState(Self.sources)
    for source in Self.sources {
      #expect(!state.isSynced)
      _ = state.take(.listing, of: source)
      #expect(!state.isSynced)
      _ = state.take(.listed, of: source)
    }
    #expect(state.isSynced)
  }

  @Test func whatIsForbiddenIsNotWaitedForAndItsNamespaceIsNotKnown() throws {
    let sources = ["a", "b"].flatMap { namespace in
      [Resource.deployments, .secrets].map { WatchSource(resource: $0, namespace: namespace) }
    }
    var state = ClusterState(sources)
    state.leaveOut(sources[0])
    #expect(!state.isSynced)
    _ = nothing(&state, sources[1])
    for source in sources[2...] {
      #expect(!state.isSynced)
      _ = nothing(&state, source)
    }
    #expect(state.isSynced && state.knows("b") && !state.knows("a"))
    // Whoever connects is not told that there is no such customer.
    let known = ["a", "b"].map { state.known(CustomerKey(namespace: $0, customer: "acme")) }
    guard case .unreadable = known[0], case .absent = known[1] else {
      Issue.record("\(known)")
      return
    }
    _ = state.take(.listing, of: sources[0])
    #expect(state.isSynced && !state.knows("a"))
    _ = state.take(.present(try Sample(namespace: "a", uid: "1").sighting()), of: sources[0])
    // All of the namespace had to wait.
    #expect(state.take(.listed, of: sources[0]) == [CustomerKey(namespace: "a", customer: "acme")])
    #expect(state.isSynced && state.knows("a"))
    // What is known stays so.
    state.leaveOut(sources[0])
    #expect(state.knows("a"))
  }

  @Test func whereAllIsForbiddenNothingIsKnown() {
    var state = ClusterState(Self.sources)
    for source in Self.sources { state.leaveOut(source) }
    #expect(!state.isSynced && !state.knows("shops"))
  }

  @Test func aWorkloadIsTheInstanceItDeclares() throws {
    let state = try state([Sample(uid: "1", environment: #"[{"name":"PGPORT","value":"6000"}]"#)])
    let resolution = state[Self.key].resolve(Self.key)
    let instance = try #require(resolution.instance)
    #expect(instance.workload == .init(apiVersion: "apps/v1", kind: "Deployment", name: "db", uid: "1"))
    #expect(instance.port == 6000)
    #expect(instance.usesGeneratedAdmin)
    #expect(instance.declaration.spec.users.map(\.name.text) == ["shop"])
    #expect(resolution.state == .complete)
    #expect(resolution.notices.isEmpty)
  }

  @Test func aPodOfAWorkloadDeclaresNothingAndABarePodDoes() throws {
    let owned = try state([Sample(kind: "Pod", name: "db-1", uid: "1", replicaSet: "db")])
    #expect(owned[Self.key].resolve(Self.key).instance == nil)
    #expect(owned[Self.key].pods.count == 1)
    let bare = try state([Sample(kind: "Pod", uid: "1")])
    #expect(bare[Self.key].resolve(Self.key).instance?.workload.kind == "Pod")
  }

  /// `kubectl delete --cascade=orphan` takes the Pods their owner. What is in the template is not all that was declared.
  @Test(
    arguments: ["controller-revision-hash", "pod-template-hash", "statefulset.kubernetes.io/pod-name"],
    [[:], ["postern.io/databases": "orders"]])
  func aPodThatHasLostItsWorkloadDeclaresNothing(label: String, annotations: [String: String]) throws {
    let workload = Sample(kind: "StatefulSet", uid: "1")
    var pod = Sample(kind: "Pod", name: "db-0", annotations: annotations, uid: "2", replicaSet: "db")
    pod.labels = [label: "db-0"]
    var state = try state([workload, pod])
    _ = state.take(.deleted(try workload.sighting()), of: source("StatefulSet"))
    pod.replicaSet = nil
    _ = state.take(.present(try pod.sighting()), of: source("Pod"))
    let resolution = state[Self.key].resolve(Self.key)
    #expect(resolution.instance == nil && resolution.state == nil)
    #expect(state.declaring(Self.key) == [])
    // When the workload is made again, it is the instance.
    _ = state.take(.present(try workload.sighting()), of: source("StatefulSet"))
    #expect(state[Self.key].resolve(Self.key).instance?.workload.name == "db")
  }

  /// What declared for the Pods is gone with their owner, and whoever adopts them is looked for.
  @Test func whatWasFoundByAPodsOwnerIsForgottenWithIt() throws {
    var pod = Sample(kind: "Pod", name: "db-0", annotations: [:], uid: "2", replicaSet: "db")
    pod.labels = ["pod-template-hash": "db-0"]
    var state = try state([pod])
    let workload = try #require(Sample(uid: "1").sighting().watched?.declarer)
    state[Self.key].unlabelled = workload
    pod.replicaSet = nil
    _ = state.take(.present(try pod.sighting()), of: source("Pod"))
    #expect(state[Self.key].resolve(Self.key).instance == nil)
    pod.replicaSet = "again"
    #expect(state.take(.present(try pod.sighting()), of: source("Pod")) == [Self.key])
    #expect(state[Self.key].needsLookup)
  }

  @Test func anInjectedPodHasItsAdminFromTheVolumeThatWasAdded() throws {
    let pod = try json(
      #"{"metadata":{"name":"db","namespace":"shops","uid":"1","labels":{"postern.io/customer":"acme"},"annotations":{"postern.io/injected":"v1","postern.io/updated":"abc"}},"spec":{"initContainers":[{"name":"postern"}],"containers":[{"name":"db","image":"custom","env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/etc/postern-admin/password"}]}],"volumes":[{"name":"postern-admin"}]}}"#
    )
    let declared = try #require(DeclaredPostgres(pod, kind: .pod, namespace: "shops"))
    #expect(declared.problems == [])
    #expect(declared.usesGeneratedAdmin)
    #expect(declared.isInjected)
  }

  @Test(arguments: [
    (["postern.io/retain": "false", "postern.io/host": "pg.example"], [:]),
    ([:], ["postern.io/retain": "false", "postern.io/host": "pg.example"]),
  ])
  func whatTheWorkloadAndItsTemplateSayCountsTogether(own: [String: String], template: [String: String]) throws {
    let declaring = ["postern.io/users": "shop"]
    let state = try state([
      Sample(
        annotations: own,
        templateAnnotations: template.merging(declaring) { $1 }.merging(["postern.io/port": "7000"]) { $1 },
        uid: "1")
    ])
    let instance = try #require(state[Self.key].resolve(Self.key).instance)
    #expect(!instance.declaration.retain)
    #expect(instance.host == "pg.example")
    #expect(instance.port == 7000)
  }

  @Test func twoThatDeclareAreAConflictNamedByBoth() throws {
    let state = try state([Sample(uid: "1"), Sample(kind: "StatefulSet", name: "other", uid: "2")])
    let resolution = state[Self.key].resolve(Self.key)
    #expect(resolution.instance == nil)
    #expect(resolution.state == .conflict)
    #expect(resolution.notices.map(\.reason) == [.conflict, .conflict])
    #expect(Set(resolution.notices.map(\.name)) == ["db", "other"])
    #expect(resolution.notices.allSatisfy { $0.message.contains("Deployment db and StatefulSet other") })
  }

  @Test func aSecondWorkloadThatSaysNothingSharesTheInstance() throws {
    let state = try state([
      Sample(name: "standby", annotations: [:], uid: "1", created: "2025-01-01T00:00:00Z"), Sample(uid: "2"),
    ])
    #expect(state[Self.key].resolve(Self.key).instance?.workload.name == "db")
    let silent = try self.state([
      Sample(name: "a", annotations: [:], uid: "1", created: "2026-02-01T00:00:00Z"),
      Sample(name: "b", annotations: [:], uid: "2", created: "2026-01-01T00:00:00Z"),
    ])
    #expect(silent[Self.key].resolve(Self.key).instance?.workload.name == "b")
  }

  @Test func whatCannotBeReadIsToldAndNothingIsMade() throws {
    let state = try state([Sample(annotations: ["postern.io/users": "- {nam: shop}"], uid: "1")])
    let resolution = state[Self.key].resolve(Self.key)
    #expect(resolution.instance == nil)
    #expect(resolution.state == .invalid)
    #expect(resolution.notices.map(\.reason) == [.invalidDeclaration])
    #expect(resolution.notices.first?.message.contains("nam") == true)
  }

  @Test func aPodWithoutTheSidecarIsToldUnlessItIsToBeLeftAlone() throws {
    let pods = [
      Sample(kind: "Pod", name: "plain", annotations: [:], uid: "2", replicaSet: "r"),
      Sample(kind: "Pod", name: "with", annotations: ["postern.io/injected": "v1"], uid: "3", replicaSet: "r"),
      Sample(
        kind: "Pod", name: "marked", annotations: ["postern.io/injected": "v1"], uid: "5", replicaSet: "r",
        hasMarkedSidecar: false),
      Sample(kind: "Pod", name: "left", annotations: ["postern.io/inject": "false"], uid: "4", replicaSet: "r"),
    ]
    let notices = try state([Sample(uid: "1")] + pods)[Self.key].resolve(Self.key).notices
    #expect(notices.map(\.reason) == [.notInjected, .notInjected])
    #expect(notices.map(\.name) == ["marked", "plain"])
  }

  /// Where the label stands on everything, the webhook leaves applications' Pods alone; one that says that it is Postgres it
  /// does not.
  @Test func anApplicationsPodIsNoPostgresWithoutASidecar() throws {
    func pod(_ name: String, _ annotations: [String: String] = [:], owner: String? = "web") -> Sample {
      Sample(
        kind: "Pod", name: name, annotations: annotations, uid: name, replicaSet: owner, container: "app",
        image: "registry.example/shop:1")
    }
    let pods = [
      pod("left"), pod("bare", owner: nil), pod("named", ["postern.io/container": "app"]),
      pod("injected", ["postern.io/injected": "v1"]),
    ]
    let customer = try state([Sample(uid: "1")] + pods)[Self.key]
    #expect(customer.pods.keys.sorted() == ["injected", "named"] && customer.declarers.keys.sorted() == ["1"])
    let notices = customer.resolve(Self.key).notices
    #expect(notices.map(\.name) == ["named"])
    // In such a namespace the webhook is not asked, and only people know that.
    let text = notices.first?.message ?? ""
    #expect(text.contains("postern.io/inject: disabled") && text.contains(#"postern.io/inject: "false""#), "\(text)")
  }

  @Test func onlyNewsWakes() throws {
    var state = try state([])
    let deployment = source("Deployment")
    let sample = Sample(uid: "1")
    #expect(state.take(.present(try sample.sighting()), of: deployment) == [Self.key])
    #expect(state.take(.present(try sample.sighting()), of: deployment).isEmpty)
    var other = sample
    other.annotations["postern.io/users"] = "shop, more"
    #expect(state.take(.present(try other.sighting()), of: deployment) == [Self.key])
    other.customer = "zeta"
    let moved = state.take(.present(try other.sighting()), of: deployment)
    #expect(moved == [Self.key, CustomerKey(namespace: "shops", customer: "zeta")])
    #expect(state.all.map(\.customer) == ["zeta"])
    #expect(nothing(&state, deployment).map(\.customer) == ["zeta"])
    #expect(state.all.isEmpty)
  }

  @Test func aSecretWakesThoseItIsNamedForOrWhoReferToIt() throws {
    var state = try state([
      Sample(
        annotations: [
          "postern.io/users": "- {name: shop, passwordFrom: {secret: login, key: pw}}",
          "postern.io/databases":
            "- {name: orders, scripts: [{name: a, configMap: {name: sql, key: k}}, {name: b, secret: {name: data, key: k}}]}",
        ], uid: "1"), Sample(name: "z", customer: "zeta", uid: "2"),
    ])
    let (secrets, maps) = (Self.sources[3], Self.sources[4])
    for name in ["login", "data", "acme-pg-user-shop", "acme-pg-passwords"] {
      #expect(state.take(.present(try metadata(name)), of: secrets) == [Self.key], "\(name)")
    }
    for name in ["sql", "acme-pg-spec"] {
      #expect(state.take(.present(try metadata(name)), of: maps) == [Self.key], "\(name)")
    }
    for name in ["sql", "other"] { #expect(state.take(.present(try metadata(name)), of: secrets).isEmpty, "\(name)") }
    #expect(nothing(&state, secrets).count == 2)
    #expect(
      Set(state.secretUses(namespace: "shops", name: "login")) == [.password(key: "pw")])
    #expect(state.secretUses(namespace: "shops", name: "data") == [.script(key: "k", name: "b", isTransaction: true)])
    #expect(state.secretUses(namespace: "other", name: "login").isEmpty)
  }

  @Test func whatDeclaresIsKnownUntilItIsDeletedOrDeclaresNoMore() throws {
    func deployment(_ name: String, _ annotations: [String: String]) throws -> JSONValue {
      try Sample(name: name, annotations: annotations, uid: name).manifest()
    }
    let declaring = ["postern.io/users": "shop"]
    let samples = [
      Sample(name: "a", annotations: declaring, uid: "a"), Sample(name: "b", annotations: declaring, uid: "b"),
      Sample(name: "broken", annotations: ["postern.io/users": "- nam: x"], uid: "broken"),
      Sample(kind: "Pod", name: "bare", annotations: declaring, uid: "bare"),
      Sample(kind: "Pod", name: "made", annotations: declaring, uid: "made", replicaSet: "a-1"),
      Sample(name: "silent", annotations: [:], uid: "silent"),
      Sample(name: "other", customer: "other", annotations: declaring, uid: "other"),
      Sample(name: "away", namespace: "away", annotations: declaring, uid: "away"),
    ]
    var state = try state(samples)
    func with(_ member: String, before next: String, in object: JSONValue, _ resource: Resource) throws -> Sighting {
      let text = String(decoding: object.bytes, as: UTF8.self)
      return try Sighting(Array(text.replacing(next, with: member + next, maxReplacements: 1).utf8), resource)
    }
    func names() -> [String] { state.declaring(Self.key).map { "\($0.kind) \($0.name)" }.sorted() }
    #expect(names() == ["Deployment a", "Deployment b", "Deployment broken", "Pod bare"])
    let source = source("Deployment")
    _ = state.take(.present(try Sighting(deployment("a", [:]).bytes, .deployments)), of: source)
    let leaving = #""deletionTimestamp":"2026-11-21T10:47:26Z","#
    _ = state.take(
      .present(try with(leaving, before: #""labels""#, in: deployment("b", declaring), .deployments)), of: source)
    _ = state.take(.deleted(try Sighting(deployment("broken", [:]).bytes, .deployments)), of: source)
    #expect(names() == ["Pod bare"])
    _ = state.take(
      .present(try with(#""status":{"phase":"Succeeded"},"#, before: #""spec""#, in: samples[3].manifest(), .pods)),
      of: self.source("Pod"))
    #expect(names() == [])
    // A declaration that only its Pods show may be gone.
    state[Self.key].unlabelled = try samples[0].sighting().watched?.declarer
    #expect(state[Self.key].unlabelled?.declares == true)
    #expect(names() == [])
  }

  @Test func whatPosternWroteItselfIsNoNews() throws {
    var state = try state([Sample(uid: "1")])
    state.wrote(try live("acme-pg-passwords", version: "7"), of: Self.key)
    let secrets = Self.sources[3]
    func change(_ version: String) throws -> Change<Sighting> {
      .present(try metadata("acme-pg-passwords", version: version))
    }
    #expect(state.take(try change("7"), of: secrets).isEmpty)
    #expect(state.take(try change("8"), of: secrets) == [Self.key])
    #expect(state.take(.deleted(try metadata("acme-pg-passwords", version: "7")), of: secrets) == [Self.key])
    // The watch reports the write before the answer to it arrives.
    state.began(Self.key)
    #expect(state.take(try change("9"), of: secrets).isEmpty)
    state.wrote(try live("acme-pg-passwords", version: "9"), of: Self.key)
    let isKnown = !state.ended(Self.key)
    #expect(isKnown)
    state.began(Self.key)
    #expect(state.take(try change("10"), of: secrets).isEmpty)
    let isNews = state.ended(Self.key)
    #expect(isNews)
  }

  @Test func whatPosternWroteOfACustomerThatIsGoneIsForgotten() throws {
    let sample = Sample(uid: "1")
    var state = try state([sample])
    state.wrote(try live("acme-pg-passwords", version: "7"), of: Self.key)
    _ = state.take(.deleted(try sample.sighting()), of: source(sample.kind))
    #expect(state.take(.present(try metadata("acme-pg-passwords", version: "7")), of: Self.sources[3]).isEmpty)
    #expect(state.ownVersions.isEmpty)
  }
}
