import Admission
import JSONBytes
import JSONPatch
import KubernetesAPI
import Testing

@Suite struct InjectionTests {
  /// Pods that lack the lists that the patch adds to, or have them empty or null.
  @Test(
    arguments: [
      "", #","volumes":null,"initContainers":null"#, #","volumes":[],"initContainers":[]"#,
      #","volumes":[{"name":"data","emptyDir":{}}],"initContainers":[{"name":"init","image":"busybox"}]"#,
    ],
    [
      "", #","env":null,"volumeMounts":null"#, #","env":[],"volumeMounts":[]"#,
      #","env":[{"name":"A","value":"b"}],"volumeMounts":[{"name":"data","mountPath":"/data"}]"#,
    ])
  func addsToWhateverIsThere(spec: String, container: String) throws {
    let object = try pod(container: container, spec: spec)
    let admitted = try post(object, .mutate).admitted(object)
    let postgres = admitted.at("spec", "containers", "0")
    let had = { (value: JSONValue?) in value?.array ?? [] }
    let before = object.at("spec", "containers", "0")
    #expect(admitted.at("metadata", "annotations") == (try json(#"{"postern.io/injected":"v1"}"#)))
    #expect(
      had(postgres?["env"])
        == had(before?["env"])
        + [
          try json(#"{"name":"POSTGRES_USER_FILE","value":"/etc/postern-admin/username"}"#),
          try json(#"{"name":"POSTGRES_PASSWORD_FILE","value":"/etc/postern-admin/password"}"#),
        ])
    #expect(
      had(postgres?["volumeMounts"])
        == had(before?["volumeMounts"])
        + [try json(#"{"name":"postern-admin","mountPath":"/etc/postern-admin","readOnly":true}"#)])
    let names = { (path: String) in had(admitted.at("spec", path)).map { $0["name"]?.string } }
    let old = { (path: String) in had(object.at("spec", path)).map { $0["name"]?.string } }
    #expect(names("volumes") == old("volumes") + ["postern", "postern-status", "postern-admin"])
    #expect(names("initContainers") == old("initContainers") + ["postern"])
    #expect(
      had(admitted.at("spec", "volumes")).last
        == (try json(#"{"name":"postern-admin","secret":{"secretName":"acme-pg-admin"}}"#)))
  }

  @Test func annotationsThatAreThereStay() throws {
    let object = try pod(metadata: #","annotations":{"a/b~c":"é","postern.io/users":"shop"}"#)
    #expect(
      try post(object, .mutate).admitted(object)["metadata"]?["annotations"]
        == json(#"{"a/b~c":"é","postern.io/users":"shop","postern.io/injected":"v1"}"#))
  }

  @Test func unknownFieldsSurviveAndEscapedKeysAreRead() throws {
    let object = try json(
      #"""
      {"apiVersion":"v1","kind":"Pod","future":[1.50,{"~/":null}],
       "metadata":{"name":"db","labels":{"post\u0065rn.io/customer":"acme","é/~":"1"},"new":{}},
       "sp\u0065c":{"containers":[{"name":"db","image":"postgres","later":{"x":[]}}],"tomorrow":true}}
      """#)
    let admitted = try post(object, .mutate).admitted(object)
    #expect(admitted["future"] == object["future"])
    #expect(admitted.at("metadata", "labels") == object.at("metadata", "labels"))
    #expect(admitted.at("metadata", "new") == (try json("{}")))
    #expect(admitted.at("spec", "tomorrow") == .bool(true))
    #expect(admitted.at("spec", "containers", "0", "later") == (try json(#"{"x":[]}"#)))
  }

  /// A webhook in either mode that is called again after other webhooks (`reinvocationPolicy: IfNeeded`), or that gets
  /// a Pod which a webhook in the other mode has injected.
  @Test(arguments: AdmissionSettings.SidecarMode.allCases, AdmissionSettings.SidecarMode.allCases)
  func injectingTwiceIsInjectingOnce(
    first: AdmissionSettings.SidecarMode, then: AdmissionSettings.SidecarMode
  ) throws {
    for name in ["04-pod-create", "06-pod-create", "07-pod-create"] {
      let object = try #require(try JSONValue(parsing: try fixture(name))["request"]?["object"])
      let once = try post(object, .mutate, settings: AdmissionSettings(sidecarMode: first)).admitted(object)
      #expect(once != object)
      for changed in try [once, turned(once), others(once, at: "0"), others(once, at: "-")] {
        let again = try post(changed, .mutate, settings: AdmissionSettings(sidecarMode: then))
        #expect(again.isAllowed && again.patch == nil && again.warnings.isEmpty, "\(again.causes)")
      }
    }
  }

  @Test func aClassicSidecarIsOneMoreContainer() throws {
    let object = try pod(spec: #","initContainers":[{"name":"init"}]"#)
    let classic = try post(object, .mutate, settings: AdmissionSettings(sidecarMode: .classic)).admitted(object)
    let native = try post(object, .mutate, settings: AdmissionSettings(sidecarMode: .native)).admitted(object)
    #expect(classic.at("spec", "initContainers")?.array?.count == 1)
    #expect(classic.at("spec", "containers", "1", "restartPolicy") == nil)
    #expect(native.at("spec", "initContainers", "1", "restartPolicy")?.string == "Always")
    #expect(
      try classic.at("spec", "containers", "1")
        == native.at("spec", "initContainers", "1")?.removing("/restartPolicy"))
  }

  /// The user's own containers and volumes with our names.
  @Test(arguments: [
    (#","initContainers":[{"name":"a"},{"name":"postern"}]"#, "spec.initContainers[1].name", "postern"),
    (#","volumes":[{"name":"postern","emptyDir":{}}]"#, "spec.volumes[0].name", "postern"),
    (#","volumes":[{"name":"x"},{"name":"postern-status"}]"#, "spec.volumes[1].name", "postern-status"),
    (#","volumes":[{"name":"postern-admin"}]"#, "spec.volumes[0].name", "postern-admin"),
  ])
  func refusesTheUsersOwnThingsWithOurNames(spec: String, field: String, name: String) throws {
    let reply = try post(pod(spec: spec), .mutate)
    #expect(reply.fields == [field])
    #expect(reply.causes.first?.message.contains("\"\(name)\"") == true)
    let workload = try deployment(podSpec: #"{"containers":[{"name":"db","image":"postgres"}]\#(spec)}"#)
    #expect(try post(workload, .validate).fields == ["spec.template.\(field)"])
  }

  /// A StatefulSet's Pods get a volume for each claim.
  @Test func aClaimWithOurNameIsRefused() throws {
    for (name, isRefused) in [("postern", true), ("postern-admin", true), ("data", false)] {
      let claims = #"[{"metadata":{"name":"other"}},{"spec":{},"metadata":{"labels":{},"name":"\#(name)"}}]"#
      let workload = try deployment(kind: "StatefulSet").adding("/spec/volumeClaimTemplates", claims)
      for path in AdmissionPath.allCases {
        #expect(
          try post(workload, path).fields == (isRefused ? ["spec.volumeClaimTemplates[1].metadata.name"] : []))
      }
    }
  }

  @Test func aUsersContainerWithOurNameIsRefused() throws {
    let object = try pod().adding("/spec/containers/-", #"{"name":"postern","image":"mine"}"#)
    let reply = try post(object, .mutate)
    #expect(reply.fields == ["spec.containers[1].name"])
    #expect(reply.causes.first?.reason == "FieldValueDuplicate")
  }

  /// The mark alone does not make a Pod injected: the annotation may have been copied.
  @Test func ourMarkWithoutTheSidecarIsNoInjection() throws {
    let marked = try pod(metadata: #","annotations":{"postern.io/injected":"v1"}"#)
    let admitted = try post(marked, .mutate).admitted(marked)
    #expect(admitted.at("spec", "initContainers", "0", "name")?.string == "postern")
    let withVolume = try marked.adding("/spec/volumes", #"[{"name":"postern"}]"#)
    #expect(try post(withVolume, .mutate).fields == ["spec.volumes[0].name"])
  }

  /// The patch copies nothing of the Pod and repeats nothing, so the patch for 1,500 items equals the patch for one.
  @Test(arguments: [
    ("/spec/containers/0/env", #"{"name":"VARIABLE_@","value":"@"}"#),
    ("/spec/containers/0/env", #"{"name":"POSTGRES_VARIABLE_@","value":"@"}"#),
    ("/spec/containers/0/volumeMounts", #"{"name":"data","mountPath":"/data/@"}"#),
    ("/spec/containers/0/envFrom", #"{"prefix":"P@_","configMapRef":{"name":"c"}}"#),
    ("/spec/containers/0/ports", #"{"name":"p@","containerPort":5432}"#), ("/spec/volumes", #"{"name":"v@"}"#),
    ("/spec/initContainers", #"{"name":"i@"}"#), ("/spec/tolerations", #"{"key":"@"}"#),
  ])
  func fifteenHundredOfAnythingGiveThePatchOfOne(list: String, element: String) throws {
    func object(_ count: Int) throws -> JSONValue {
      let elements = (0..<count).map { element.replacing("@", with: String($0)) }.joined(separator: ",")
      return try pod().adding(list, "[\(elements)]")
    }
    let many = try object(1500)
    let reply = try post(many, .mutate)
    #expect(try reply.patch == post(object(1), .mutate).patch)
    let path = list.split(separator: "/").map(String.init)
    let before = path.reduce(many as JSONValue?) { value, token in value?.at(token) }
    let after = try path.reduce(reply.admitted(many) as JSONValue?) { value, token in value?.at(token) }
    #expect(after?.array?.prefix(1500).elementsEqual(before?.array ?? []) == true)
  }

  @Test func fifteenHundredAnnotationsStay() throws {
    let annotations = (0..<1500).map { #""example.com/a-\#($0)":"\#($0)""# }.joined(separator: ",")
    let object = try pod(metadata: #","annotations":{\#(annotations)}"#)
    let reply = try post(object, .mutate)
    #expect(try reply.patch == post(pod(metadata: #","annotations":{"a":"b"}"#), .mutate).patch)
    let expected = try object.adding("/metadata/annotations/postern.io~1injected", #""v1""#)
    #expect(try reply.admitted(object)["metadata"] == expected["metadata"])
  }

  /// Labels and annotations of others, with every character that a JSON pointer or a JSON string must escape.
  @Test func keysAndValuesOfEveryKindStayAsTheyAre() throws {
    let odd = #""a/b":"1","a~1b":"2","~":"3","~0/~1":"4","é.example/ü":"é","🐘":"\"\\\u0001","":"","e\u0301":"5""#
    let object = try json(
      """
      {"apiVersion":"v1","kind":"Pod",
       "metadata":{"name":"db","labels":{\(odd),"postern.io/customer":"acme"},"annotations":{\(odd)}},
       "spec":{"containers":[{"name":"db","image":"postgres:17"}]}}
      """)
    let admitted = try post(object, .mutate).admitted(object)
    let expected = try object.adding("/metadata/annotations/postern.io~1injected", #""v1""#)
    #expect(admitted["metadata"] == expected["metadata"])
    let workload = try deployment(
      annotations: "{\(odd)}", templateMetadata: #"{"labels":{\#(odd)},"annotations":{\#(odd)}}"#)
    let labelled = try workload.adding("/spec/template/metadata/labels/postern.io~1customer", #""acme""#)
    #expect(try post(workload, .mutate).admitted(workload) == labelled)
  }

  @Test func hostNetworkIsLeftAloneAndSaidSo() throws {
    let reply = try post(pod(spec: #","hostNetwork":true"#), .mutate)
    #expect(reply.isAllowed && reply.patch == nil && reply.warnings.count == 1)
    #expect(reply.answer.record.decision == .allowedWithWarnings)
    #expect(try post(pod(spec: #","hostNetwork":false"#), .mutate).patch != nil)
  }

  /// Which container is taken as Postgres.
  @Test(arguments: [
    (#"{"name":"a"},{"name":"postgres"}"#, "", 1),
    (#"{"name":"a"},{"name":"postgres","image":"acme/postgres-with-backup:16"}"#, "", 1),
    (#"{"name":"a","image":"postgis/postgis:17-3.5"},{"name":"b","image":"x"}"#, "", 0),
    (#"{"name":"a","image":"x"},{"name":"b","image":"reg.io:5000/bitnami/postgresql@sha256:00"}"#, "", 1),
    (#"{"name":"a","image":"x"},{"name":"b","image":"timescale/timescaledb:latest-pg17"}"#, "", 1),
    (#"{"name":"a","image":"x"},{"name":"b","image":"pgvector/pgvector:pg17"}"#, "", 1),
    (#"{"name":"a","image":"x"},{"name":"b","image":"postgres@sha256:0123"}"#, "", 1),
    (#"{"name":"a","image":"x"},{"name":"b","image":"postgres:17.4@sha256:0123"}"#, "", 1),
    (#"{"name":"a","image":"localhost:5000/x"},{"name":"b","image":"localhost:5000/postgres"}"#, "", 1),
    (#"{"name":"a","image":"postgres:5000/x"},{"name":"b","image":"[::1]:5000/a/postgresql:17"}"#, "", 1),
    (#"{"name":"proxy","image":"envoy"},{"name":"b","image":"postgres"},{"name":"exporter","image":"y"}"#, "", 1),
    (#"{"name":"a","image":"anything","ports":[{"containerPort":5432}]}"#, "", 0),
    (#"{"name":"postgres","image":"postgres"},{"name":"other","image":"y"}"#, "other", 1),
    (#"{"name":"a","image":"postgres"},{"name":"b","image":"postgres-exporter"}"#, "", 0),
    (#"{"name":"a","image":"postgres"},{"name":"postgres","image":"postgres-exporter"}"#, "", 0),
    (#"{"name":"a","image":"postgres"},{"name":"tools","image":"postgres","command":["sleep","infinity"]}"#, "", 0),
    (
      #"{"name":"a","image":"x","ports":[{"containerPort":5432}]},{"name":"postgres","image":"acme/postgres-operator"}"#,
      "", 0
    ),
    (#"{"name":"postgres","image":"postgres","command":["sleep","infinity"]},{"name":"b"}"#, "postgres", 0),
  ])
  func findsThePostgresContainer(containers: String, annotation: String, index: Int) throws {
    let annotations = annotation.isEmpty ? "" : #","annotations":{"postern.io/container":"\#(annotation)"}"#
    let object = try pod(metadata: annotations).adding("/spec/containers", "[\(containers)]")
    let admitted = try post(object, .mutate).admitted(object)
    let isGivenAPassword = admitted.at("spec", "containers")?.array?.map { $0["env"] != nil }
    #expect(isGivenAPassword?.enumerated().filter(\.element).map(\.offset) == [index])
  }

  @Test(arguments: [
    (#"{"name":"a","image":"x"},{"name":"b","image":"y"}"#, "", "\"a\", \"b\""),
    (#"{"name":"a","image":"postgres"},{"name":"b","image":"postgres"}"#, "", "\"a\", \"b\""),
    (#"{"name":"postgres"}"#, "gone", "no container \"gone\""),
  ])
  func saysWhichContainersThereAreWhereItCannotTell(containers: String, annotation: String, says: String) throws {
    let setting = annotation.isEmpty ? #""postern.io/users":"a""# : #""postern.io/container":"\#(annotation)""#
    let annotations = #","annotations":{\#(setting)}"#
    let reply = try post(pod(metadata: annotations).adding("/spec/containers", "[\(containers)]"), .mutate)
    #expect(reply.fields == ["metadata.annotations[postern.io/container]"])
    #expect(reply.causes.first?.message.contains(says) == true)
  }

  @Test(arguments: [
    ("", "", "5432"), (#","ports":[{"containerPort":6000},{"containerPort":5432}]"#, "", "5432"),
    (#","ports":[{"containerPort":9187},{"name":"sql","containerPort":7000}]"#, "", "7000"),
    (#","ports":[{"containerPort":6000}],"env":[{"name":"PGPORT","value":"7000"}]"#, "", "7000"),
    (#","env":[{"name":"PGPORT","value":"7000"}]"#, "", "7000"),
    (#","env":[{"name":"PGPORT","value":"x"}]"#, "", "5432"),
    (#","ports":null"#, "", "5432"), (#","ports":[{"containerPort":6000}]"#, "5433", "5433"),
  ])
  func findsThePort(container: String, annotation: String, port: String) throws {
    let annotations = annotation.isEmpty ? "" : #","annotations":{"postern.io/port":"\#(annotation)"}"#
    let object = try pod(container: container, metadata: annotations)
    let variables = try post(object, .mutate).admitted(object).at("spec", "initContainers", "0", "env")?.array
    #expect(variables?.first { $0["name"]?.string == "POSTERN_PORT" }?["value"]?.string == port)
  }

  @Test func readinessIsNotGatedWhereThatIsAskedFor() throws {
    let object = try pod(metadata: #","annotations":{"postern.io/gate-readiness":"false"}"#)
    let sidecar = try post(object, .mutate).admitted(object).at("spec", "initContainers", "0")
    #expect(sidecar?["name"]?.string == "postern")
    #expect(sidecar?["readinessProbe"] == nil)
    #expect(sidecar?["startupProbe"] == nil)
  }

  /// Where the status can be read: at the default port, or the next one that no container uses; and by a program where
  /// there is no port.
  @Test(
    arguments: [
      ("", "", "8432"), (#","ports":[{"containerPort":8432}]"#, "", "8433"),
      (#","ports":[{"containerPort":5432},{"containerPort":8433},{"containerPort":8432}]"#, "", "8434"),
      ("", #""postern.io/port":"8432""#, "8433"), ("", #""postern.io/status-port":"9000""#, "9000"),
      ("", #""postern.io/status-port":"none""#, nil),
    ] as [(String, String, String?)])
  func theStatusHasAPortOfItsOwn(container: String, annotation: String, port: String?) throws {
    let annotations = annotation.isEmpty ? "" : #","annotations":{\#(annotation)}"#
    let object = try pod(container: container, metadata: annotations)
    let sidecar = try post(object, .mutate).admitted(object).at("spec", "initContainers", "0")
    let variable = sidecar?["env"]?.array?.first { $0["name"]?.string == "POSTERN_STATUS_PORT" }
    #expect(variable?["value"]?.string == port)
    #expect(sidecar?.at("ports", "0", "containerPort") == port.map { .number($0) })
    #expect(sidecar?.at("readinessProbe", "httpGet", "port")?.string == (port == nil ? nil : "postern"))
    #expect((sidecar?.at("readinessProbe", "exec") == nil) == (port != nil))
  }

  /// A mesh's proxy that is there already leads the kubelet's HTTP probe to its own TLS.
  @Test(
    arguments: [
      ("istio-proxy", true), ("linkerd-proxy", true), ("kuma-sidecar", true), ("istio-init", false), ("proxy", false),
    ], ["containers", "initContainers"])
  func readinessIsNotAskedThroughAMeshsProxy(proxy: (name: String, isProxy: Bool), list: String) throws {
    let object = try pod(spec: #","initContainers":[{"name":"migrate","image":"m"}]"#)
      .adding("/spec/\(list)/0", #"{"name":"\#(proxy.name)","image":"p"}"#)
    let all = try post(object, .mutate).admitted(object).at("spec", "initContainers")?.array
    let sidecar = try #require(all?.first { $0["name"]?.string == "postern" })
    #expect((sidecar.at("readinessProbe", "exec") != nil) == proxy.isProxy)
    #expect((sidecar.at("readinessProbe", "httpGet") == nil) == proxy.isProxy)
    #expect(sidecar.at("ports", "0", "containerPort") == .number("8432"))
  }

  @Test func aStatusPortOfAnotherContainerIsRefusedAndOneOfAnInitContainerIsPassedOver() throws {
    let clash = try pod(
      container: #","ports":[{"containerPort":9000}]"#,
      metadata: #","annotations":{"postern.io/status-port":"9000"}"#)
    #expect(try post(clash, .mutate).fields == ["metadata.annotations[postern.io/status-port]"])
    let native = try pod(
      spec: #","initContainers":[{"name":"x","restartPolicy":"Always","ports":[{"containerPort":8432}]}]"#)
    let sidecar = try post(native, .mutate).admitted(native).at("spec", "initContainers", "1")
    #expect(sidecar?.at("ports", "0", "containerPort") == .number("8433"))
  }

  /// The user that the sidecar runs as: Postgres's own user, but never root.
  @Test(
    arguments: [
      ("", "", "65532", nil), (#","securityContext":{"runAsUser":0}"#, "", "65532", nil),
      (#","securityContext":{"runAsUser":70,"runAsGroup":71}"#, #","securityContext":{"runAsUser":999}"#, "70", "71"),
      ("", #","securityContext":{"runAsUser":999,"runAsGroup":998}"#, "999", "998"),
      (#","securityContext":{"runAsUser":null}"#, #","securityContext":{"runAsUser":26}"#, "26", nil),
    ] as [(String, String, String, String?)])
  func runsAsPostgresDoes(container: String, spec: String, user: String, group: String?) throws {
    let object = try pod(container: container, spec: spec)
    let context = try post(object, .mutate).admitted(object).at("spec", "initContainers", "0", "securityContext")
    #expect(context?["runAsUser"] == .number(user))
    #expect(context?["runAsGroup"] == group.map { .number($0) })
  }

  /// A Pod that satisfies the Pod Security Standard "restricted" still satisfies it after injection, and any other Pod
  /// does not get worse.
  @Test(
    arguments: AdmissionSettings.SidecarMode.allCases,
    [
      "", #","env":[{"name":"POSTGRES_PASSWORD","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]"#,
      #","env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/s/p"}],"volumeMounts":[{"name":"s","mountPath":"/s"}]"#,
      #","envFrom":[{"secretRef":{"name":"s"}}]"#,
    ])
  func restrictedPodsStayRestricted(mode: AdmissionSettings.SidecarMode, container: String) throws {
    let settings = AdmissionSettings(sidecarMode: mode)
    let context =
      #"{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"runAsUser":999,"runAsGroup":999}"#
    let restricted = try pod(
      container: #"\#(container),"securityContext":\#(context)"#,
      spec: """
        ,"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},
         "volumes":[{"name":"s","secret":{"secretName":"s"}}]
        """)
    #expect(RestrictedViolations(restricted).found == [])
    let admitted = try post(restricted, .mutate, settings: settings).admitted(restricted)
    #expect(admitted != restricted)
    #expect(RestrictedViolations(admitted).found == [])
    // A Pod that runs as root and has no other security settings.
    let root = try pod(container: #"\#(container),"securityContext":{"runAsUser":0}"#)
    let violations = RestrictedViolations(root).found
    #expect(violations.count > 3)
    #expect(try RestrictedViolations(post(root, .mutate, settings: settings).admitted(root)).found == violations)
  }

  @Test(arguments: AdmissionSettings.SidecarMode.allCases)
  func realPodsViolateRestrictedNoMoreThanBefore(mode: AdmissionSettings.SidecarMode) throws {
    for name in ["04-pod-create", "06-pod-create", "07-pod-create"] {
      let object = try #require(try JSONValue(parsing: try fixture(name))["request"]?["object"])
      let admitted = try post(object, .mutate, settings: AdmissionSettings(sidecarMode: mode)).admitted(object)
      #expect(admitted != object)
      #expect(RestrictedViolations(admitted).found == RestrictedViolations(object).found)
    }
  }

  /// The API server's ServiceAccount admission mounts the token into each container that has nothing mounted at its
  /// path, also into those that webhooks have added. Tests/EndToEnd/run checks the result on a real cluster.
  @Test func theSidecarHasNoServiceAccountToken() throws {
    let object = try #require(try JSONValue(parsing: try fixture("04-pod-create"))["request"]?["object"])
    let sidecar = try #require(try post(object, .mutate).admitted(object).at("spec", "initContainers", "0"))
    let mounts = try #require(sidecar["volumeMounts"]?.array)
    let path = JSONValue.string("/var/run/secrets/kubernetes.io/serviceaccount")
    #expect(mounts.filter { $0["mountPath"] == path }.map { $0["name"] } == [.string("postern-status")])
    #expect(!sidecar.text.contains("kube-api-access"))
  }
}

/// The Pod with all lists reversed.
private func turned(_ pod: JSONValue) throws -> JSONValue {
  try ["containers", "initContainers", "volumes"].reduce(pod) { pod, list in
    guard let elements = pod.at("spec", list)?.array else { return pod }
    return try pod.adding("/spec/\(list)", JSONValue.array(elements.reversed()).text)
  }
}

/// The Pod as another injector leaves it that adds its own items first or last.
private func others(_ pod: JSONValue, at index: String) throws -> JSONValue {
  let withInit = try pod.at("spec", "initContainers") == nil ? pod.adding("/spec/initContainers", "[]") : pod
  return
    try withInit
    .adding("/spec/initContainers/\(index)", #"{"name":"istio-init","image":"i"}"#)
    .adding("/spec/containers/\(index)", #"{"name":"istio-proxy","image":"i"}"#)
    .adding("/spec/volumes/\(index)", #"{"name":"istio-data","emptyDir":{}}"#)
    .adding("/metadata/annotations/sidecar.istio.io~1status", #""{}""#)
}
