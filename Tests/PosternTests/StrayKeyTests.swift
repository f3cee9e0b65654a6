import Contract
import Foundation
import TestThreads
import Testing

/// `postern check` reports what no webhook would see, and ends with 1.
@Suite(.blocking) struct StrayKeyTests {
  private static func pod(labels: String = "", annotations: String = "", kind: String = "Pod") -> String {
    """
    apiVersion: v1
    kind: \(kind)
    metadata: {name: db, labels: {app: db\(labels)}, annotations: {a: b\(annotations)}}
    spec: {containers: [{name: postgres, image: "postgres:17", env: [{name: POSTGRES_PASSWORD, value: x}]}]}
    """
  }

  @Test(arguments: [
    (
      "", ", postern.io/users: shop",
      "annotations[postern.io/users]: nothing reads it without the label postern.io/customer"
    ),
    (
      ", postern.io/custmer: acme", "",
      "labels[postern.io/custmer]: is no label of Postern's; did you mean postern.io/customer?"
    ),
    (", postgern.io/customer: acme", "", "labels[postgern.io/customer]: is no label"),
    (", postern.com/customer: acme", "", "labels[postern.com/customer]: is no label"),
    (", postern/customer: acme", "", "labels[postern/customer]: is no label"),
    (", postern.io.customer: acme", "", "labels[postern.io.customer]: is no label"),
    ("", ", postern.io/customer: acme", "annotations[postern.io/customer]: is a label; move it to labels"),
    (", postern.io/users: shop", "", "labels[postern.io/users]: is an annotation of Postern's; move it to annotations"),
    (", postern.io/customer: c", ", postgern.io/users: shop", "did you mean postern.io/users?"),
    (", postern.io/customer: c", ", postern.io/usrs: shop", "annotations[postern.io/usrs]: unknown annotation"),
    (
      "", ", postern.io/usrs: shop",
      "annotations[postern.io/usrs]: is no annotation of Postern's; did you mean postern.io/users?"
    ),
    ("", ", postern.io/whatever: shop", "annotations[postern.io/whatever]: is no annotation of Postern's"),
  ])
  func areRefused(labels: String, annotations: String, message: String) throws {
    let answer = try Program.run(["check", "-"], input: Self.pod(labels: labels, annotations: annotations))
    #expect(answer.status == 1)
    #expect(answer.output.contains(message), "\(answer.output)")
  }

  @Test(arguments: [
    ("", ""), (", western.io/name: acme", ", eastern.io/name: x"), ("", ", postern.io/inject: \"false\""),
    (", app.kubernetes.io/name: postern", ", example.com/users: a"),
  ])
  func othersAreLeftAlone(labels: String, annotations: String) throws {
    let answer = try Program.run(["check", "-"], input: Self.pod(labels: labels, annotations: annotations))
    #expect(answer.status == 0, "\(answer.output)")
  }

  @Test(arguments: [
    ("apps/v1", "DaemonSet"), ("apps/v1", "ReplicaSet"), ("batch/v1", "Job"), ("apps.kruise.io/v1alpha1", "CloneSet"),
    ("example.com/v1", "Deployment"),
  ])
  func aKindThatIsNotServedIsWarnedOfWithItsDeclarations(version: String, kind: String) throws {
    func manifest(_ annotations: String) -> String {
      """
      apiVersion: \(version)
      kind: \(kind)
      metadata: {name: x, labels: {postern.io/customer: acme}\(annotations)}
      spec: {template: {spec: {containers: [{name: postgres, image: "postgres:17"}]}}}
      """
    }
    let labelled = try Program.run(["check", "-"], input: manifest(""))
    #expect(labelled.status == 0)
    #expect(labelled.output.contains("and no \(kind): the label does nothing here"), "\(labelled.output)")
    let declaring = try Program.run(["check", "-"], input: manifest(", annotations: {postern.io/users: shop}"))
    #expect(declaring.status == 0)
    #expect(declaring.output.contains("[postern.io/users]: nothing reads it on a \(kind)"))
    let misspelt = try Program.run(["check", "-"], input: manifest(", annotations: {postern.io/usrs: shop}"))
    #expect(misspelt.status == 1, "\(misspelt.output)")
    let unlabelled = manifest(", annotations: {postern.io/users: shop}")
      .replacing("labels: {postern.io/customer: acme}", with: "labels: {}")
    #expect(try Program.run(["check", "-"], input: unlabelled).status == 1)
  }

