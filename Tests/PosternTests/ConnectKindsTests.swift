import JSONBytes
import TestThreads
import Testing

@testable import postern

/// Connections of kinds that Kubernetes does not have: their Pods connect, so `check` and `inject` look at their templates.
@Suite(.blocking) struct ConnectKindsTests {
  /// A kind, where it has templates, and its `spec` with `TEMPLATE` in the places of them.
  private static let kinds = [
    ("argoproj.io/v1alpha1", "Rollout", ["spec.template"], "template: TEMPLATE"),
    ("serving.knative.dev/v1", "Service", ["spec.template"], "template: TEMPLATE"),
    ("apps.kruise.io/v1alpha1", "CloneSet", ["spec.template"], "replicas: 2, template: TEMPLATE"),
    ("v1", "ReplicationController", ["spec.template"], "template: TEMPLATE"),
    ("apps.openshift.io/v1", "DeploymentConfig", ["spec.template"], "triggers: [], template: TEMPLATE"),
    ("keda.sh/v1alpha1", "ScaledJob", ["spec.jobTargetRef.template"], "jobTargetRef: {template: TEMPLATE}"),
    (
      "jobset.x-k8s.io/v1alpha2", "JobSet",
      ["spec.replicatedJobs[0].template.spec.template", "spec.replicatedJobs[1].template.spec.template"],
      "replicatedJobs: [{name: a, template: {spec: {template: TEMPLATE}}}, {name: b, template: {spec: {template: TEMPLATE}}}]"
    ),
    (
      "ray.io/v1", "RayCluster", ["spec.headGroupSpec.template", "spec.workerGroupSpecs[0].template"],
      "headGroupSpec: {template: TEMPLATE}, workerGroupSpecs: [{replicas: 1, template: TEMPLATE}]"
    ),
    (
      "kubeflow.org/v1", "TFJob", ["spec.tfReplicaSpecs.Worker.template"],
      "tfReplicaSpecs: {Worker: {replicas: 1, template: TEMPLATE}}"
    ),
    (
      "sparkoperator.k8s.io/v1beta2", "SparkApplication", ["spec.driver.template"],
      "driver: {cores: 1, template: TEMPLATE}"
    ),
  ]

  private static func manifest(
    _ kind: (String, String, [String], String), _ connections: String,
    metadata: String = "labels: {postern.io/connect: acme}, "
  ) -> String {
    let template =
      "{metadata: {\(metadata)annotations: {postern.io/connections: \"\(connections)\"}}, "
      + "spec: {containers: [{name: web, image: web}]}}"
    return "apiVersion: \(kind.0)\nkind: \(kind.1)\nmetadata: {name: web}\nspec: {"
      + kind.3.replacing("TEMPLATE", with: template) + "}"
  }

  private func check(_ documents: String...) throws -> Program.Answer {
    try Program.run(["check", "-"], input: documents.joined(separator: "\n---\n"))
  }

