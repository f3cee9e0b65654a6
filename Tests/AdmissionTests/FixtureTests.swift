import Admission
import JSONBytes
import Testing

/// Reviews that kube-apiserver 1.36 sent, and the decision at each path.
private let decisions: [(String, ReviewRecord.Outcome, ReviewRecord.Outcome)] = [
  // A rolling update of a Deployment with a persistent volume would run two servers on one data folder.
  ("01-deployment-create-dryrun", .denied, .denied),
  ("02-deployment-create", .denied, .denied),
  ("03-replicaset-create", .unchanged, .unchanged),
  ("04-pod-create", .patched, .unchanged),
  ("05-statefulset-create", .unchanged, .allowedWithWarnings),
  ("06-pod-create", .patched, .unchanged),
  ("07-pod-create", .patched, .unchanged),
  ("08-deployment-update", .unchanged, .unchanged),
  ("09-deployment-update", .unchanged, .unchanged),
  ("10-deployment-update", .unchanged, .unchanged),
  ("11-deployment-update", .unchanged, .unchanged),
  ("12-deployment-update", .unchanged, .allowedWithWarnings),
  ("13-replicaset-update", .unchanged, .unchanged),
  ("14-replicaset-update", .unchanged, .unchanged),
  ("15-replicaset-update", .unchanged, .unchanged),
  ("16-pod-create", .patched, .unchanged),
  // There are two users now, so the declaration must say which of them owns the database.
  ("17-pod-update", .unchanged, .denied),
  ("18-secret-create", .unchanged, .unchanged),
  ("19-configmap-create", .unchanged, .unchanged),
  ("20-secret-delete", .unchanged, .unchanged),
  ("21-configmap-delete", .unchanged, .unchanged),
  ("22-pod-delete", .unchanged, .unchanged),
  ("24-deployment-create", .patched, .unchanged),
]

@Suite struct FixtureTests {
  @Test(arguments: decisions)
  func answersRealReviews(name: String, atMutate: ReviewRecord.Outcome, atValidate: ReviewRecord.Outcome) throws {
    let body = try fixture(name)
    let request = try #require(try JSONValue(parsing: body)["request"])
    for (path, expected) in [(AdmissionPath.mutate, atMutate), (.validate, atValidate)] {
      let reply = try post(body, path)
      #expect(reply.answer.record.decision == expected, "\(path): \(reply.answer.record.messages)")
      #expect(reply.root["kind"]?.string == "AdmissionReview")
      #expect(reply.root["apiVersion"]?.string == "admission.k8s.io/v1")
      #expect(reply.response?["uid"] == request["uid"])
      #expect(reply.isAllowed == (expected != .denied))
      #expect((reply.patch != nil) == (expected == .patched))
      #expect((reply.response?["patchType"] != nil) == (expected == .patched))
      #expect((reply.response?["status"] != nil) == (expected == .denied))
      // A dry run gets the same answer as the real request, so everything that `--dry-run=server` prints is true.
      let dryRun = try #require(request["dryRun"])
      let other = try JSONValue(parsing: body).adding("/request/dryRun", JSONValue.bool(dryRun == .bool(false)).text)
      #expect(try post(other.bytes, path).answer.body == reply.answer.body)
    }
  }

