import Admission
import JSONBytes
import Testing

/// A Postgres container's own settings, and what the webhook adds because of them: the sidecar's variables, projected
/// sources and mounts (besides those that it always has), and Postgres's variables.
private struct Case {
  let container: String
  var variables = "[]"
  var sources = "[]"
  var mounts = "[]"
  var postgres = "[]"
  var annotation: String?
  var image = "postgres:17"
}

private let generated = """
  [{"secret":{"name":"acme-pg-admin","items":[{"key":"username","path":"admin/username"},
                                              {"key":"password","path":"admin/password"}]}}]
  """
private let generatedPassword =
  #"[{"secret":{"name":"acme-pg-admin","items":[{"key":"password","path":"admin/password"}]}}]"#
private let passwordFile = #"{"name":"POSTGRES_PASSWORD_FILE","value":"/etc/postern-admin/password"}"#
private let bothFiles =
  #"[{"name":"POSTGRES_USER_FILE","value":"/etc/postern-admin/username"},\#(passwordFile)]"#

private func secretKey(_ name: String, _ secret: String, _ key: String, optional: Bool = false) -> String {
  #"{"name":"\#(name)","valueFrom":{"secretKeyRef":{"name":"\#(secret)","key":"\#(key)"\#(optional ? #","optional":true"# : "")}}}"#
}

private func source(
  _ object: String, _ key: String, _ path: String, kind: String = "secret", optional: Bool = false
) -> String {
  #"{"\#(kind)":{"name":"\#(object)","items":[{"key":"\#(key)","path":"admin/\#(path)"}]\#(optional ? #","optional":true"# : "")}}"#
}