  @Test(arguments: kinds) func checkJudgesTheirPods(kind: (String, String, [String], String)) throws {
    let sound = try check(ConnectedCustomer.manifest, Self.manifest(kind, "shop/orders"))
    #expect(sound.status == 0 && sound.output.contains("\(kind.1) web: fine"), "\(sound.output)")
    for (connections, message) in [
      ("shpo", #"[0]: customer "acme" has no user "shpo"; did you mean "shop"?"#),
      ("- {user: shop, containers: [wep]}", #"[0].containers[0]: there is no container "wep"; did you mean "web"?"#),
      ("a/b/c", "neither USER nor USER/DATABASE"),
    ] {
      let answer = try check(ConnectedCustomer.manifest, Self.manifest(kind, connections))
      #expect(answer.status == 1)
      for path in kind.2 {
        let lines = answer.output.split(separator: "\n").filter {
          $0.contains("\(path).metadata.annotations[postern.io/connections]") && $0.contains(message)
        }
        #expect(lines.count == 1, "\(path): \(answer.output)")
      }
    }
    let unlabelled = try check(Self.manifest(kind, "shop", metadata: ""))
    #expect(
      unlabelled.status == 1 && unlabelled.output.contains("\(kind.2[0]).metadata.labels"), "\(unlabelled.output)")
  }

  @Test(arguments: kinds) func injectAddsToEachTemplateOnce(kind: (String, String, [String], String)) throws {
    let input = ConnectedCustomer.manifest + "\n---\n" + Self.manifest(kind, "- {user: shop, wait: true}")
    let first = try Program.run(["inject", "-", "--no-secrets"], input: input)
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.components("postern.io/connected").count == kind.2.count + 1)
    #expect(first.errors.contains("\(kind.1) web: its Pods need Secret acme-pg-user-shop"), "\(first.errors)")
    let second = try Program.run(["inject", "-", "--no-secrets"], input: first.output)
    #expect(second.output == first.output)
    let refused = try Program.run(["inject", "-"], input: Self.manifest(kind, "a/b/c"))
    #expect(refused.status == 1)
    for path in kind.2 { #expect(refused.errors.contains("\(path).metadata.annotations"), "\(refused.errors)") }
  }

  /// The customer may be in the cluster, so it is no error.
  @Test(
    arguments: [
      ("acme", "default", nil), ("acme", "web", #"customer "acme" is in namespace default, and this is for web"#),
      ("acmee", "default", #"no customer "acmee" is in these files; did you mean "acme"?"#), ("other", "default", nil),
    ] as [(String, String, String?)])
  func aCustomerElsewhereIsWarnedOf(customer: String, namespace: String, message: String?) throws {
    let answer = try check(
      ConnectedCustomer.manifest,
      """
      {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: \(namespace)}, spec: {template: {metadata:
      {labels: {postern.io/connect: \(customer)}, annotations: {postern.io/connections: shop}},
      spec: {containers: [{name: web, image: web}]}}}}
      """)
    #expect(answer.status == 0 && answer.output.contains("warning:") == (message != nil), "\(answer.output)")
    #expect(answer.output.contains(message ?? ""), "\(answer.output)")
  }

  /// A hook that runs before the file's Postgres is there waits for ever.
  @Test(arguments: [
    ("helm.sh/hook: pre-install", true), ("helm.sh/hook: 'pre-upgrade, pre-install'", true),
    ("helm.sh/hook: post-install", false), ("helm.sh/hook: pre-upgrade", false),
    ("argocd.argoproj.io/hook: PreSync", true), ("argocd.argoproj.io/hook: Sync", false),
  ])
  func aHookThatRunsTooEarlyIsWarnedOf(annotation: String, isWarned: Bool) throws {
    let job = """
      apiVersion: batch/v1
      kind: Job
      metadata: {name: migrate, annotations: {\(annotation)}}
      spec:
        template:
          metadata: {labels: {postern.io/connect: acme}, annotations: {postern.io/connections: shop}}
          spec: {restartPolicy: Never, containers: [{name: web, image: web}]}
      """
    let answer = try check(ConnectedCustomer.manifest, job)
    #expect(answer.status == 0 && answer.output.contains("it runs before the Postgres of this file") == isWarned)
    #expect(try !check(job).output.contains("it runs before"))
  }

  /// A label or an annotation from where Pods may have it or not.
  @Test(arguments: [
    (
      "sparkoperator.k8s.io/v1beta2", "SparkApplication", "",
      "{driver: {labels: {postern.io/connect: acme}, annotations: {postern.io/connections: shop}}}", 0,
      "what these Pods are like is not seen here"
    ),
    (
      "sparkoperator.k8s.io/v1beta2", "SparkApplication", "",
      "{driver: {labels: {postern.io/connect: acme}, annotations: {postern.io/connections: shpo}}}", 1,
      #"spec.driver.annotations[postern.io/connections][0]: customer "acme" has no user "shpo""#
    ),
    (
      "argoproj.io/v1alpha1", "Workflow", "",
      "{templates: [{name: a, metadata: {labels: {postern.io/connect: acme}, annotations: {postern.io/connections: a/b/c}}}]}",
      1, "spec.templates[0].metadata.annotations[postern.io/connections][0]"
    ),
    (
      "monitoring.coreos.com/v1", "Prometheus", "", "{podMetadata: {labels: {postern.io/connect: acme}}}", 1,
      "this is missing; the label postern.io/connect alone"
    ),
    (
      "monitoring.coreos.com/v1", "Prometheus", "labels: {postern.io/connect: acme}", "{containers: [{name: x}]}", 0,
      "the Pods of a Prometheus need not have its labels"
    ),
    (
      "argoproj.io/v1alpha1", "Rollout", "annotations: {postern.io/connections: shop}",
      "{template: {metadata: {labels: {postern.io/connect: acme}}, spec: {containers: [{name: x}]}}}", 1,
      "need not have its annotations: write it in spec.template.metadata.annotations"
    ),
    ("v1", "Service", "labels: {postern.io/connect: acme}", "{}", 0, ""),
    ("v1", "Service", "annotations: {postern.io/connections: shop}", "{}", 1, "which has no Pods"),
  ])
  func whatIsNoTemplateIsTold(
    version: String, kind: String, metadata: String, spec: String, status: Int, message: String
  ) throws {
    let answer = try check(
      ConnectedCustomer.manifest,
      "apiVersion: \(version)\nkind: \(kind)\nmetadata: {name: web, \(metadata)}\nspec: \(spec)")
    #expect(answer.status == Int32(status), "\(answer.output)")
    #expect(answer.output.contains(message), "\(answer.output)")
  }
}

extension String {
  fileprivate func components(_ separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
