import Admission
import JSONBytes
import JSONPatch
import KubernetesAPI
import Testing

/// Pods that lack what the patch adds to, or have it empty or null.
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

@Test(arguments: AdmissionSettings.SidecarMode.allCases)
func injectingTwiceIsInjectingOnce(mode: AdmissionSettings.SidecarMode) throws {
  let settings = AdmissionSettings(sidecarMode: mode)
  for name in ["04-pod-create", "06-pod-create", "07-pod-create"] {
    let object = try #require(try JSONValue(parsing: try fixture(name))["request"]?["object"])
    let once = try post(object, .mutate, settings: settings).admitted(object)
    #expect(once != object)
    #expect(try post(once, .mutate, settings: settings).patch == nil)
    // Another injector has put its own first since.
    let other = try once.adding("/spec/initContainers", #"[{"name":"istio-init","image":"i"}]"#)
    let reordered = try mode == .native ? moved(once, other) : other.adding("/spec/containers/0", #"{"name":"x"}"#)
    #expect(try post(reordered, .mutate, settings: settings).patch == nil)
  }
}

private func moved(_ once: JSONValue, _ other: JSONValue) throws -> JSONValue {
  let sidecar = try #require(once.at("spec", "initContainers", "0"))
  return try other.adding("/spec/initContainers/0", sidecar.text)
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

/// A user's own things with our names.
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
  let workload = try deployment(podSpec: #"{"containers":[{"name":"db"}]\#(spec)}"#)
  #expect(try post(workload, .validate).fields == ["spec.template.\(field)"])
}

@Test func aUsersContainerWithOurNameIsRefusedEvenUnderOurMark() throws {
  let object = try pod().adding("/spec/containers/-", #"{"name":"postern","image":"mine"}"#)
  #expect(try post(object, .mutate).fields == ["spec.containers[1].name"])
}

@Test func fifteenHundredVariablesAreNotCopied() throws {
  let variables = (0..<1500).map { #"{"name":"VARIABLE_\#($0)","value":"\#($0)"}"# }.joined(separator: ",")
  let object = try pod(container: #","env":[\#(variables),{"name":"POSTGRES_USER","value":"root"}]"#)
  let few = try pod(container: #","env":[{"name":"POSTGRES_USER","value":"root"}]"#)
  let reply = try post(object, .mutate)
  #expect(try reply.patch == post(few, .mutate).patch)
  #expect(try reply.admitted(object).at("spec", "containers", "0", "env")?.array?.count == 1502)
}

@Test func hostNetworkIsLeftAloneAndSaidSo() throws {
  let reply = try post(pod(spec: #","hostNetwork":true"#), .mutate)
  #expect(reply.isAllowed && reply.patch == nil && reply.warnings.count == 1)
  #expect(reply.answer.record.decision == .allowedWithWarnings)
  #expect(try post(pod(spec: #","hostNetwork":false"#), .mutate).patch != nil)
}

/// Which container is Postgres.
@Test(arguments: [
  (#"{"name":"a"},{"name":"postgres"}"#, "", 1),
  (#"{"name":"a","image":"postgis/postgis:17-3.5"},{"name":"b","image":"x"}"#, "", 0),
  (#"{"name":"a","image":"x"},{"name":"b","image":"reg.io:5000/bitnami/postgresql@sha256:00"}"#, "", 1),
  (#"{"name":"a","image":"x"},{"name":"b","image":"timescale/timescaledb:latest-pg17"}"#, "", 1),
  (#"{"name":"a","image":"x"},{"name":"b","image":"pgvector/pgvector:pg17"}"#, "", 1),
  (#"{"name":"a","image":"anything"}"#, "", 0),
  (#"{"name":"postgres","image":"postgres"},{"name":"other","image":"y"}"#, "other", 1),
  (#"{"name":"a","image":"postgres"},{"name":"b","image":"postgres-exporter"}"#, "", 0),
])
func findsThePostgresContainer(containers: String, annotation: String, index: Int) throws {
  let annotations = annotation.isEmpty ? "" : #","annotations":{"postern.io/container":"\#(annotation)"}"#
  let object = try pod(metadata: annotations).adding("/spec/containers", "[\(containers)]")
  let admitted = try post(object, .mutate).admitted(object)
  let mounted = admitted.at("spec", "containers")?.array?.map { $0["volumeMounts"] != nil }
  #expect(mounted?.enumerated().filter(\.element).map(\.offset) == [index])
}

@Test(arguments: [
  (#"{"name":"a","image":"x"},{"name":"b","image":"y"}"#, "", "\"a\", \"b\""),
  (#"{"name":"a","image":"postgres"},{"name":"b","image":"postgres"}"#, "", "\"a\", \"b\""),
  (#"{"name":"postgres"}"#, "gone", "no container \"gone\""),
])
func saysWhichContainersThereAreWhereItCannotTell(containers: String, annotation: String, says: String) throws {
  let annotations = annotation.isEmpty ? "" : #","annotations":{"postern.io/container":"\#(annotation)"}"#
  let reply = try post(pod(metadata: annotations).adding("/spec/containers", "[\(containers)]"), .mutate)
  #expect(reply.fields == ["metadata.annotations[postern.io/container]"])
  #expect(reply.causes.first?.message.contains(says) == true)
}

@Test(arguments: [
  ("", "", "5432"), (#","ports":[{"containerPort":6000},{"containerPort":5432}]"#, "", "5432"),
  (#","ports":[{"containerPort":9187},{"name":"sql","containerPort":7000}]"#, "", "7000"),
  (#","ports":[{"containerPort":6000}],"env":[{"name":"PGPORT","value":"7000"}]"#, "", "6000"),
  (#","env":[{"name":"PGPORT","value":"7000"}]"#, "", "7000"), (#","env":[{"name":"PGPORT","value":"x"}]"#, "", "5432"),
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

/// Whom the sidecar runs as: Postgres's own user, never root.
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

/// What the Pod Security Standard "restricted" asks of a container (Kubernetes docs, Pod Security Standards).
@Test(arguments: AdmissionSettings.SidecarMode.allCases)
func passesRestricted(mode: AdmissionSettings.SidecarMode) throws {
  for name in ["04-pod-create", "06-pod-create", "07-pod-create"] {
    let object = try #require(try JSONValue(parsing: try fixture(name))["request"]?["object"])
    let admitted = try post(object, .mutate, settings: AdmissionSettings(sidecarMode: mode)).admitted(object)
    let all = ["containers", "initContainers"].flatMap { admitted.at("spec", $0)?.array ?? [] }
    let context = try #require(all.first { $0["name"]?.string == "postern" }?["securityContext"])
    #expect(context["allowPrivilegeEscalation"] == .bool(false))
    #expect(context.at("capabilities", "drop", "0")?.string == "ALL")
    #expect(context.at("capabilities", "add") == nil && context["privileged"] == nil)
    #expect(context["runAsNonRoot"] == .bool(true) && context["runAsUser"] != .number("0"))
    #expect(context.at("seccompProfile", "type")?.string == "RuntimeDefault")
    let allowed = [
      "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
    ]
    for volume in admitted.at("spec", "volumes")?.array ?? [] {
      #expect(allowed.contains { volume[$0] != nil })
    }
  }
}

@Test func theSidecarHasNoServiceAccountToken() throws {
  let object = try #require(try JSONValue(parsing: try fixture("04-pod-create"))["request"]?["object"])
  let sidecar = try post(object, .mutate).admitted(object).at("spec", "initContainers", "0")
  #expect(sidecar?.text.contains("serviceaccount") == false)
  #expect(sidecar?.text.contains("kube-api-access") == false)
}
