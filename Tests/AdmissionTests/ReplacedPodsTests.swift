import Admission
import JSONBytes
import KubernetesAPI
import Testing

/// Two servers on one data folder ruin it, and several servers behind one host are not replicas of each other.
@Suite struct ReplacedPodsTests {
  private static let podSpec = """
    {"containers":[{"name":"db","image":"postgres:17","volumeMounts":[{"name":"data","mountPath":"/var/lib/postgresql/data"}]}],
     "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"db"}},{"name":"x","emptyDir":{}}]}
    """

  private func workload(_ strategy: String?, kind: String = "Deployment", podSpec: String = podSpec) throws -> JSONValue
  {
    let object = try deployment(annotations: #"{"postern.io/users":"a"}"#, podSpec: podSpec, kind: kind)
    guard let strategy else { return object }
    return try object.adding("/spec/strategy", strategy)
  }

  @Test(arguments: [
    nil, "{}", #"{"type":"RollingUpdate"}"#, #"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}}"#,
    #"{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}"#,
  ])
  func aDeploymentThatSurgesOnAClaimIsRefusedWhenTheLabelComesToIt(strategy: String?) throws {
    let object = try workload(strategy)
    for path in AdmissionPath.allCases {
      #expect(try post(object, path).fields == ["spec.strategy"])
      let unlabelled = try object.removing("/metadata/labels/postern.io~1customer")
      let labelled = try post(object, path, replacing: unlabelled)
      #expect(labelled.causes.first?.message.contains("strategy: {type: Recreate}") == true)
    }
    // An existing workload keeps working and gets a warning.
    let changed = try object.adding("/metadata/annotations/postern.io~1users", #""a, b""#)
    let reply = try post(changed, .validate, replacing: object)
    #expect(reply.isAllowed && reply.warnings.count == 1)
    #expect(reply.warnings.first?.contains("two servers can ruin one volume") == true)
    #expect(try post(changed, .mutate, replacing: object).isAllowed)
  }

  @Test(arguments: [
    #"{"type":"Recreate"}"#, #"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}"#,
    #"{"rollingUpdate":{"maxSurge":"0%"}}"#,
  ])
  func aDeploymentThatDoesNotSurgeIsFine(strategy: String) throws {
    let reply = try post(workload(strategy), .validate)
    #expect(reply.isAllowed && reply.warnings == [], "\(reply.causes)")
  }

  /// Several Pods at once are as bad as two for a moment.
  @Test func severalPodsOnOneVolumeAreRefusedWhenTheLabelComesToThem() throws {
    let object = try workload(#"{"type":"Recreate"}"#).adding("/spec/replicas", "2")
    for path in AdmissionPath.allCases { #expect(try post(object, path).fields == ["spec.replicas"]) }
    let changed = try object.adding("/metadata/annotations/postern.io~1users", #""a, b""#)
    let reply = try post(changed, .validate, replacing: object)
    #expect(reply.isAllowed && reply.warnings.first?.contains("2 Pods of a Deployment have one volume") == true)
    let replicated = try object.adding("/metadata/annotations/postern.io~1replication", #""external""#)
    #expect(try post(replicated, .validate).isAllowed)
  }

  /// Which volumes hold the data: by the mount's path, and PGDATA.
  @Test(arguments: [
    (#"{"name":"data","mountPath":"/var/lib/postgresql"}"#, "", true),
    (#"{"name":"data","mountPath":"/docker-entrypoint-initdb.d","readOnly":true}"#, "", false),
    (#"{"name":"data","mountPath":"/backup"}"#, "", false), (#"{"name":"node","mountPath":"/srv"}"#, "", false),
    (#"{"name":"node","mountPath":"/srv"}"#, #""env":[{"name":"PGDATA","value":"/srv/pg"}],"#, true),
    (#"{"name":"node","mountPath":"/var/lib/postgresql/data/pgdata"}"#, "", true),
  ])
  func onlyTheDataCounts(mount: String, more: String, isRefused: Bool) throws {
    let podSpec = """
      {"containers":[{"name":"db","image":"postgres:17",\(more)"volumeMounts":[\(mount)]}],
       "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"db"}},{"name":"node","hostPath":{"path":"/d"}}]}
      """
    #expect(try post(workload(nil, podSpec: podSpec), .validate).isAllowed == !isRefused)
    let unknown = podSpec.replacing("postgres:17", with: "acme/db:1").replacing(
      "\"name\":\"db\",", with: "\"name\":\"postgres\",")
    let isReadOnly = mount.contains("readOnly")
    #expect(try post(workload(nil, podSpec: unknown), .validate).isAllowed == isReadOnly)
  }

  @Test(arguments: [
    (#""persistentVolumeClaim":{"claimName":"db"}"#, true), (#""hostPath":{"path":"/d"}"#, true),
    (#""nfs":{"server":"10.0.0.1","path":"/exports/pg"}"#, true), (#""gcePersistentDisk":{"pdName":"pg"}"#, true),
    (#""awsElasticBlockStore":{"volumeID":"v"}"#, true), (#""azureFile":{"shareName":"s","secretName":"s"}"#, true),
    (#""cephfs":{"monitors":["m"]}"#, true), (#""csi":{"driver":"nfs.csi.k8s.io"}"#, true),
    (#""iscsi":{"iqn":"i"}"#, true), (#""newerThanThis":{}"#, true), (#""emptyDir":{}"#, false),
    (#""ephemeral":{"volumeClaimTemplate":{}}"#, false), (#""emptyDir":{},"nfs":null"#, false),
    (#""image":{"reference":"i"}"#, false),
  ])
  func volumesThatEndWithThePodAreNotShared(source: String, isRefused: Bool) throws {
    let podSpec = Self.podSpec.replacing(#""persistentVolumeClaim":{"claimName":"db"}"#, with: source)
    #expect(try post(workload(nil, podSpec: podSpec), .validate).fields == (isRefused ? ["spec.strategy"] : []))
  }

  /// Where a known image keeps the data, or is told to.
  @Test(arguments: [
    ("percona/percona-distribution-postgresql:17.9", "", "/data/db"),
    ("postgres:17", #""args":["-c","data_directory=/srv/pg"],"#, "/srv"),
    ("postgres:17", #""args":["postgres","-D","/srv/pg"],"#, "/srv/pg"),
    ("postgres:17", #""command":["sh","-c","exec postgres -D/srv/pg"],"#, "/srv/pg"),
    ("postgres:17", #""command":["su","-","postgres","-c","pg_ctl -D '/srv/pg' start"],"#, "/srv/pg"),
    ("postgres:17", #""command":["pg_ctl","--pgdata","/srv/pg","start"],"#, "/srv/pg"),
    ("postgres:17", #""env":[{"name":"D","value":"/srv/pg"}],"args":["-D","$(D)"],"#, "/srv"),
    ("bitnami/postgresql:17", #""env":[{"name":"POSTGRESQL_DATA_DIR","value":"/srv/pg"}],"#, "/srv"),
    ("patroni:4", #""env":[{"name":"PATRONI_POSTGRESQL_DATA_DIR","value":"/srv/pg"}],"#, "/srv"),
  ])
  func theDataAreElsewhere(image: String, more: String, path: String) throws {
    func podSpec(_ path: String) -> String {
      """
      {"containers":[{"name":"db","image":"\(image)",\(more)"volumeMounts":[{"name":"data","mountPath":"\(path)"}]}],
       "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"db"}}]}
      """
    }
    #expect(try post(workload(nil, podSpec: podSpec(path)), .validate).fields.contains("spec.strategy"))
    #expect(try !post(workload(nil, podSpec: podSpec("/backup")), .validate).fields.contains("spec.strategy"))
  }

  @Test func whatSharesNoVolumeIsFine() throws {
    #expect(try post(workload(nil, kind: "StatefulSet"), .validate).isAllowed)
    let ephemeral = #"{"containers":[{"name":"db","image":"postgres:17"}],"volumes":[{"name":"data","emptyDir":{}}]}"#
    #expect(try post(workload(nil, podSpec: ephemeral), .validate).isAllowed)
    let anothers = Self.podSpec.replacing(#"{"name":"data","mountPath""#, with: #"{"name":"x","mountPath""#)
    #expect(try post(workload(nil, podSpec: anothers), .validate).isAllowed)
    let noPostgres = Self.podSpec.replacing("postgres:17", with: "nginx")
    let web = try workload(nil, podSpec: noPostgres).removing("/metadata/annotations")
    #expect(try post(web, .validate).isAllowed)
  }

  @Test(arguments: ["Deployment", "StatefulSet"]) func severalReplicasAreNoReplication(kind: String) throws {
    let object = try deployment(annotations: #"{"postern.io/users":"a"}"#, kind: kind)
    for (replicas, warnings) in [("0", 0), ("1", 0), ("2", 2), ("null", 0)] {
      let reply = try post(object.adding("/spec/replicas", replicas), .validate)
      #expect(reply.isAllowed && reply.warnings.count == warnings, "\(reply.warnings)")
      let replicated = try object.adding("/spec/replicas", replicas)
        .adding("/metadata/annotations/postern.io~1replication", #""external""#)
      #expect(try post(replicated, .validate).warnings == [])
    }
  }

  /// Also by an update that changes nothing else. Such an update is never refused.
  @Test(arguments: ["Deployment", "StatefulSet"]) func replicasThatComeLaterAreToldOf(kind: String) throws {
    let object = try workload(nil, kind: kind)
    for (before, after, warnings) in [
      ("1", "3", 2), ("null", "2", 2), ("0", "2", 2), ("2", "3", 2), ("3", "2", 0), ("3", "3", 0), ("0", "1", 0),
    ] {
      let (old, new) = try (object.adding("/spec/replicas", before), object.adding("/spec/replicas", after))
      let reply = try post(new, .validate, replacing: old)
      // A Deployment's Pods have one claim, and those of a StatefulSet here are not looked at.
      let expected = kind == "Deployment" ? min(warnings, 1) : warnings
      #expect(reply.isAllowed && reply.warnings.count == expected, "\(before) \(after) \(reply.warnings)")
      let words =
        kind == "Deployment" ? "\(after) Pods of a Deployment have one volume" : "\(after) replicas are as many servers"
      #expect(warnings == 0 || reply.warnings.first?.contains(words) == true)
      #expect(try post(new, .mutate, replacing: old).isAllowed)
      let replicated = #"{"postern.io/users":"a","postern.io/replication":"external"}"#
      let (oldCopies, copies) = try (
        old.adding("/metadata/annotations", replicated), new.adding("/metadata/annotations", replicated)
      )
      #expect(try post(copies, .validate, replacing: oldCopies).warnings == [])
    }
  }

  static let chosen: [(kind: String, replicas: String, more: String, annotations: String, chosen: String?)] = [
    ("StatefulSet", "3", #","serviceName":"pg""#, "{}", "db-0.pg"),
    ("StatefulSet", "3", #","serviceName":"pg","ordinals":{"start":5}"#, "{}", "db-5.pg"),
    ("StatefulSet", "1", #","serviceName":"pg""#, "{}", nil), ("StatefulSet", "3", "", "{}", nil),
    ("StatefulSet", "3", #","serviceName":"pg""#, #"{"postern.io/replication":"external"}"#, nil),
    ("Deployment", "3", "", "{}", nil),
  ]

  /// The Secrets name the server that they are for.
  @Test(arguments: chosen)
  func oneOfSeveralIsChosen(kind: String, replicas: String, more: String, annotations: String, chosen: String?) throws {
    let object = try json(
      """
      {"apiVersion":"apps/v1","kind":"\(kind)","metadata":{"name":"db","labels":{"postern.io/customer":"acme"},
       "annotations":\(annotations)},"spec":{"replicas":\(replicas)\(more),
       "template":{"spec":{"containers":[{"name":"db","image":"postgres:17"}]}}}}
      """)
    let type: GroupVersionKind = kind == "Deployment" ? .deployment : .statefulSet
    #expect(DeclaredPostgres(object, kind: type, namespace: "shop")?.chosenReplica == chosen)
    guard let chosen else { return }
    #expect(try post(object, .validate).warnings.first?.contains("for \(chosen)") == true)
  }
}