  @Test(arguments: injected)
  func injectsRealPods(name: String, sidecar: String, volumes: [String]) throws {
    let body = try fixture(name)
    let object = try #require(try JSONValue(parsing: body)["request"]?["object"])
    var expected = try object.adding("/spec/initContainers", "[\(sidecar)]")
    for volume in volumes { expected = try expected.adding("/spec/volumes/-", volume) }
    if expected["metadata"]?["annotations"] == nil { expected = try expected.adding("/metadata/annotations", "{}") }
    expected = try expected.adding("/metadata/annotations/postern.io~1injected", #""v1""#)
    #expect(try post(body, .mutate).admitted(object) == expected)
  }

  @Test func labelsARealTemplateAndChangesNothingElse() throws {
    let body = try fixture("24-deployment-create")
    let object = try #require(try JSONValue(parsing: body)["request"]?["object"])
    let expected = try object.adding("/spec/template/metadata/labels/postern.io~1customer", #""label-only""#)
    #expect(try post(body, .mutate).admitted(object) == expected)
  }

  @Test(arguments: ["04-pod-create", "06-pod-create", "07-pod-create"])
  func recordsSayWhatWasDecidedAboutWhat(name: String) throws {
    let body = try fixture(name)
    let record = try post(body, .mutate).answer.record
    #expect(record.kind == "Pod" && record.operation == "CREATE" && record.namespace == "tyr" && record.causes == 0)
    let names = ["04-pod-create": "postgres-deployment-6fbccc7b68-", "06-pod-create": "acme-postgres-0"]
    #expect(record.name == names[name, default: "bare-"])
  }
}

/// The fields that are the same in every sidecar of these tests, around those that differ.
private func sidecar(
  env: String, mounts: String = "", user: Int = 65532, limits: String = #"{"memory":"16Mi"}"#
) -> String {
  """
  {"name":"postern","image":"registry.example/postern-sidecar:1","args":["run"],
   "ports":[{"name":"postern","containerPort":8432}],
   "env":[\(env)],
   "resources":{"requests":{"cpu":"5m","memory":"8Mi"},"limits":\(limits)},
   "volumeMounts":[{"name":"postern","mountPath":"/etc/postern","readOnly":true},
                   {"name":"postern-status","mountPath":"/run/postern"},
                   {"name":"postern-status","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount",
                    "subPath":"no-token","readOnly":true}\(mounts)],
   "readinessProbe":{"httpGet":{"path":"/readyz","port":"postern"},"periodSeconds":2,"timeoutSeconds":5,
                     "failureThreshold":3},
   "restartPolicy":"Always","terminationMessagePolicy":"FallbackToLogsOnError",
   "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},
     "readOnlyRootFilesystem":true,"runAsNonRoot":true,"runAsUser":\(user),"seccompProfile":{"type":"RuntimeDefault"}}}
  """
}

private func projected(_ customer: String, _ sources: String = "") -> String {
  """
  {"name":"postern","projected":{"sources":[{"configMap":{"name":"\(customer)-pg-spec","optional":true}},
    {"secret":{"name":"\(customer)-pg-passwords","optional":true}}\(sources)]}}
  """
}

private let status = #"{"name":"postern-status","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}}"#

/// The complete Pod that each fixture becomes: what it was, plus this.
private let injected: [(name: String, sidecar: String, volumes: [String])] = [
  ("04-pod-create", fileSidecar, [projected("tyr"), status]),
  ("16-pod-create", fileSidecar, [projected("tyr"), status]),
  (
    "06-pod-create",
    sidecar(
      env:
        #"{"name":"POSTERN_CUSTOMER","value":"acme"},{"name":"POSTERN_PORT","value":"5432"},{"name":"POSTERN_STATUS_PORT","value":"8432"}"#,
      user: 999),
    [
      projected(
        "acme", #",{"secret":{"name":"acme-admin","items":[{"key":"password","path":"admin/password"}]}}"#), status,
    ]
  ),
  (
    "07-pod-create",
    sidecar(
      env:
        #"{"name":"POSTERN_CUSTOMER","value":"bare"},{"name":"POSTERN_PORT","value":"5432"},{"name":"POSTERN_STATUS_PORT","value":"8432"}"#
    ),
    [projected("bare"), status]
  ),
]

/// A Pod whose Postgres reads the name and the password from files of a Secret volume, and has a CPU limit.
private let fileSidecar = sidecar(
  env: """
    {"name":"POSTERN_CUSTOMER","value":"tyr"},{"name":"POSTERN_PORT","value":"5432"},{"name":"POSTERN_STATUS_PORT","value":"8432"},
    {"name":"POSTERN_ADMIN_USER_FILE","value":"/run/secrets/postgres/pg_admin_user.secret"},
    {"name":"POSTERN_ADMIN_PASSWORD_FILE","value":"/run/secrets/postgres/pg_admin_password.secret"}
    """,
  mounts: #",{"name":"postgres-secret","mountPath":"/run/secrets/postgres","readOnly":true}"#,
  limits: #"{"cpu":"100m","memory":"16Mi"}"#)
