import Admission
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI
import Testing

/// Pods and templates with the label `postern.io/connect`.
@Suite struct ConnectTests {
  private static let user = #"{"name":"A","value":"$(PGHOST)"}"#

  private func application(
    _ connections: String = "shop/orders", container: String = "", spec: String = "", labels: String = "",
    annotations: String = ""
  ) throws -> JSONValue {
    let text = String(decoding: JSONValue.string(connections).bytes, as: UTF8.self)
    return try json(
      """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"postern.io/connect":"acme"\(labels)},
       "annotations":{"postern.io/connections":\(text)\(annotations)}},
       "spec":{"containers":[{"name":"web","image":"web"\(container)},{"name":"worker","image":"web"}]\(spec)}}
      """)
  }

  /// The same Pod as a workload's template.
  private func workload(_ kind: String, _ pod: JSONValue, metadata: String = "") throws -> JSONValue {
    let template = #"{"metadata":\#(pod["metadata"]?.text ?? "{}"),"spec":\#(pod["spec"]?.text ?? "{}")}"#
    let spec =
      kind == "CronJob" ? #"{"jobTemplate":{"spec":{"template":\#(template)}}}"# : #"{"template":\#(template)}"#
    let group = kind.hasSuffix("Job") ? "batch" : "apps"
    return try json(
      #"{"apiVersion":"\#(group)/v1","kind":"\#(kind)","metadata":{"name":"web"\#(metadata)},"spec":\#(spec)}"#)
  }

  static let kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]

  // MARK: What is added

