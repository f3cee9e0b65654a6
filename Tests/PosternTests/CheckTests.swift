import Foundation
import JSONBytes
import TestThreads
import Testing

@Suite(.blocking) struct CheckTests {
  @Test(arguments: [
    "labelled-deployment.yaml", "labelled-statefulset.yaml", "labelled-pod.yaml", "label-only-deployment.yaml",
    "psql-sidecar-labelled.yaml",
  ])
  func takes(_ manifest: String) throws {
    let answer = try Program.run(["check", Program.fixture(manifest)])
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains(": fine"))
  }

  @Test func takesTheExample() throws {
    let answer = try Program.run(["check", Program.package.appending(path: "Examples").path])
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
  }

  @Test func readsFoldersAndPassesOverWhatHasNoLabel() throws {
    let answer = try Program.run(["check", Program.fixtures.path])
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains("labelled-pod.yaml:1: Pod bare-: fine"))
    // This file has no label. Only its Secret is checked, because a declaration in another file names it.
    #expect(
      !answer.output.split(separator: "\n").contains { $0.contains("/psql-sidecar.yaml") && !$0.contains(": Secret ") })
  }

  /// What a review cannot see, the files tell.
  @Test(
    arguments: [
      ("envFrom: [{configMapRef: {name: m}}]", "PGPORT"), ("envFrom: [{prefix: PG, secretRef: {name: s}}]", "PGPORT"),
      (
        "env: [{name: PGPORT, valueFrom: {configMapKeyRef: {name: m, key: PGPORT}}}], ports: [{containerPort: 5432}]",
        "PGPORT"
      ),
      ("envFrom: [{configMapRef: {name: m}}], ports: [{containerPort: 6000}]", nil),
      ("envFrom: [{configMapRef: {name: m}}], args: [-p, '6001']", nil), ("envFrom: [{configMapRef: {name: c}}]", nil),
      ("image: bitnami/postgresql, envFrom: [{configMapRef: {name: m}}], env: [{name: PGPORT, value: '6000'}]", nil),
      ("image: bitnami/postgresql, envFrom: [{configMapRef: {name: c}}]", "POSTGRESQL_PORT_NUMBER"),
      ("args: [-c, config_file=/f/pg.conf], volumeMounts: [{name: f, mountPath: /f}]", "pg.conf"),
      ("args: [-c, config_file=/f/pg.conf, -p, '5432'], volumeMounts: [{name: f, mountPath: /f}]", nil),
      (
        "args: [-c, config_file=/f/pg.conf], ports: [{containerPort: 6003}], volumeMounts: [{name: f, mountPath: /f}]",
        nil
      ),
    ] as [(String, String?)])
  func aPortInAnotherObjectIsToldOf(container: String, variable: String?) throws {
    let objects = """
      {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {PGPORT: "6000"}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {POSTGRESQL_PORT_NUMBER: "6002", pg.conf: "#port = 1\\nport 7000 # x\\n Port = '6003'\\nport_x = 3\\n"}}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {PORT: "6000"}}
      """
    let image = container.hasPrefix("image: ") ? "" : "image: \"postgres:17\", "
    for annotation in ["", "postern.io/port: \"5432\""] {
      let manifest = """
        {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, labels: {postern.io/customer: acme}}, spec: {serviceName: db,
        template: {metadata: {annotations: {\(annotation)}}, spec: {containers: [{name: postgres, \(image)\(container)}], volumes: [{name: f, configMap: {name: c}}]}}}}
        ---
        \(objects)
        """
      let answer = try Program.run(["check", "-"], input: manifest)
      #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
      let message = "by \(variable ?? "") of the files' objects, Postgres's port is another one than"
      #expect(answer.output.contains(message) == (variable != nil && annotation.isEmpty), "\(answer.output)")
      #expect(answer.output.contains("of the files' objects") == (variable != nil && annotation.isEmpty))
    }
  }

  /// The superuser's name may be in another object of the files.
  @Test(
    arguments: [
      ("- {name: app, rotate: 30d}", "[0].rotate"), ("- x\\n- app_b", "[1]"),
      ("- {name: x, renamedFrom: app_b}", "[0].renamedFrom"),
      ("- app", nil),
    ] as [(String, String?)])
  func aSuperuserWhoseNameTheFilesHoldIsNoUser(users: String, path: String?) throws {
    let secret =
      "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {who: app_b, username: \"app_b\\n\", word: x, password: x}}"
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {who: app_b}}"
    let word = "{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: word}}}"
    for (annotation, env, source) in [
      ("", "[{name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: s, key: who}}}, \(word)]", "Secret s"),
      ("", "[{name: POSTGRES_USER, valueFrom: {configMapKeyRef: {name: m, key: who}}}, \(word)]", "ConfigMap m"),
      (", postern.io/admin-secret: s", "[]", "Secret s"),
    ] {
      for kind in ["StatefulSet", "Pod"] {
        let podSpec = "containers: [{name: postgres, image: \"postgres:17\", env: \(env)}]"
        let declared = "annotations: {postern.io/users: \"\(users)\", postern.io/service: make\(annotation)}"
        let manifest =
          "{apiVersion: \(kind == "Pod" ? "v1" : "apps/v1"), kind: \(kind), metadata: {name: db, labels: {postern.io/customer: acme}, \(declared)}, spec: "
          + (kind == "Pod"
            ? "{\(podSpec)}}"
            : "{serviceName: db, template: {metadata: {annotations: {a: b\(annotation)}}, spec: {\(podSpec)}}}}")
        let answer = try Program.run(["check", "-"], input: [manifest, secret, map].joined(separator: "\n---\n"))
        let message =
          "metadata.annotations[postern.io/users]\(path ?? ""): \"app_b\" is the superuser of this Postgres, by \(source)"
        #expect(answer.output.contains(message) == (path != nil), "\(answer.output)")
        #expect(answer.output.contains("is the superuser") == (path != nil), "\(answer.output)")
      }
    }
  }

  static let broken = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: first}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: acme
      labels: {postern.io/customer: acme}
      annotations:
        postern.io/users: |
          - name: shop
          - name: analyst
            password: hunter2
        postern.io/databases: |
          - name: orders
            ownr: shop
        postern.io/host: db.example.com
    spec:
      template:
        metadata: {labels: {app: acme}}
        spec: {containers: [{name: postgres, image: "postgres:17"}]}
    """

  @Test func showsEveryErrorWithItsPlaceAndNoPassword() throws {
    let answer = try Program.run(["check", "-"], input: Self.broken)
    #expect(answer.status == 1)
    #expect(answer.output.contains("-:5: Deployment acme: refused"))
    #expect(answer.output.contains("metadata.annotations[postern.io/users][1].password"))
    #expect(answer.output.contains(#"unknown key "ownr" in a database; did you mean "owner"?"#))
    #expect(!(answer.output + answer.errors).contains("hunter2"))
  }

  @Test func whatIsWrongWithYAMLAndSQLIsSaidAtOnce() throws {
    let scripted = Self.broken
      .replacing("ownr: shop", with: "ownr: shop\n        scripts: [{name: one, sql: DROP ROLE x}]")
    let answer = try Program.run(["check", "-"], input: scripted)
    #expect(answer.status == 1)
    #expect(answer.output.contains(#"unknown key "ownr" in a database"#))
    #expect(answer.output.contains("[postern.io/databases][0].scripts[0].sql: script \"one\", line 1: drops a role"))
  }

  @Test func aUserWhoseTimeIsOverIsWarnedOfByTheClock() throws {
    let sound = Self.broken.replacing("ownr", with: "owner")
    func checked(_ time: String) throws -> Program.Answer {
      try Program.run(["check", "-"], input: sound.replacing("password: hunter2", with: "validUntil: \(time)"))
    }
    let past = try checked("2001-01-01T00:00:00Z")
    #expect(past.status == 0)
    #expect(past.output.contains("postern.io/users[1].validUntil (line 3, column 15): in the past: user \"analyst\""))
    #expect(try !checked("9999-12-31T00:00:00Z").output.contains("warning"))
  }

  @Test func twoThatDeclareForACustomerInAFileAreRefused() throws {
    func deployment(_ name: String, _ metadata: String, template: String = "") -> String {
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: \(name), labels: {postern.io/customer: c}\(metadata)}
      spec: {template: {metadata: {labels: {app: db}\(template)}, spec: {containers: [{name: db, image: postgres}]}}}

      """
    }
    let users = ", annotations: {postern.io/users: shop}"
    let second = try Program.run(
      ["check", "-"], input: deployment("one", users) + "---\n" + deployment("two", "", template: users))
    #expect(second.status == 1)
    #expect(second.output.contains(#"Deployment "one" in this namespace declares for customer "c" already"#))
    for other in [deployment("two", ""), deployment("two", users + ", namespace: other")] {
      let answer = try Program.run(
        ["check", "-"], input: deployment("one", "", template: users) + "---\n" + other)
      #expect(answer.status == 0, "\(answer.output)")
    }
  }

  @Test func jsonHasAFindingEach() throws {
    let answer = try Program.run(["check", "-o", "json", "-"], input: Self.broken)
    #expect(answer.status == 1)
    let findings = try #require(JSONValue(parsing: Array(answer.output.utf8)).array)
    #expect(findings.count >= 2)
    #expect(findings.allSatisfy { $0["severity"] == .string("error") && $0["line"] == .number("5") })
  }

  @Test func aFilesNameIsEscapedInGithubAnnotations() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "a,b:c%.yaml")
    try Data(Self.broken.utf8).write(to: file)
    let answer = try Program.run(["check", "-o", "github", file.path])
    #expect(answer.output.hasPrefix("::error file=\(folder.path)/a%2Cb%3Ac%25.yaml,line="), "\(answer.output)")
  }

  @Test func githubAnnotationsNameFileAndLine() throws {
    let answer = try Program.run(["check", "-o", "github", "-"], input: Self.broken)
    let lines = answer.output.split(separator: "\n")
    #expect(answer.status == 1 && lines.count >= 2)
    #expect(lines.allSatisfy { $0.hasPrefix("::error file=-,line=5::Deployment acme: ") })
  }

  /// The webhook does not see their texts; the controller refuses them later.
  @Test func aScriptInAConfigMapOfTheFilesIsChecked() throws {
    let answer = try Program.run(
      ["check", "-"],
      input: """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: sql}
        data:
          a.sql: "CREATE EXTENSION vector;\\n\\\\copy t from 'x'"
          b.sql: "SELECT 1;\\nSELEC 1"
          c.sql: "MERGE INTO t USING s ON true WHEN MATCHED THEN DO NOTHING"
          d.sql: SELECT 1
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: db
          labels: {postern.io/customer: acme}
          annotations:
            postern.io/service: make
            postern.io/users: shop
            postern.io/databases: |
              - name: orders
                owner: shop
                scripts:
                  - {name: a, configMap: {name: sql, key: a.sql}}
                  - {name: b, configMap: {name: sql, key: b.sql}}
                  - {name: c, configMap: {name: sql, key: c.sql}}
                  - {name: d, configMap: {name: sql, key: d.sql}}
                  - {name: e, configMap: {name: sql, key: e.sql}}
                  - {name: f, configMap: {name: elsewhere, key: f.sql}}
        spec: {serviceName: db, template: {spec: {containers: [{name: postgres, image: "postgres:14"}]}}}
        """)
    let field = "metadata.annotations[postern.io/databases]: script"
    #expect(answer.status == 1)
    #expect(
      answer.output.split(separator: "\n").dropFirst().map { $0.drop { $0 == " " } } == [
        #"* \#(field) "a" (ConfigMap sql, a.sql), line 2, column 1: holds a command of psql, which begins with a backslash; write the rows as INSERT: nothing but SQL is sent to the server (pg_dump --inserts writes them so)"#,
        #"warning: \#(field) "a" (ConfigMap sql, a.sql), line 1 makes an extension that takes a superuser: declare it in `extensions`"#,
        #"* \#(field) "b" (ConfigMap sql, b.sql), line 2, column 1: syntax error at or near "SELEC""#,
        #"* \#(field) "c" (ConfigMap sql, c.sql), line 1: MERGE INTO needs Postgres 15, and the image is of 14"#,
        #"warning: \#(field) "e": ConfigMap sql has no key e.sql; it has a.sql, b.sql, c.sql, d.sql"#,
      ])
  }

  /// Charts, Bitnami's among them, let clients in at Postgres's port and nobody anywhere else.
  @Test(
    arguments: [
      ("podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]", 8432),
      ("podSelector: {}, policyTypes: [Ingress]", 8432), ("podSelector: {}, ingress: []", 8432),
      ("podSelector: {}, ingress: [{from: [{podSelector: {}}]}]", 8432),
      ("podSelector: {}, ingress: [{ports: [{port: 8432, protocol: UDP}, {port: 1, endPort: 8431}]}]", 8432),
      (
        "podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}, {key: x, operator: NotIn, values: [y]}]}",
        8432
      ),
      ("podSelector: {}, ingress: [{ports: [{port: 8432}]}]", 8440),
      ("podSelector: {}, ingress: [{ports: [{port: 8432}]}]", nil),
      ("podSelector: {}, ingress: [{ports: [{port: 8400, endPort: 8500}], from: [{namespaceSelector: {}}]}]", nil),
      ("podSelector: {}, ingress: [{ports: [{port: postern}]}]", nil), ("podSelector: {}, ingress: [{}]", nil),
      ("podSelector: {}, policyTypes: [Egress]", nil), ("podSelector: {matchLabels: {app: web}}", nil),
      ("podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}", nil),
    ] as [(String, Int?)])
  func aNetworkPolicyThatKeepsTheControllerOutIsWarnedOf(spec: String, port: Int?) throws {
    func output(_ namespace: String, _ annotations: String) throws -> String {
      try Program.run(
        ["check", "-"],
        input: """
          apiVersion: apps/v1
          kind: StatefulSet
          metadata: {name: db, labels: {postern.io/customer: acme}, annotations: {postern.io/users: shop, postern.io/service: make}}
          spec: {serviceName: db, template: {metadata: {labels: {app: db}, annotations: {a: b\(annotations)}}, spec: {containers: [{name: postgres, image: "postgres:17"}]}}}
          ---
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {name: db, namespace: \(namespace)}
          spec: {\(spec)}
          """
      ).output
    }
    let annotations = port == 8440 ? ", postern.io/status-port: \"8440\"" : ""
    let told = "warning: NetworkPolicy \"db\" keeps the controller out of the sidecar's port \(port ?? 8432): "
    #expect(try output("default", annotations).contains(told) == (port != nil))
    #expect(try !output("other", annotations).contains("NetworkPolicy"))
    #expect(try !output("default", ", postern.io/status-port: none").contains("NetworkPolicy"))
  }

  /// Of what is in the cluster, `check` knows nothing; it goes by the Services in the files.
  @Test func aHostThatNoServiceOfTheFilesLeadsToIsWarnedOf() throws {
    let sound = Self.broken.replacing("ownr", with: "owner").replacing(
      "    postern.io/host: db.example.com\n", with: ""
    )
    .replacing("\n        password: hunter2", with: "")
    func warned(_ service: String) throws -> [Substring] {
      let answer = try Program.run(["check", "-"], input: "\(sound)\n---\n\(service)")
      #expect(answer.status == 0, "\(answer.output)")
      return answer.output.split(separator: "\n").filter { $0.contains("warning: ") }
    }
    func service(_ name: String, _ app: String, namespace: String = "") -> String {
      """
      apiVersion: v1
      kind: Service
      metadata: {name: \(name)\(namespace)}
      spec: {selector: {app: \(app)}, ports: [{port: 5432}]}
      """
    }
    #expect(try warned(service("acme", "acme")) == [])
    let missing = #"  warning: postern: connection Secrets name the host acme.default.svc: there is no Service "acme""#
    #expect(try warned("").first ?? "" == missing)
    #expect(try warned(service("acme", "acme", namespace: ", namespace: other")).first ?? "" == missing)
    #expect(try warned(service("acme", "web")).first?.contains(#"Service "acme" selects app=web"#) == true)
    #expect(
      try warned(service("pg", "acme")).last ?? ""
        == #"  warning: postern: Service "pg" selects them: set postern.io/host: pg.default.svc"#)
  }

  /// What a Pod template declares is its workload's, and not that of a bare Pod with a name of its own.
  @Test(arguments: [
    ("Deployment", "db", ""), ("StatefulSet", "db", "postern.io/service: make"),
    ("Deployment", "\(String(repeating: "p", count: 62))", "postern.io/service: make"),
  ])
  func whatATemplateDeclaresIsItsWorkloads(kind: String, name: String, annotation: String) throws {
    let manifest = """
      apiVersion: apps/v1
      kind: \(kind)
      metadata: {name: \(name), labels: {postern.io/customer: acme}}
      spec:
        serviceName: \(name)
        strategy: {type: Recreate}
        selector: {matchLabels: {app: db}}
        template:
          metadata:
            labels: {app: db}
            annotations:
              postern.io/users: shop
              \(annotation)
          spec: {containers: [{name: postgres, image: "postgres:17"}]}
      ---
      {apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}
      """
    let others = kind == "Deployment" ? "  serviceName: \(name)\n" : "  strategy: {type: Recreate}\n"
    let answer = try Program.run(["check", "-"], input: manifest.replacing(others, with: ""))
    #expect(answer.status == 0 && answer.output == "-:1: \(kind) \(name): fine\n", "\(answer.output)")
  }

  @Test func aBrokenFlatFileIsRefusedWithoutItsText() throws {
    let manifest = """
      apiVersion: v1
      kind: Secret
      metadata: {name: pg}
      stringData: {users: "keycloak:ok\\nhunter2\\n"}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: p, labels: {postern.io/customer: c}, annotations: {postern.io/users-from: pg/users, postern.io/host: a.example}}
      spec: {containers: [{name: postgres, image: postgres}]}
      """
    let answer = try Program.run(["check", "-"], input: manifest)
    #expect(answer.status == 1)
    // It is reported once, at its place.
    #expect(
      answer.output == """
        -:1: Secret pg: refused
          * data[users]: line 2: the line has no colon; expected user:password; put the user's name before it
        -:6: Pod p: fine

        """)
  }

  @Test func secretsThatADeclarationNamesAreChecked() throws {
    let manifest = """
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
        labels: {postern.io/customer: c}
        annotations:
          postern.io/users: "- {name: a, passwordFrom: {secret: login, key: pw}}"
          postern.io/admin-secret: root
          postern.io/host: a.example
      spec: {containers: [{name: postgres, image: postgres}]}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: login}, data: {pw: hunter2}}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: root}, stringData: {username: "", password: hunter2}}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: c-pg-user-a, labels: {app.kubernetes.io/managed-by: postern, postern.io/customer: c}}}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: nobodys}, data: {pw: hunter2}}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: login, namespace: other}, data: {pw: hunter2}}
      """
    let answer = try Program.run(["check", "-"], input: manifest)
    #expect(answer.status == 1)
    #expect(
      answer.output == """
        -:1: Pod p: fine
        -:12: Secret login: refused
          * data[pw]: is no base64; encode the value, or write it as it is under stringData
        -:14: Secret root: refused
          * data[username]: the superuser's name is empty; write the name of a role of this Postgres
        -:16: Secret c-pg-user-a: refused
          * data[password]: is missing; Postern takes a user's password from it: add the key

        """)
    let github = try Program.run(["check", "-o", "github", "-"], input: manifest)
    #expect(github.output.hasPrefix("::error file=-,line=12::Secret login: data[pw]: is no base64"))
  }

  @Test(arguments: [
    ("a: [1", "is not YAML: line"),
    ("{{- if .Values.on }}\nkind: Pod\n{{- end }}", "it is a template: render it first"),
    ("metadata:\n  name: {{ .Release.Name }}", "a key that is no text: it is a template: render it first"),
    ("metadata:\n  name: {{ include \"x\" . }}", "it is a template: render it first"),
    ("list:\n  - {{ .Values.a }}", "it is a template: render it first"),
    ("metadata:\n  name: {{a: b}: c}", "a key that is no text: Kubernetes' keys are words"),
    ("hello: world", "is no Kubernetes manifest: it has no kind"),
    ("kind: Pod", "is no Kubernetes manifest: it has no apiVersion"),
  ])
  func saysWhyAFileIsUnreadable(text: String, reason: String) throws {
    let answer = try Program.run(["check", "-"], input: text)
    #expect(answer.status == 2)
    #expect(answer.errors.hasPrefix("error: -"))
    #expect(answer.errors.contains(reason))
    #expect(answer.errors.split(separator: "\n").count == 1)
  }

  /// Machines see the whole of it, too: what is not there is not fine.
  @Test(arguments: ["github", "json"]) func whatCannotBeReadIsNoSilence(format: String) throws {
    let answer = try Program.run(["check", "-o", format, "-"], input: Self.broken + "\n---\na: [1%\n")
    #expect(answer.status == 2)
    let unreadable = try #require(answer.errors.split(separator: "\n").last { $0.hasPrefix("error: -: is not YAML") })
      .dropFirst("error: ".count)
    if format == "github" {
      let lines = answer.output.split(separator: "\n")
      #expect(lines.first == "::error::\(unreadable)" && lines.count >= 3, "\(answer.output)")
    } else {
      let findings = try #require(JSONValue(parsing: Array(answer.output.utf8)).array)
      #expect(findings.count >= 3, "\(answer.output)")
      #expect(findings.first?["severity"] == .string("error"))
      #expect(findings.first?["message"] == .string(String(unreadable)))
      #expect(findings.allSatisfy { $0["file"] != nil && $0["line"] != nil && $0["name"] != nil })
    }
  }

  @Test func saysThatAFileIsNotThere() throws {
    let answer = try Program.run(["check", "/no/such/file.yaml"])
    #expect(answer.status == 2)
    #expect(answer.errors == "error: /no/such/file.yaml: cannot be read: there is no such file\n")
  }

  /// What a template writes where the value is missing. The API server takes it for an empty text.
  @Test(arguments: ["", " null", " ~", " \"\""]) func aLabelWithNothingBehindItIsRefused(value: String) throws {
    let manifest = """
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: db}
      spec:
        template:
          metadata:
            labels:
              postern.io/customer:\(value)
          spec: {containers: [{name: postgres, image: "postgres:17"}]}
      """
    for command in ["check", "inject"] {
      let answer = try Program.run([command, "-"], input: manifest)
      #expect(answer.status == 1)
      #expect(
        (answer.output + answer.errors).contains(#"spec.template.metadata.labels[postern.io/customer]: "" cannot be"#))
    }
  }

  @Test func aManifestWithoutTheLabelIsFineAndSaysWhatToAdd() throws {
    let answer = try Program.run(["check", Program.fixture("psql-sidecar.yaml")])
    #expect(answer.status == 0)
    #expect(answer.errors.contains("add \"postern.io/customer: <name>\" to its metadata.labels"))
  }
}