private let cases: [Case] = [
  // No password source of its own: Postern makes a Secret
  Case(container: "", sources: generated, postgres: bothFiles),
  Case(
    container: #","env":[{"name":"POSTGRES_PASSWORD","value":""}]"#, sources: generated, postgres: bothFiles),
  Case(
    container: #","env":[{"name":"POSTGRES_USER","value":"root"}]"#,
    variables: #"[{"name":"POSTERN_ADMIN_USER","value":"root"}]"#, sources: generatedPassword,
    postgres: "[\(passwordFile)]"),
  Case(container: #","env":[{"name":"POSTGRES_HOST_AUTH_METHOD","value":"trust"}]"#),
  Case(
    container: #","env":[{"name":"POSTGRES_HOST_AUTH_METHOD","value":"md5"}]"#, sources: generated, postgres: bothFiles),
  // Literal values: the name is copied, the password is not
  Case(
    container: #","env":[{"name":"POSTGRES_USER","value":"root"},{"name":"POSTGRES_PASSWORD","value":"hunter2"}]"#,
    variables: #"[{"name":"POSTERN_ADMIN_USER","value":"root"}]"#),
  // Keys of Secrets and ConfigMaps
  Case(
    container: #","env":[\#(secretKey("POSTGRES_USER", "s", "u")),\#(secretKey("POSTGRES_PASSWORD", "s", "p"))]"#,
    sources: "[\(source("s", "u", "username")),\(source("s", "p", "password"))]"),
  Case(
    container: #","env":[\#(secretKey("POSTGRES_PASSWORD", "s", "p", optional: true))]"#,
    sources: "[\(source("s", "p", "password", optional: true))]"),
  Case(
    container: """
      ,"env":[{"name":"POSTGRES_USER","valueFrom":{"configMapKeyRef":{"name":"c","key":"u"}}},
              \(secretKey("POSTGRES_PASSWORD", "s", "p"))]
      """,
    sources: "[\(source("c", "u", "username", kind: "configMap")),\(source("s", "p", "password"))]"),
  Case(
    container: """
      ,"env":[{"name":"POSTGRES_USER","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
              \(secretKey("POSTGRES_PASSWORD", "s", "p"))]
      """,
    variables: #"[{"name":"POSTERN_ADMIN_USER","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#,
    sources: "[\(source("s", "p", "password"))]"),
  // Files
  Case(
    container: """
      ,"env":[{"name":"POSTGRES_USER","value":"root"},{"name":"POSTGRES_PASSWORD_FILE","value":"/s/deep/p"}],
       "volumeMounts":[{"name":"root","mountPath":"/"},{"name":"a","mountPath":"/s"},
                       {"name":"b","mountPath":"/s/deep/","subPath":"x"},{"name":"c","mountPath":"/s/de"}]
      """,
    variables: """
      [{"name":"POSTERN_ADMIN_USER","value":"root"},{"name":"POSTERN_ADMIN_PASSWORD_FILE","value":"/s/deep/p"}]
      """,
    mounts: #"[{"name":"b","mountPath":"/s/deep/","subPath":"x","readOnly":true}]"#),
  Case(
    container: """
      ,"env":[{"name":"POSTGRES_USER_FILE","value":"/s/u"},{"name":"POSTGRES_PASSWORD_FILE","value":"/t"}],
       "volumeMounts":[{"name":"a","mountPath":"/s"},{"name":"b","mountPath":"/t","subPath":"p"}]
      """,
    variables: """
      [{"name":"POSTERN_ADMIN_USER_FILE","value":"/s/u"},{"name":"POSTERN_ADMIN_PASSWORD_FILE","value":"/t"}]
      """,
    mounts: """
      [{"name":"a","mountPath":"/s","readOnly":true},{"name":"b","mountPath":"/t","subPath":"p","readOnly":true}]
      """),
  // Bitnami's names
  Case(
    container: """
      ,"env":[{"name":"POSTGRESQL_USERNAME","value":"app"},\(secretKey("POSTGRESQL_PASSWORD", "s", "app")),
              \(secretKey("POSTGRESQL_POSTGRES_PASSWORD", "s", "root"))]
      """,
    sources: "[\(source("s", "root", "password"))]", image: "bitnami/postgresql:17"),
  Case(
    container: """
      ,"env":[{"name":"POSTGRESQL_PASSWORD_FILE","value":"/s/p"}],"volumeMounts":[{"name":"a","mountPath":"/s"}]
      """,
    variables: #"[{"name":"POSTERN_ADMIN_PASSWORD_FILE","value":"/s/p"}]"#,
    mounts: #"[{"name":"a","mountPath":"/s","readOnly":true}]"#, image: "bitnami/postgresql:17"),
  // envFrom
  Case(
    container: #","envFrom":[{"secretRef":{"name":"s"}}]"#,
    sources: """
      [\(source("s", "POSTGRES_USER", "username", optional: true)),
       \(source("s", "POSTGRES_PASSWORD", "password", optional: true))]
      """),
  Case(
    container: #","envFrom":[{"prefix":"POSTGRES_","secretRef":{"name":"s"}}]"#,
    sources: """
      [\(source("s", "USER", "username", optional: true)),\(source("s", "PASSWORD", "password", optional: true))]
      """),
  Case(container: #","envFrom":[{"prefix":"X_","secretRef":{"name":"s"}}]"#, sources: generated, postgres: bothFiles),
  Case(
    container: """
      ,"envFrom":[{"configMapRef":{"name":"c"}},{"secretRef":{"name":"s"}}],"env":[{"name":"POSTGRES_DB","value":"d"}]
      """,
    sources: """
      [\(source("c", "POSTGRES_USER", "username", kind: "configMap", optional: true)),
       \(source("s", "POSTGRES_USER", "username.1", optional: true)),
       \(source("c", "POSTGRES_PASSWORD", "password", kind: "configMap", optional: true)),
       \(source("s", "POSTGRES_PASSWORD", "password.1", optional: true))]
      """),
  Case(
    container: #","envFrom":[{"secretRef":{"name":"s"}}],"env":[{"name":"POSTGRES_USER","value":"root"}]"#,
    variables: #"[{"name":"POSTERN_ADMIN_USER","value":"root"}]"#,
    sources: "[\(source("s", "POSTGRES_PASSWORD", "password", optional: true))]"),
  // A Secret that the annotation names
  Case(
    container: "", sources: generated.replacing("acme-pg-admin", with: "mine"), postgres: bothFiles, annotation: "mine"),
  Case(
    container: #","env":[\#(secretKey("POSTGRES_PASSWORD", "s", "p"))]"#,
    sources: generated.replacing("acme-pg-admin", with: "mine"), annotation: "mine"),
  // Where envFrom may hold the password or its `_FILE` form, neither may be beside what Postern gives: the entry point ends then
  Case(
    container: #","envFrom":[{"secretRef":{"name":"s"}}]"#, sources: mine,
    postgres: "[\(secretKey("POSTGRES_PASSWORD", "mine", "password")),\(noFile("POSTGRES_PASSWORD"))]",
    annotation: "mine"),
  Case(
    container: #","envFrom":[{"configMapRef":{"name":"c"}}],"env":[{"name":"POSTGRES_USER","value":"root"}]"#,
    sources: mine,
    postgres: "[\(secretKey("POSTGRES_PASSWORD", "mine", "password")),\(noFile("POSTGRES_PASSWORD"))]",
    annotation: "mine"),
  Case(
    container: #","envFrom":[{"prefix":"POSTGRES_P","secretRef":{"name":"s"}}]"#, sources: mine,
    postgres: """
      [\(secretKey("POSTGRES_USER", "mine", "username")),\(secretKey("POSTGRES_PASSWORD", "mine", "password")),
       \(noFile("POSTGRES_PASSWORD"))]
      """, annotation: "mine"),
  Case(
    container: #","envFrom":[{"secretRef":{"name":"s"}}]"#, sources: mine,
    postgres: """
      [\(secretKey("POSTGRESQL_POSTGRES_PASSWORD", "mine", "password")),\(noFile("POSTGRESQL_POSTGRES_PASSWORD"))]
      """, annotation: "mine", image: "bitnami/postgresql:17"),
  Case(
    container: #","envFrom":[{"secretRef":{"name":"s"}}]"#, sources: mine,
    postgres: "[\(secretKey("PG_PASSWORD", "mine", "password"))]", annotation: "mine",
    image: "sameersbn/postgresql:15"),
  // What env leaves empty, envFrom does not set
  Case(
    container: #","envFrom":[{"secretRef":{"name":"s"}}],"env":[{"name":"POSTGRES_PASSWORD","value":""}]"#,
    sources: """
      [\(source("s", "POSTGRES_USER", "username", optional: true)),\(source("acme-pg-admin", "password", "password"))]
      """, postgres: "[\(passwordFile)]"),
]

private let mine = generated.replacing("acme-pg-admin", with: "mine")
private func noFile(_ name: String) -> String { #"{"name":"\#(name)_FILE","value":""}"# }

@Suite struct AdminAccessTests {
  @Test(arguments: cases.indices)
  func takesTheSuperuserFromWhereThePodHasIt(index: Int) throws {
    let expected = cases[index]
    let annotations = expected.annotation.map { #","annotations":{"postern.io/admin-secret":"\#($0)"}"# } ?? ""
    let object = try pod(container: expected.container, metadata: annotations)
      .adding("/spec/containers/0/image", #""\#(expected.image)""#)
    let reply = try post(object, .mutate)
    #expect(reply.warnings.isEmpty)
    let admitted = try reply.admitted(object)
    let sidecar = try #require(admitted.at("spec", "initContainers", "0"))
    func beyond(_ count: Int, _ value: JSONValue?) -> JSONValue { .array(Array((value?.array ?? []).dropFirst(count))) }
    let had = object.at("spec", "containers", "0", "env")?.array?.count ?? 0
    #expect(try beyond(3, sidecar["env"]) == json(expected.variables))
    #expect(try beyond(3, sidecar["volumeMounts"]) == json(expected.mounts))
    #expect(try beyond(2, admitted.at("spec", "volumes", "0", "projected", "sources")) == json(expected.sources))
    #expect(try beyond(had, admitted.at("spec", "containers", "0", "env")) == json(expected.postgres))
    let volumes = admitted.at("spec", "volumes")?.array ?? []
    #expect(
      volumes.contains { $0["name"]?.string == "postern-admin" } == expected.postgres.contains("/etc/postern-admin"))
  }

  @Test(arguments: [
    #","env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/baked/in"}]"#,
    #","env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/s/p"}],"volumeMounts":[{"name":"a","mountPath":"/s","subPathExpr":"$(X)"}]"#,
    #","env":[{"name":"POSTGRES_PASSWORD","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#,
    #","env":[{"name":"POSTGRES_PASSWORD","value":"x"},{"name":"POSTGRES_USER_FILE","value":"/baked/in"}]"#,
  ])
  func warnsOfWhatTheSidecarCannotRead(container: String) throws {
    let reply = try post(pod(container: container), .mutate)
    #expect(reply.patch != nil && reply.warnings.count == 1)
    #expect(reply.warnings.first?.contains("postern.io/admin-secret") == true)
    // Whoever applies the workload sees no warnings about its Pods, so the workload's answer contains them.
    let podSpec = #"{"containers":[{"name":"db","image":"postgres:17"\#(container)}]}"#
    for kind in ["Deployment", "StatefulSet"] {
      #expect(try post(deployment(podSpec: podSpec, kind: kind), .validate).warnings == reply.warnings)
    }
  }

  @Test(arguments: [
    "/", "/etc", "/etc/postern", "/etc/postern/sub", "/run", "/run/postern/",
    "/var/run/secrets/kubernetes.io/serviceaccount",
  ])
  func refusesAMountInTheWayOfTheSidecarsOwn(path: String) throws {
    let file = path + (path.hasSuffix("/") ? "p" : "/p")
    let container = """
      ,"env":[{"name":"POSTGRES_PASSWORD_FILE","value":"\(file)"}],"volumeMounts":[{"name":"a","mountPath":"\(path)"}]
      """
    let reply = try post(pod(container: container), .mutate)
    #expect(reply.fields == ["spec.containers[0].volumeMounts"])
    let podSpec = #"{"containers":[{"name":"db","image":"postgres:17"\#(container)}]}"#
    for kind in ["Deployment", "StatefulSet"] {
      for path in AdmissionPath.allCases {
        let workload = try post(deployment(podSpec: podSpec, kind: kind), path)
        #expect(workload.fields == ["spec.template.spec.containers[0].volumeMounts"])
        #expect(workload.causes.map(\.message) == reply.causes.map(\.message))
      }
    }
  }

  /// Nothing can be mounted below a read-only mount that the sidecar takes over from the user's container. So if it
  /// holds the token's path, the webhook mounts nothing there, and the API server puts no token there either.
  @Test func mountsNothingBelowAMountOfTheUsers() throws {
    let container = """
      ,"env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/var/run/secrets/pg"}],
       "volumeMounts":[{"name":"a","mountPath":"/var/run/secrets"}]
      """
    let object = try pod(container: container)
    let sidecar = try #require(try post(object, .mutate).admitted(object).at("spec", "initContainers", "0"))
    let paths = sidecar["volumeMounts"]?.array?.compactMap { $0["mountPath"]?.string }
    #expect(paths == ["/etc/postern", "/run/postern", "/var/run/secrets"])
  }

  /// Passwords, wherever a user has written them, do not appear in any answer, neither for a Pod nor for a workload.
  @Test(
    arguments: [
      #","env":[{"name":"POSTGRES_PASSWORD","value":"hunter2"}]"#, #","env":[{"name":"PGPASSWORD","value":"hunter2"}]"#,
      #","env":[{"name":"POSTGRESQL_PASSWORD","value":"hunter2"}]"#,
      #","env":[{"name":"POSTGRESQL_POSTGRES_PASSWORD","value":"hunter2"}]"#, #","args":["--password=hunter2"]"#,
      #","env":[{"name":"POSTGRES_PASSWORD","value":"hunter2"},{"name":"POSTGRES_PASSWORD_FILE","value":"/s/p"}]"#,
      #","command":["sh","-c","PGPASSWORD=hunter2 postgres"]"#, "",
    ],
    [
      "", "users: [{", "- name: a\\n  password: hunter2\\n", "- {name: a, password: {hunter2: 1}}", "a:hunter2, b",
      "- a: hunter2", "- name: a\\n  passwordFrom: hunter2", "a: hunter2",
    ])
  func noPasswordComesBack(container: String, users: String) throws {
    let annotations = users.isEmpty ? "{}" : #"{"postern.io/users":"\#(users)"}"#
    let podSpec = #"{"containers":[{"name":"db","image":"postgres:17"\#(container)}]}"#
    for object in [
      try pod(container: container, metadata: #","annotations":\#(annotations)"#),
      try deployment(annotations: annotations, podSpec: podSpec),
      try deployment(templateMetadata: #"{"annotations":\#(annotations)}"#, podSpec: podSpec, kind: "StatefulSet"),
    ] {
      for path in AdmissionPath.allCases {
        for old in [nil, object.removingAnnotations] {
          let reply = try post(object, path, replacing: old)
          let said =
            [reply.root.text, String(decoding: reply.patch ?? [], as: UTF8.self)] + reply.answer.record.messages
          #expect(!said.contains { $0.contains("hunter2") }, "\(said)")
        }
      }
    }
  }
}

extension JSONValue {
  fileprivate var removingAnnotations: JSONValue? {
    (try? removing("/metadata/annotations")) ?? self
  }
}