  @Test(arguments: ["Secret", "ConfigMap"], AnnotationKey.outputs + AnnotationKey.ownOutputs)
  func whatPosternWroteMayBeInAFile(kind: String, key: String) throws {
    let object =
      "{apiVersion: v1, kind: \(kind), metadata: {name: x, labels: {postern.io/customer: acme}, annotations: {\(key): z}}}"
    let answer = try Program.run(["check", "--quiet", "-"], input: object)
    #expect(answer.status == 0 && answer.output == "", "\(answer.output)")
  }

  @Test func aServiceMayHaveTheLabel() throws {
    let service =
      "apiVersion: v1\nkind: Service\nmetadata: {name: db, labels: {postern.io/customer: acme}}\nspec: {ports: []}"
    let answer = try Program.run(["check", "-"], input: service)
    #expect(answer.status == 0 && answer.output == "")
  }

  @Test(arguments: [
    ("v1", "Deployment", "apiVersion: there is no Deployment in \"v1\"; write apiVersion: apps/v1"),
    ("apps/v1beta1", "Deployment", "there is no Deployment in \"apps/v1beta1\"; write apiVersion: apps/v1"),
    ("extensions/v1beta1", "StatefulSet", "there is no StatefulSet in \"extensions/v1beta1\""),
    ("apps/v1", "Pod", "there is no Pod in \"apps/v1\"; write apiVersion: v1"),
    ("apps/v1", "Statefulset", "kind: there is no kind \"Statefulset\"; write StatefulSet"),
  ])
  func whatTheAPIServerDoesNotKnowIsRefusedWithAllElseThatIsWrong(version: String, kind: String, message: String) throws
  {
    let manifest = """
      apiVersion: \(version)
      kind: \(kind)
      metadata: {name: db, labels: {postern.io/customer: acme}, annotations: {postern.io/usrs: shop}}
      spec:
        containers: [{name: postgres, image: "postgres:17"}]
        template: {spec: {containers: [{name: postgres, image: "postgres:17"}]}}
      """
    let answer = try Program.run(["check", "-"], input: manifest)
    #expect(answer.status == 1)
    #expect(answer.output.contains(message), "\(answer.output)")
    #expect(answer.output.contains("unknown annotation; did you mean \"postern.io/users\"?"))
    #expect(try Program.run(["inject", "-"], input: manifest).status == 1)
  }