  /// Whatever the Pod has: nothing of the user's is lost or moved, nothing comes twice, ours comes first, and a second
  /// call adds nothing.
  @Test(
    arguments: [
      "", #","volumes":null,"initContainers":null"#, #","volumes":[],"initContainers":[]"#,
      #","volumes":[{"name":"data","emptyDir":{}}],"initContainers":[{"name":"migrate","image":"web"}]"#,
      #","initContainers":[{"name":"mesh","image":"m","restartPolicy":"Always"},{"name":"migrate","image":"web"}]"#,
      #","hostNetwork":true,"securityContext":{"runAsUser":1000},"imagePullSecrets":[{"name":"x"}]"#,
      #","volumes":[{"name":"all","projected":{"sources":[{"secret":{"name":"x"}},{"configMap":{"name":"y"}}]}}]"#,
    ],
    [
      "", #","env":null,"volumeMounts":null"#, #","env":[],"volumeMounts":[]"#,
      #","env":[\#(user),{"name":"PGHOST","value":"mine"}],"volumeMounts":[{"name":"data","mountPath":"/data"}]"#,
      #","env":[\#(user)],"envFrom":[{"secretRef":{"name":"all"}}]"#,
      #","env":[{"name":"SERVICE_BINDING_ROOT","value":"/opt/b/"},\#(user)]"#,
      #","env":[{"name":"SERVICE_BINDING_ROOT","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#,
    ])
  func addsToWhateverIsThere(spec: String, container: String) throws {
    for connections in [
      "shop", "shop/orders", "- {user: shop, env: service, wait: true}", "- {user: shop, env: none}",
      "- {user: a, wait: true}\n- {user: b, name: b, prefix: B_, wait: true}\n- {user: c, name: c.d, containers: [worker], env: none}",
    ] {
      let object = try application(connections, container: container, spec: spec)
      let reply = try post(object, .mutate)
      let admitted = try reply.admitted(object)
      let again = try post(admitted, .mutate)
      #expect(again.isAllowed && again.patch == nil, "\(again.causes)")
      #expect(Set(again.warnings).isSubset(of: Set(reply.warnings)))
      #expect(admitted.at("metadata", "annotations", "postern.io/connected")?.string == "v1")
      for list in ["volumes", "initContainers", "containers"] {
        let names = admitted.at("spec", list)?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(names).count == names.count, "\(list): \(names)")
        let old = object.at("spec", list)?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(names.filter(old.contains) == old)
      }
      for list in ["initContainers", "containers"] {
        for container in admitted.at("spec", list)?.array ?? [] {
          let before = object.at("spec", list)?.array?.first { $0["name"] == container["name"] }
          try check(container, before)
        }
      }
      let waits = admitted.at("spec", "initContainers")?.array?.compactMap { $0["name"]?.string } ?? []
      #expect(waits.contains("postern-wait") == connections.contains("wait: true"))
      if waits.contains("postern-wait") {
        let mesh = waits.filter { $0 == "mesh" }.count
        #expect(waits.firstIndex(of: "postern-wait") == mesh)
      }
    }
  }

  private func check(_ container: JSONValue, _ before: JSONValue?) throws {
    let names = container["env"]?.array?.compactMap { $0["name"]?.string } ?? []
    #expect(Set(names).count == names.count, "\(names)")
    let paths = container["volumeMounts"]?.array?.compactMap { $0["mountPath"]?.string } ?? []
    #expect(Set(paths).count == paths.count, "\(paths)")
    guard let before else { return }
    let old = before["env"]?.array ?? []
    #expect(Array((container["env"]?.array ?? []).suffix(old.count)) == old)
    let mounts = before["volumeMounts"]?.array ?? []
    #expect(Array((container["volumeMounts"]?.array ?? []).prefix(mounts.count)) == mounts)
  }

  @Test func aPodGetsTheSecretsVolumeTheFilesAndTheVariables() throws {
    let object = try application("shop", container: #","env":[\#(Self.user)]"#)
    let admitted = try post(object, .mutate).admitted(object)
    #expect(
      admitted.at("spec", "volumes")
        == (try json(#"[{"name":"postern-connect-0","secret":{"secretName":"acme-pg-user-shop"}}]"#)))
    func key(_ name: String, _ key: String, _ optional: String = "") -> String {
      #"{"name":"\#(name)","valueFrom":{"secretKeyRef":{"name":"acme-pg-user-shop","key":"\#(key)"\#(optional)}}}"#
    }
    let ours = [
      #"{"name":"SERVICE_BINDING_ROOT","value":"/bindings"}"#, key("PGHOST", "host"), key("PGPORT", "port"),
      key("PGUSER", "username"), key("PGPASSWORD", "password"), key("PGDATABASE", "database"),
      key("PGSSLMODE", "sslmode", #","optional":true"#), key("PGSSLROOTCERT", "sslrootcert", #","optional":true"#),
      key("DATABASE_URL", "uri"),
    ].joined(separator: ",")
    #expect(admitted.at("spec", "containers", "0", "env") == (try json("[\(ours),\(Self.user)]")))
    #expect(admitted.at("spec", "containers", "1", "env") == (try json("[\(ours)]")))
    #expect(
      admitted.at("spec", "containers", "0", "volumeMounts")
        == (try json(#"[{"name":"postern-connect-0","mountPath":"/bindings/acme","readOnly":true}]"#)))
  }

  /// The files of a chosen database are its own, and its names may be anything.
  @Test func aChosenDatabaseIsTheOneOfTheFilesToo() throws {
    let object = try application("- {user: Shop, database: 'Or$(X)', env: {DB: database, URL: uri, J: jdbc-uri}}")
    let admitted = try post(object, .mutate).admitted(object)
    let env = try #require(admitted.at("spec", "containers", "0", "env")?.array)
    #expect(env[1] == (try json(#"{"name":"DB","value":"Or$$(X)"}"#)))
    let sources = try #require(admitted.at("spec", "volumes", "0", "projected", "sources")?.array)
    let items = try #require(sources[1]["secret"]?["items"]?.array)
    #expect(items.map { $0["path"]?.string } == ["database", "uri", "jdbc-uri"])
    for (item, variable) in [(items[1], env[2]), (items[2], env[3])] {
      #expect(item["key"] == variable["valueFrom"]?["secretKeyRef"]?["key"])
    }
    #expect(
      sources.allSatisfy { $0["secret"]?["optional"] == nil && $0["secret"]?["name"] == sources[0]["secret"]?["name"] })
  }

  @Test(arguments: [("a$$b", "a$$$$b"), ("a$", "a$$"), ("$$(X)", "$$$$(X)")])
  func theKubeletGivesTheDatabasesNameAsItIs(name: String, value: String) throws {
    let object = try application("- {user: shop, database: '\(name)', env: {DB: database}}")
    let admitted = try post(object, .mutate).admitted(object)
    #expect(admitted.at("spec", "containers", "0", "env", "1", "value")?.string == value)
    #expect(try post(admitted, .mutate).warnings == [])
  }

  @Test func theContainersOwnRootHoldsTheFiles() throws {
    let object = try application(
      "- {user: shop, env: service}", container: #","env":[{"name":"SERVICE_BINDING_ROOT","value":"/opt/b/"}]"#)
    let admitted = try post(object, .mutate).admitted(object)
    #expect(admitted.at("spec", "containers", "0", "volumeMounts", "0", "mountPath")?.string == "/opt/b/acme")
    let env = try #require(admitted.at("spec", "containers", "0", "env")?.array)
    #expect(env.first == (try json(#"{"name":"PGSERVICEFILE","value":"/opt/b/acme/pg_service.conf"}"#)))
    #expect(env.last?["value"]?.string == "/opt/b/")
    #expect(admitted.at("spec", "containers", "1", "volumeMounts", "0", "mountPath")?.string == "/bindings/acme")
  }

  @Test func whatAContainerSetsItselfStaysWithAWarning() throws {
    let object = try application(container: #","env":[{"name":"PGHOST","value":"mine"},{"name":"PGPORT","value":"1"}]"#)
    let reply = try post(object, .mutate)
    #expect(reply.warnings == [#"postern: container "web" sets PGHOST, PGPORT itself: that stays"#])
    let env = try #require(try reply.admitted(object).at("spec", "containers", "0", "env")?.array)
    #expect(env.filter { $0["name"]?.string == "PGHOST" } == [try json(#"{"name":"PGHOST","value":"mine"}"#)])
  }

  /// The init container that waits passes "restricted", and Postern's names in it are those of the sidecar's program.
  @Test(arguments: AdmissionSettings.SidecarUser.allCases)
  func whatWaitsNeedsNoRights(user: AdmissionSettings.SidecarUser) throws {
    var settings = testSettings
    settings.sidecarUser = user
    settings.imagePullSecret = "registry"
    let restricted =
      #","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}"#
    var object = try application(
      "- {user: shop, wait: true}", container: restricted,
      spec: #","securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}"#)
    object = try object.removing("/spec/containers/1")
    let admitted = try post(object, .mutate, settings: settings).admitted(object)
    let wait = try #require(admitted.at("spec", "initContainers", "0"))
    #expect(wait["args"]?.array?.compactMap(\.string) == ["wait", "/bindings/acme"])
    #expect(wait["image"]?.string == testSettings.sidecarImage)
    #expect((wait["securityContext"]?["runAsUser"] != nil) == (user == .fixed))
    #expect(RestrictedViolations(admitted).found == [])
    #expect(admitted.at("spec", "imagePullSecrets", "0", "name")?.string == "registry")
  }

  /// It never takes over a root of the Pod's.
  @Test(
    arguments: [(0, "65532"), (1000, "1000"), (nil, nil)] as [(Int?, String?)])
  func whatWaitsIsNoRoot(podUser: Int?, user: String?) throws {
    var settings = testSettings
    settings.sidecarUser = .namespace
    let object = try application(
      "- {user: shop, wait: true}", spec: podUser.map { #","securityContext":{"runAsUser":\#($0)}"# } ?? "")
    let admitted = try post(object, .mutate, settings: settings).admitted(object)
    let context = admitted.at("spec", "initContainers", "0", "securityContext")
    #expect(context?["runAsUser"] == user.map { .number($0) })
  }

  /// A mesh sets up the network before its proxy starts, and both come before what waits.
  @Test(arguments: [
    (["istio-init", "proxy*", "migrate"], 2), (["proxy*", "migrate", "later*"], 1), (["migrate", "later*"], 0),
    (["istio-validation", "migrate", "istio-init"], 0), (["linkerd-init", "proxy*"], 2), (["istio-init"], 0),
  ])
  func whatWaitsComesAfterAMeshsProxy(names: [String], position: Int) throws {
    let containers = names.map { name in
      let isRunning = name.hasSuffix("*")
      let policy = isRunning ? #","restartPolicy":"Always""# : ""
      return #"{"name":"\#(isRunning ? String(name.dropLast()) : name)","image":"m"\#(policy)}"#
    }
    let object = try application(
      "- {user: shop, wait: true}", spec: #","initContainers":[\#(containers.joined(separator: ","))]"#)
    let admitted = try post(object, .mutate).admitted(object)
    let all = admitted.at("spec", "initContainers")?.array?.compactMap { $0["name"]?.string }
    #expect(all?.firstIndex(of: "postern-wait") == position, "\(all ?? [])")
    #expect(try post(admitted, .mutate).patch == nil)
  }

  /// What other webhooks have added is no application, unless it is named.
  @Test(arguments: [
    "istio-proxy", "linkerd-proxy", "daprd", "vault-agent", "kuma-sidecar", "consul-dataplane", "queue-proxy",
  ])
  func aProxyGetsNoPassword(name: String) throws {
    for (connections, isGiven) in [("shop", false), ("- {user: shop, containers: [\(name)]}", true)] {
      for list in ["containers", "initContainers"] {
        let object = try application(connections, spec: #","initContainers":[{"name":"migrate","image":"web"}]"#)
          .adding("/spec/\(list)/0", #"{"name":"\#(name)","image":"p"}"#)
        let admitted = try post(object, .mutate).admitted(object)
        let proxy = try #require(admitted.at("spec", list)?.array?.first { $0["name"]?.string == name })
        #expect((proxy["env"] != nil) == isGiven && (proxy["volumeMounts"] != nil) == isGiven)
        let web = try #require(admitted.at("spec", "containers")?.array?.first { $0["name"]?.string == "web" })
        #expect((web["env"] != nil) != isGiven)
      }
    }
  }

  @Test(arguments: [
    ("", false), (#","hostNetwork":false"#, false), (#","hostNetwork":true"#, true), (#","dnsPolicy":"Default""#, true),
    (#","hostNetwork":true,"dnsPolicy":"ClusterFirst""#, true), (#","dnsPolicy":"ClusterFirst""#, false),
    (#","hostNetwork":true,"dnsPolicy":"ClusterFirstWithHostNet""#, false),
    (#","hostNetwork":null,"dnsPolicy":null"#, false),
    (#","hostNetwork":true,"dnsPolicy":"None","dnsConfig":{"nameservers":["10.0.0.10"]}"#, false),
  ])
  func aPodThatAsksTheNodesResolverIsWarnedOf(spec: String, isWarned: Bool) throws {
    let object = try application("shop", spec: spec)
    let reply = try post(object, .mutate)
    #expect(reply.isAllowed && reply.warnings.contains { $0.contains("ClusterFirstWithHostNet") } == isWarned)
    #expect(reply.warnings.allSatisfy { !$0.hasSuffix("…") })
  }

  /// A plugin of the node's network leads the Pod's traffic to a proxy that runs only later. Its user gets past it.
  @Test(arguments: [
    ("istio-validation", "istio-proxy", #""securityContext":{"runAsUser":1337}"#, 1337),
    ("istio-validation", "istio-proxy", #""securityContext":{"runAsUser":1000830001}"#, 1_000_830_001),
    ("linkerd-network-validator", "linkerd-proxy", #""securityContext":{"runAsUser":2102}"#, 2102),
    ("kuma-validation", "kuma-sidecar", #""securityContext":{"runAsUser":5678}"#, 5678),
    // Without a plugin what waits comes before the redirection; a proxy among the init containers runs before it.
    ("istio-init", "istio-proxy", #""securityContext":{"runAsUser":1337}"#, 65532),
    ("istio-validation", "other", #""securityContext":{"runAsUser":1337}"#, 65532),
    ("istio-validation", "istio-proxy", #""securityContext":{}"#, 65532),
    ("istio-validation", "istio-proxy", #""securityContext":null"#, 65532),
    ("istio-validation", "istio-proxy", #""securityContext":{"runAsUser":0}"#, 65532),
  ])
  func whatWaitsGetsPastAProxyThatRunsLater(check: String, proxy: String, security: String, user: Int) throws {
    let object = try application(
      "- {user: shop, wait: true}", spec: #","initContainers":[{"name":"\#(check)","image":"m"}]"#
    ).adding("/spec/containers/0", #"{"name":"\#(proxy)","image":"p",\#(security)}"#)
    let admitted = try post(object, .mutate).admitted(object)
    let wait = try #require(
      admitted.at("spec", "initContainers")?.array?.first { $0["name"]?.string == "postern-wait" })
    #expect(wait["securityContext"]?["runAsUser"] == .number(String(user)))
  }

  /// What waits may be outside of the mesh, which a database may refuse.
  @Test(
    arguments: [
      (#""sidecar.istio.io/inject":"true""#, "", "", "unless the mesh's proxy"),
      (#""sidecar.istio.io/inject":"false""#, "", "", nil),
      ("", #""linkerd.io/inject":"enabled""#, "", "unless the mesh's proxy"),
      ("", #""kuma.io/sidecar-injection":"enabled""#, "", "unless the mesh's proxy"),
      ("", "", #"{"name":"istio-proxy","image":"p"}"#, "whose proxy runs later"),
      (#""sidecar.istio.io/inject":"true""#, "", #"{"name":"istio-proxy","image":"p"}"#, "whose proxy runs later"),
      (
        #""sidecar.istio.io/inject":"true""#, "", #"i{"name":"istio-proxy","image":"p","restartPolicy":"Always"}"#, nil
      ),
      ("", "", "", nil),
    ] as [(String, String, String, String?)])
  func whatWaitsOutsideOfAMeshIsWarnedOf(labels: String, annotations: String, proxy: String, message: String?) throws {
    for (wait, isTold) in [("true", true), ("false", false)] {
      var object = try application(
        "- {user: shop, wait: \(wait)}", labels: labels.isEmpty ? "" : "," + labels,
        annotations: annotations.isEmpty ? "" : "," + annotations)
      if proxy.hasPrefix("i") {
        object = try object.adding("/spec/initContainers", "[\(proxy.dropFirst())]")
      } else if !proxy.isEmpty {
        object = try object.adding("/spec/containers/0", proxy)
      }
      let warnings = [try post(object, .mutate)] + (try Self.kinds.map { try post(workload($0, object), .validate) })
      for reply in warnings {
        #expect(reply.isAllowed && reply.warnings.count == (isTold && message != nil ? 1 : 0), "\(reply.warnings)")
        #expect(reply.warnings.allSatisfy { $0.contains(message ?? "") && !$0.hasSuffix("…") }, "\(reply.warnings)")
      }
    }
  }

  /// What else is mounted near the connection's files.
  @Test(
    arguments: [
      ("/bindings/acme/", "emptyDir", "", "mounted at /bindings/acme,", true),
      ("/bindings//acme", "emptyDir", "", "mounted at /bindings/acme,", true),
      ("bindings/./acme", "emptyDir", "", "mounted at /bindings/acme,", true),
      ("/bindings/acme/password", "secret", #","subPath":"p""#, "is a file of the connection's", true),
      ("/bindings/acme//pg_service.conf", "emptyDir", "", "is a file of the connection's", true),
      ("/bindings/acme/uri.x/y", "emptyDir", "", "is a file of the connection's", true),
      ("/bindings/acme/extra", "emptyDir", "", nil, false),
      ("/bindings/acme/ca.crt", "secret", #","subPath":"ca.crt""#, "must be a folder", false),
      ("/bindings/acme/ca.crt", "secret", #","subPathExpr":"$(X)""#, "must be a folder", false),
      ("/bindings", "emptyDir", #","readOnly":true"#, nil, false),
      ("/bindings", "projected", #","readOnly":true"#, nil, false),
      ("/bindings/", "persistentVolumeClaim", #","readOnly":true"#, "without a folder for /bindings/acme", false),
      ("/bindings", "persistentVolumeClaim", "", nil, false),
      ("/bindings/acme2", "persistentVolumeClaim", #","readOnly":true"#, nil, false),
    ] as [(String, String, String, String?, Bool)])
  func whatIsMountedNearTheFiles(path: String, kind: String, more: String, message: String?, isRefused: Bool) throws {
    let object = try application(
      "shop", container: #","volumeMounts":[{"name":"x","mountPath":"\#(path)"\#(more)}]"#,
      spec: #","volumes":[{"name":"x","\#(kind)":{}}]"#)
    let reply = try post(object, .mutate)
    #expect(reply.isAllowed != isRefused, "\(reply.causes)")
    let told = reply.causes.map(\.message) + reply.warnings
    #expect(told.count == (message == nil ? 0 : 1) && told.allSatisfy { $0.contains(message ?? "") }, "\(told)")
    for kind in Self.kinds {
      let review = try post(workload(kind, object), .validate)
      #expect(review.causes.map(\.message) + review.warnings == told)
    }
    guard reply.isAllowed else { return }
    let admitted = try reply.admitted(object)
    #expect(try post(admitted, .mutate).patch == nil)
  }

  /// A long root is repeated for each connection, so it is not taken.
  @Test func aLongRootDoesNotMakeAHugePatch() throws {
    let connections = (0..<32).map { "- {user: u\($0), name: n\($0), prefix: P\($0)_, env: service}" }
    let root = "/" + String(repeating: "a", count: 100_000)
    let object = try application(
      connections.joined(separator: "\n"), container: #","env":[{"name":"SERVICE_BINDING_ROOT","value":"\#(root)"}]"#)
    let reply = try post(object, .mutate)
    #expect((reply.patch?.count ?? 0) < 100_000)
    let mount = try reply.admitted(object).at("spec", "containers", "0", "volumeMounts", "0")
    #expect(mount?["mountPath"]?.string == "/bindings/n0")
  }

  // MARK: Both

  @Test func aPodThatHoldsAPostgresMayConnectToAnother() throws {
    let object = try json(
      """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","labels":{"postern.io/customer":"b","postern.io/connect":"acme"},
       "annotations":{"postern.io/users":"x","postern.io/connections":"shop"}},
       "spec":{"containers":[{"name":"postgres","image":"postgres:17"},{"name":"sync","image":"web"}]}}
      """)
    let first = try post(object, .mutate).admitted(object)
    #expect(first.at("metadata", "annotations", "postern.io/injected") != nil)
    let second = try post(first, .mutate).admitted(first)
    #expect(try post(second, .mutate).patch == nil)
    let containers = try #require(second.at("spec", "containers")?.array)
    #expect(containers[0]["env"]?.text.contains("PGHOST") == false)
    #expect(containers[1]["env"]?.text.contains("PGHOST") == true)
    #expect(second.at("spec", "initContainers", "0", "env")?.text.contains("PGHOST") == false)
    for path in AdmissionPath.allCases { #expect(try post(second, path).isAllowed) }
    // Its own label is enough for a warning-free review without a Postgres in it.
    let other = try object.removing("/metadata/annotations/postern.io~1users").removing("/spec/containers/0")
    #expect(try post(other, .mutate).admitted(other).at("metadata", "annotations", "postern.io/connected") != nil)
  }

  // MARK: Refusals

  @Test(arguments: [
    (
      "- {user: shop, containers: [wrker]}", "", #"no container "wrker"; did you mean "worker"?"#,
      "[0].containers[0]"
    ),
    ("- {user: shop, containers: [database]}", "", #"there is "web", "worker""#, "[0].containers[0]"),
    ("- {user: shop, wait: true}", #","os":{"name":"windows"}"#, "a program for Linux", "[0].wait"),
    (
      "shop", #","volumes":[{"name":"postern-connect-0","emptyDir":{}}]"#, "the name of what Postern adds", "volumes[0]"
    ),
    (
      "shop", #","volumes":[{"name":"postern-connect-0","secret":{"secretName":"x"}}]"#, "the name of what",
      "volumes[0]"
    ),
    (
      "- {user: shop, wait: true}", #","initContainers":[{"name":"postern-wait"}]"#, "the name of what",
      "initContainers[0]"
    ),
    (
      "shop", #","initContainers":[{"name":"i","volumeMounts":[{"name":"x","mountPath":"/bindings/acme/"}]}]"#,
      "mounted at /bindings/acme", "initContainers[0].volumeMounts"
    ),
    ("shop:x", "", "neither USER nor", "[0]"), ("- shop\n- b", "", "two connections are called", "[1]"),
  ])
  func refusesTheSameInAPodAndInEveryTemplate(connections: String, spec: String, message: String, field: String) throws
  {
    let pod = try application(connections, spec: spec)
    let reply = try post(pod, .mutate)
    #expect(reply.causes.contains { $0.message.contains(message) && $0.field.contains(field) }, "\(reply.causes)")
    for kind in Self.kinds {
      let object = try workload(kind, pod)
      let refused = try post(object, .validate)
      let prefix = kind == "CronJob" ? "spec.jobTemplate.spec.template." : "spec.template."
      #expect(refused.causes.map(\.message) == reply.causes.map(\.message))
      #expect(refused.fields == reply.fields.map { prefix + $0 }, "\(refused.fields)")
      #expect(try post(object, .mutate).patch == nil)
      // What nobody changed is not refused, whatever the rules.
      let scaled = try object.adding("/spec/replicas", "3")
      #expect(try post(scaled, .validate, replacing: object).isAllowed)
      let edited = try object.adding("/metadata/labels", #"{"postern.io/connect":"x"}"#)
      #expect(try !post(edited, .validate, replacing: object).isAllowed)
    }
  }

  @Test func waitingInThePodOfTheSamePostgresIsRefused() throws {
    func pod(_ connect: String) throws -> JSONValue {
      try json(
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","labels":{"postern.io/customer":"acme","postern.io/connect":"\(connect)"},
         "annotations":{"postern.io/users":"shop","postern.io/connections":"- {user: shop, wait: true}"}},
         "spec":{"containers":[{"name":"postgres","image":"postgres:17"},{"name":"exporter","image":"x"}]}}
        """)
    }
    #expect(
      try post(pod("acme"), .mutate).causes.map(\.field) == ["metadata.annotations[postern.io/connections][0].wait"])
    #expect(try post(pod("other"), .mutate).isAllowed)
    for kind in ["Deployment", "StatefulSet"] {
      #expect(try !post(workload(kind, pod("acme")), .validate).isAllowed)
    }
  }

  @Test func noPodThatMayHoldAPostgresIsToBeRestarted() throws {
    let pod = try application("- {user: shop, restart: true}", labels: #","postern.io/customer":"b""#)
    let field = "metadata.annotations[postern.io/connections][0].restart"
    #expect(try post(pod, .mutate).fields == [field])
    for kind in ["Deployment", "StatefulSet"] {
      #expect(try post(workload(kind, pod), .validate).fields == ["spec.template.\(field)"])
    }
  }

  /// What ends by itself, and what nothing makes anew, is told; what the webhook was told about the rights, too.
  @Test(arguments: kinds + ["Pod"], [true, false, nil]) func whatIsNotRestartedIsWarnedOf(kind: String, may: Bool?)
    throws
  {
    var settings = testSettings
    settings.restarts = may
    let pod = try application("- {user: shop, restart: true}")
    let isPod = kind == "Pod"
    let object = try isPod ? pod : workload(kind, pod)
    let reply = try post(object, isPod ? .mutate : .validate, settings: settings)
    var expected: [String] = []
    switch kind {
    case "Job":
      expected = [#"connection "acme", restart: Postern does not restart a Job's Pods, which end by themselves"#]
    case "CronJob":
      expected = [#"connection "acme", restart: Postern does not restart a CronJob's Pods, which end by themselves"#]
    case "Pod": expected = [#"connection "acme", restart: Postern does not restart a Pod that nothing would make anew"#]
    default: break
    }
    if may == false {
      expected.append(
        "restart: this Postern may restart no Pods; an admin adds overlays/restart (chart: restarts.enabled)"
      )
    }
    #expect(reply.isAllowed && Set(reply.warnings) == Set(expected.map { "postern: \($0)" }), "\(reply.warnings)")
    // Nobody reads warnings about a Pod that a controller makes.
    let made = try pod.adding(
      "/metadata/ownerReferences",
      #"[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"1","controller":true}]"#)
    #expect(try post(made, .mutate, settings: settings).warnings == [])
  }

  @Test(arguments: kinds) func theLabelAloneOnAWorkloadIsRefused(kind: String) throws {
    let bare = try application().removing("/metadata/labels").removing("/metadata/annotations")
    let labelled = try workload(kind, bare, metadata: #","labels":{"postern.io/connect":"acme"}"#)
    let refused = try post(labelled, .validate)
    #expect(refused.fields == ["metadata.labels[postern.io/connect]"])
    #expect(refused.causes.first?.message.contains("template.metadata.labels") == true)
    let annotated = try workload(
      kind, try application().removing("/metadata/annotations"),
      metadata: #","annotations":{"postern.io/connections":"shop"}"#)
    #expect(try post(annotated, .validate).fields == ["metadata.annotations[postern.io/connections]"])
    let unlabelled = try post(workload(kind, application().removing("/metadata/labels")), .validate)
    #expect(unlabelled.isAllowed && unlabelled.warnings.first?.contains("needs label") == true)
    #expect(try post(workload(kind, bare), .validate).warnings == [])
  }

  @Test func allMistakesComeInOneAnswer() throws {
    let object = try json(
      """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","labels":{"postern.io/customer":"b","postern.io/connect":"ACME"},
       "annotations":{"postern.io/users":"[{name: x, grnts: {}}]","postern.io/connections":"- {user: shop, env: x, containers: [y]}\\n- {usr: a}"}},
       "spec":{"containers":[{"name":"postgres","image":"postgres:17"}]}}
      """)
    let fields = try post(object, .mutate).fields
    for text in ["postern.io/users", "labels[postern.io/connect]", "connections][0].env", "connections][1]"] {
      #expect(fields.contains { $0.contains(text) }, "\(text): \(fields)")
    }
  }

  /// A small review is not answered by a huge patch, and not decided for long.
  @Test func manyContainersAndConnectionsStaySmall() throws {
    let containers = (0..<9_000).map { #"{"name":"c\#($0)"}"# }.joined(separator: ",")
    let connections = (0..<32).map { "- {user: u\($0), name: n\($0), prefix: P\($0)_}" }.joined(separator: "\n")
    let object = try application(connections).adding("/spec/containers", "[\(containers)]")
    let reply = try post(object, .mutate)
    #expect(
      reply.causes.map(\.message) == ["more than 10000 variables and mounts would be added; name fewer containers"])
    let unknown = (0..<9_000).map { "x\($0)" }.joined(separator: ", ")
    let named = try application("- {user: shop, containers: [\(unknown)]}").adding(
      "/spec/containers", "[\(containers)]")
    let causes = try post(named, .mutate).answer.record.causes
    #expect(causes == 1001, "no more are made than are told")
  }

  @Test func whatIsLeftAloneIsLeftAlone() throws {
    for object in [
      try application(annotations: #","postern.io/inject":"false""#),
      try application(annotations: #","kubernetes.io/config.mirror":"x""#),
    ] {
      let reply = try post(object, .mutate)
      #expect(reply.isAllowed && reply.patch == nil && reply.warnings.isEmpty)
    }
    #expect(try post(application(), .mutate, namespace: "kube-system").patch == nil)
    let other = try json(#"{"apiVersion":"x/v1","kind":"Pod","metadata":{"labels":{"postern.io/connect":"a"}}}"#)
    #expect(try post(other, .mutate).patch == nil)
  }

  // MARK: What is known of the cluster

  @Test(
    arguments: [
      ("shop/orders", []), ("shop", []), ("reader/orders", []),
      ("shpo/orders", [#"customer "acme" has no user "shpo"; did you mean "shop"?"#]),
      ("nobody", [#"customer "acme" has no user "nobody": Pods wait for Secret acme-pg-user-nobody"#]),
      ("gone", [#"customer "acme" has no user "gone": Pods wait for Secret acme-pg-user-gone"#]),
      ("idle", [#"user "idle" may use no database of customer "acme": give it a grant"#]),
      ("shop/odrers", [#"user "shop" has no grant on database "odrers"; did you mean "orders"?"#]),
      ("idle/orders", [#"user "idle" has no grant on database "orders": Pods wait until it has one"#]),
      ("- {user: a, customer: none}", [#"no customer "none" here yet: Pods wait for Secret none-pg-user-a"#]),
      ("- {user: a, customer: broken}", []),
    ] as [(String, [String])])
  func whatMayNeverWorkIsWarnedOf(connections: String, expected: [String]) throws {
    var settings = testSettings
    let declaration = try #require(
      Declaration.parse(
        customer: "acme",
        annotations: [
          "postern.io/users":
            "[shop, {name: reader, grants: {orders: read}}, idle, {name: gone, ensure: absent}]",
          "postern.io/databases": "[{name: orders, owner: shop}]",
        ]
      ).declaration)
    settings.customers = { _, customer in
      switch customer {
      case "acme": .declared(declaration)
      case "broken": .unreadable
      default: .absent
      }
    }
    let pod = try application(connections)
    #expect(try post(pod, .mutate, settings: settings).warnings == expected.map { "postern: \($0)" })
    for kind in Self.kinds {
      let reply = try post(workload(kind, pod), .validate, settings: settings)
      #expect(reply.isAllowed && reply.warnings == expected.map { "postern: \($0)" })
    }
    // Nobody sees what is said about a Pod that a controller makes.
    #expect(try post(pod.ownedByController("ReplicaSet", "web-1"), .mutate, settings: settings).warnings == [])
  }
}