  @Test func whatIsNoTextIsSaidWithItsPlaceAndTheRestIsChecked() throws {
    let manifest = """
      apiVersion: v1
      kind: Pod
      metadata:
        name: db
        labels: {postern.io/customer: 4711}
        annotations:
          postern.io/port: 5433
          postern.io/gate-readiness: no
          postern.io/users:
            - name: shop
              passwrd: hunter2
      spec:
        containers:
        - {name: postgres, image: "postgres:17", env: [{name: A, value: 0777}, {name: POSTGRES_PASSWORD, value: x}]}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: 12345678}}
      """
    let answer = try Program.run(["check", "-"], input: manifest)
    #expect(answer.status == 1)
    for line in [
      "metadata.labels[postern.io/customer]: line 5, column 33: a number, where Kubernetes takes text; write it in quotes",
      "metadata.annotations[postern.io/port]: line 7, column 22: a number, where",
      "metadata.annotations[postern.io/gate-readiness]: line 8, column 32: true or false, where",
      "metadata.annotations[postern.io/users]: line 10, column 7: a list, where Kubernetes takes text; write | behind",
      "[0].passwrd: ", "spec.containers[0].env[0].value: line 14, column 67: a number, where",
      "stringData.password: line 16, column 76: a number, where",
    ] { #expect(answer.output.contains(line), "\(line)\n\(answer.output)") }
    #expect(!(answer.output + answer.errors).contains("hunter2") && !answer.output.contains("12345678"))
    #expect(try Program.run(["inject", "-"], input: manifest).status == 1)
  }

  /// The API server would refuse these before it asks the webhook; it was "byte 1180: expected an array".
  @Test(arguments: [
    (
      "ports: [{containerPort: 80}, {containerPort: \"5432\"}]",
      "ports[1].containerPort: text, where Kubernetes takes a number; take the quotes away"
    ),
    (
      "ports: [{containerPort: \"${variables.port}\"}]",
      "ports[0].containerPort: text, where Kubernetes takes a number; write one"
    ),
    ("ports: {containerPort: 5432}", "ports: line 7, column 66: a mapping, where Kubernetes takes a list"),
    ("env: {POSTGRES_DB: shop}", "env: line 7, column 64: a mapping, where Kubernetes takes a list"),
    ("env: [POSTGRES_DB=shop]", "env[0]: text, where Kubernetes takes a mapping"),
    ("env: [{name: A, valueFrom: x}]", "env[0].valueFrom: text, where Kubernetes takes a mapping"),
    ("envFrom: [postgres-config]", "envFrom[0]: text, where Kubernetes takes a mapping"),
    ("volumeMounts: [data]", "volumeMounts[0]: text, where Kubernetes takes a mapping"),
    (
      "volumeMounts: [{name: a, readOnly: \"true\"}]",
      "volumeMounts[0].readOnly: text, where Kubernetes takes true or false"
    ),
    ("command: postgres", "command: text, where Kubernetes takes a list"),
    ("resources: {limits: [1]}", "resources.limits: line 7, column 79: a list, where Kubernetes takes a mapping"),
    ("securityContext: {runAsUser: \"999\"}", "securityContext.runAsUser: text, where Kubernetes takes a number"),
  ])
  func whatHasAnotherShapeIsSaidWithItsField(member: String, message: String) throws {
    for (start, field) in [
      ("apiVersion: v1\nkind: Pod\nmetadata: METADATA\n\n\nspec:\n", "spec"),
      (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: METADATA\nspec:\n  serviceName: db\n  template: {spec: {\n",
        "spec.template.spec"
      ),
    ] {
      let containers = "  containers: [{name: a, image: x}, {name: postgres,      \(member)}]"
      let manifest =
        start.replacing("METADATA", with: "{name: db, labels: {postern.io/customer: acme}}") + containers
        + (field == "spec" ? "\n" : "}}\n")
      for command in ["check", "inject"] {
        let answer = try Program.run([command, "-"], input: manifest)
        let said = answer.output + answer.errors
        #expect(answer.status == 1)
        #expect(said.contains("\(field).containers[1].\(message)"), "\(said)")
        #expect(!said.contains("byte "), "\(said)")
      }
    }
  }

  @Test(arguments: [
    ("replicas: \"1\"", "spec.replicas: text, where Kubernetes takes a number"),
    (
      "template: {spec: {volumes: {name: v}}}",
      "spec.template.spec.volumes: line 1, column 134: a mapping, where Kubernetes takes a list"
    ),
    (
      "template: {spec: {hostNetwork: \"no\", containers: [{name: postgres}]}}",
      "spec.template.spec.hostNetwork: text, where"
    ),
    (
      "template: {spec: {containers: {name: postgres}}}",
      "spec.template.spec.containers: line 1, column 137: a mapping, where"
    ),
  ])
  func soIsWhatHasAnotherShapeInAWorkload(member: String, message: String) throws {
    let manifest =
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: db, labels: {postern.io/customer: acme}}, spec: {\(member)}}"
    let answer = try Program.run(["check", "-"], input: manifest)
    #expect(answer.status == 1 && answer.output.contains("* \(message)"), "\(answer.output)\(answer.errors)")
    #expect(!answer.output.contains("byte "))
  }

  /// Where no webhook is asked, nothing is read.
  @Test(
    arguments: [
      ("namespace: kube-system", "", 1, "no webhook is asked in namespace kube-system"),
      ("namespace: postern-system", "", 1, "no webhook is asked in namespace postern-system"),
      (
        "namespace: quiet",
        "{apiVersion: v1, kind: Namespace, metadata: {name: quiet, labels: {postern.io/inject: disabled}}}",
        0, "the label postern.io/inject: disabled of namespace quiet leaves this alone"
      ),
      (
        "namespace: quiet",
        "{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {postern.io/inject: disabled}}}", 0, nil
      ),
      ("namespace: shop", "", 0, nil),
    ] as [(String, String, Int, String?)])
  func aNamespaceThatIsLeftAloneIsTold(namespace: String, other: String, status: Int, message: String?) throws {
    let postgres = """
      {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, \(namespace), labels: {postern.io/customer: acme},
       annotations: {postern.io/users: shop, postern.io/databases: orders, postern.io/service: make}},
       spec: {serviceName: db, template: {spec: {containers: [{name: postgres, image: "postgres:17"}]}}}}
      """
    let application = """
      {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, \(namespace)}, spec: {template: {metadata: {labels:
       {postern.io/connect: acme}, annotations: {postern.io/connections: shop}}, spec: {containers: [{name: a, image: b}]}}}}
      """
    for object in [postgres, application] {
      let input = [object, other].filter { !$0.isEmpty }.joined(separator: "\n---\n")
      let answer = try Program.run(["check", "-"], input: input)
      #expect(answer.status == Int32(status), "\(answer.output)")
      #expect(answer.output.contains("metadata.namespace") == (message != nil), "\(answer.output)")
      #expect(message.map { answer.output.contains($0) } ?? true, "\(answer.output)")
    }
  }

  /// Whatever of a Pod is text, in the template of any kind. The webhook would only say that it cannot read it.
  @Test(arguments: [
    ("containers: [{name: 1, image: x}]", "containers[0].name"),
    ("containers: [{name: a, image: 17}]", "containers[0].image"),
    ("containers: [{name: a, env: [{name: y}]}]", "containers[0].env[0].name"),
    (
      "containers: [{name: a, env: [{name: B, valueFrom: {secretKeyRef: {name: s, key: y}}}]}]",
      "containers[0].env[0].valueFrom.secretKeyRef.key"
    ),
    (
      "initContainers: [{name: a, envFrom: [{secretRef: {name: 1}}]}]", "initContainers[0].envFrom[0].secretRef.name"
    ),
    ("containers: [{name: a, volumeMounts: [{name: 1, mountPath: /a}]}]", "containers[0].volumeMounts[0].name"),
    ("containers: [{name: a, command: [sh, -c, 1]}]", "containers[0].command[2]"),
    ("containers: [{name: a}], volumes: [{name: v, secret: {secretName: 7}}]", "volumes[0].secret.secretName"),
    ("containers: [{name: a}], dnsPolicy: no", "dnsPolicy"),
  ])
  func whatIsNoTextInAPodIsSaidWithItsPlace(spec: String, field: String) throws {
    for (kind, version, path, open, close) in [
      ("Deployment", "apps/v1", "spec.template.spec", "template: ", ""),
      ("CronJob", "batch/v1", "spec.jobTemplate.spec.template.spec", "jobTemplate: {spec: {template: ", "}}"),
      ("Rollout", "argoproj.io/v1alpha1", "spec.template.spec", "template: ", ""),
    ] where kind != "Rollout" || spec.contains(" containers") || spec.hasPrefix("containers") {
      let manifest = """
        apiVersion: \(version)
        kind: \(kind)
        metadata: {name: web}
        spec: {\(open){metadata: {labels: {postern.io/connect: acme}, annotations: {postern.io/connections: shop}}, spec: {\(spec)}}\(close)}
        """
      let answer = try Program.run(["check", "-"], input: manifest)
      #expect(answer.status == 1 && answer.output.contains("\(path).\(field): line 4"), "\(answer.output)")
      #expect(!answer.output.contains("not as Kubernetes defines it"), "\(answer.output)")
    }
  }

  @Test func aFileThatCannotBeReadKeepsNoOtherFromBeingChecked() throws {
    let answer = try Program.run(["check", "-"], input: CheckTests.broken + "\n---\na: [\n")
    #expect(answer.status == 2)
    #expect(answer.errors.contains("is not YAML: line"))
    #expect(answer.output.contains("-:5: Deployment acme: refused"))
  }
}
