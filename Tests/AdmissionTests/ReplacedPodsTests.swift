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
    // The way out that it names is one.
    #expect(
      try post(object, .validate).causes.first?.message.contains("say so: postern.io/replication: external") == true)
    let copies = #"{"postern.io/users":"a","postern.io/replication":"external"}"#
    #expect(try post(object.adding("/metadata/annotations", copies), .validate).isAllowed)
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

  /// A container with mounts of volumes: a claim, another one for backups, a folder of the node, and what holds no data.
  private static func podSpec(_ image: String, _ more: String, _ mounts: [String]) -> String {
    let list = mounts.map { mount in
      let parts = mount.split(separator: " ", maxSplits: 2).map(String.init)
      return #"{"name":"\#(parts[0])","mountPath":"\#(parts[1])"\#(parts.count > 2 ? ",\(parts[2])" : "")}"#
    }.joined(separator: ",")
    return """
      {"containers":[{"name":"db","image":"\(image)",\(more)"volumeMounts":[\(list)]}],
       "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"db"}},
                  {"name":"backup","persistentVolumeClaim":{"claimName":"b"}},{"name":"node","hostPath":{"path":"/d"}},
                  {"name":"read","persistentVolumeClaim":{"claimName":"r","readOnly":true}},
                  {"name":"empty","emptyDir":{}},{"name":"conf","configMap":{"name":"c"}},
                  {"name":"sec","secret":{"secretName":"s"}}]}
      """
  }

  private static let fromSecret = #""envFrom":[{"secretRef":{"name":"s"}}],"#
  private static func env(_ variables: String) -> String { #""env":[\#(variables)],"# }
  private static let podName = #"{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}"#
  private static let byKey = #""valueFrom":{"configMapKeyRef":{"name":"c","key":"d"}}"#

  /// Where variables tell the folder, or something that is not seen here may: then any volume that is written may hold the data,
  /// unless one is where images of this family keep theirs.
  static let shared: [(image: String, more: String, mounts: [String])] = [
    ("postgres:17", fromSecret, ["data /k8s/postgres"]),
    ("postgres:17", #""envFrom":[{"configMapRef":{"name":"c"}}],"#, ["node /k8s/postgres"]),
    ("postgres:17", env(#"{"name":"PGDATA",\#(byKey)}"#), ["data /k8s/postgres"]),
    (
      "postgres:17", env(#"{"name":"ROOT","value":"/k8s"},{"name":"PGDATA","value":"$(ROOT)/pgdata"}"#),
      ["data /k8s", "empty /var/lib/postgresql/data"]
    ),
    ("postgres:17", env(#"{"name":"ROOT",\#(byKey)},{"name":"PGDATA","value":"$(ROOT)/pg"}"#), ["data /k8s"]),
    ("postgres:17", fromSecret, ["data /var/lib/postgresql/data", "backup /backups"]),
    ("postgres:17", fromSecret, ["conf /var/lib/postgresql/conf", "sec /var/lib/postgresql/tls", "data /pgdata"]),
    (
      "postgres:17", #""command":["sh","-c","export PGDATA=/pgdata; exec docker-entrypoint.sh postgres"],"#,
      ["data /pgdata"]
    ),
    ("postgres:17", #""command":["sh","-c","exec postgres -D $PGDATA"],"#, ["data /pgdata"]),
    (
      "postgres:17", #""command":["sh","-c","postgres -D $D"],"# + env(#"{"name":"D","value":"/pgdata"}"#),
      ["data /pgdata", "empty /var/lib/postgresql/data"]
    ),
    ("postgres:17", #""command":["/scripts/start.sh"],"#, ["data /pgdata", "conf /scripts"]),
    ("postgres:17", #""args":["/scripts/start.sh"],"#, ["data /pgdata"]),
    ("postgres:17", #""args":["-D","$(D)"],"# + env(#"{"name":"D",\#(byKey)}"#), ["data /pgdata"]),
    ("bitnami/postgresql:16", env(#"{"name":"POSTGRESQL_VOLUME_DIR","value":"/mydata"}"#), ["data /mydata"]),
    ("bitnami/postgresql:16", fromSecret, ["data /mydata"]),
    ("kartoza/postgis:16", env(#"{"name":"DATADIR","value":"/opt/data"}"#), ["data /opt/data"]),
    ("kartoza/postgis:16", env(#"{"name":"DATADIR",\#(byKey)}"#), ["data /opt/data"]),
    ("kartoza/postgis:16", "", ["data /var/lib/postgresql"]),
    ("timescale/timescaledb-ha:pg17", "", ["data /home/postgres/pgdata"]),
    ("timescale/timescaledb:2.17-pg16", env(#"{"name":"PATRONI_NAME","value":"a"}"#), ["data /var/lib/postgresql"]),
    ("paradedb/paradedb:0.13.0", "", ["data /bitnami/postgresql"]),
    ("quay.io/sclorg/postgresql-16-c9s", "", ["data /var/lib/pgsql/data"]),
    ("sameersbn/postgresql:15", "", ["data /var/lib/postgresql"]),
    ("registry.suse.com/suse/postgres:17", "", ["data /var/lib/pgsql/data"]),
    ("registry.opensuse.org/opensuse/postgres:16", "", ["data /var/lib/pgsql"]),
    (
      "postgres:17", #""command":["sh","-c","export PGDATA=/k8s/pg; exec docker-entrypoint.sh postgres"],"#,
      ["data /k8s", "empty /var/lib/postgresql/data"]
    ),
    ("cgr.dev/chainguard/postgres:latest", "", ["data /var/lib/postgresql/data"]),
    ("acme/db:1", env(#"{"name":"PGDATA","value":"/k8s/pg"}"#), ["data /k8s", "empty /var/lib/postgresql"]),
    // The same part of a volume for all Pods.
    (
      "postgres:17", env(#"{"name":"NS","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}}"#),
      [#"data /var/lib/postgresql/data "subPathExpr":"$(NS)""#]
    ),
    ("postgres:17", "", [#"data /var/lib/postgresql/data "subPath":"pg""#]),
  ]

  @Test(arguments: shared) func whatMayHoldTheDataCounts(image: String, more: String, mounts: [String]) throws {
    let podSpec = Self.podSpec(image, more, mounts)
    #expect(try post(workload(nil, podSpec: podSpec), .validate).fields.contains("spec.strategy"))
    let several = try workload(#"{"type":"Recreate"}"#, podSpec: podSpec).adding("/spec/replicas", "3")
    let reply = try post(several, .validate)
    #expect(reply.fields.contains("spec.replicas"))
    #expect(!reply.warnings.contains { $0.contains("servers with data of their own") }, "\(reply.warnings)")
    #expect(try !post(several.removing("/spec/replicas"), .validate).fields.contains("spec.strategy"))
  }

  /// What is a guess is told as one, and what settles it.
  @Test func aGuessNamesTheVolume() throws {
    let podSpec = Self.podSpec("postgres:17", Self.fromSecret, ["empty /scratch", "backup /seed"])
    let object = try workload(nil, podSpec: podSpec)
    let reply = try post(object, .validate)
    #expect(
      reply.causes.first?.message
        == #"a rolling update starts a second Postgres on volume "backup" (it may hold the data) while the first still "#
        + "runs, which ruins the data: write PGDATA into env if the data are elsewhere, else strategy: {type: Recreate}"
    )
    let several = try workload(#"{"type":"Recreate"}"#, podSpec: podSpec).adding("/spec/replicas", "2")
    let told = try post(several, .validate).causes.first?.message
    #expect(told?.contains(#"2 Pods of a Deployment have volume "backup" (it may hold the data), and two"#) == true)
    #expect(told?.contains("write PGDATA into env if the data are elsewhere, else replicas: 1; where") == true)
    // A workload that is there is warned of, in few words.
    for (object, what) in [(object, "type: Recreate"), (several, "replicas: 1")] {
      let changed = try object.adding("/metadata/annotations/postern.io~1users", #""a, b""#)
      #expect(
        try post(changed, .validate, replacing: object).warnings.first
          == #"postern: write PGDATA into env, or \#(what): volume "backup" may hold the data, which two servers ruin"#)
    }
    let settled = Self.fromSecret + Self.env(#"{"name":"PGDATA","value":"/scratch/pg"}"#)
    let elsewhere = Self.podSpec("postgres:17", settled, ["empty /scratch", "backup /seed"])
    #expect(try post(workload(nil, podSpec: elsewhere), .validate).isAllowed)
  }

  static let unshared: [(image: String, more: String, mounts: [String])] = [
    ("postgres:17", "", ["empty /var/lib/postgresql/data", "data /data"]), ("postgres:17", "", ["data /data/db"]),
    ("postgres:17", fromSecret, ["empty /var/lib/postgresql/data", "backup /backups"]),
    ("postgres:17", fromSecret, ["data /docker-entrypoint-initdb.d"]),
    ("postgres:17", fromSecret, ["data /etc/postgresql", "backup /var/log/postgresql"]),
    (
      "postgres:17", fromSecret,
      ["conf /pgdata", "sec /tls", "empty /scratch", "read /all", #"data /d "readOnly":true"#]
    ),
    // What env says goes before envFrom, and arguments before both.
    ("postgres:17", fromSecret + env(#"{"name":"PGDATA","value":"/scratch"}"#), ["data /backups"]),
    (
      "postgres:17", env(#"{"name":"PGDATA","value":"/scratch/pg"}"#),
      ["empty /scratch", "data /var/lib/postgresql/backups"]
    ),
    ("postgres:17", fromSecret + #""args":["-D","/scratch"],"#, ["data /backups"]),
    ("postgres:17", #""command":["docker-entrypoint.sh"],"args":["postgres","-c","ssl=on"],"#, ["data /backups"]),
    ("postgres:17", #""args":["postgres","-c","ssl=on"],"#, ["data /backups"]),
    ("postgres:17", #""command":["postgres"],"args":["-c","ssl=on"],"#, ["data /backups"]),
    ("bitnami/postgresql:16", "", ["data /backups"]), ("bitnami/postgresql:16", "", ["data /data/db"]),
    (
      "postgres:17", #""command":["sh","-c","PGDATA=/scratch exec docker-entrypoint.sh postgres"],"#,
      ["empty /scratch", "data /backups"]
    ),
    // The nearest mount has the data.
    (
      "postgres:17", env(#"{"name":"PGDATA","value":"/k8s/pg/data"}"#), ["data /k8s", "empty /k8s/pg"]
    ),
    // Each Pod has a folder of its own.
    ("postgres:17", env(podName), [#"data /var/lib/postgresql/data "subPathExpr":"pg/$(POD_NAME)""#]),
    (
      "postgres:17", fromSecret + env(podName),
      [#"data /var/lib/postgresql/data "subPathExpr":"$(POD_NAME)""#, "backup /backups"]
    ),
    ("postgres:17", env(podName + #",{"name":"PGDATA","value":"/all/$(POD_NAME)"}"#), ["data /all"]),
  ]

  @Test(arguments: unshared) func whatSurelyHoldsNoneDoesNotCount(
    image: String, more: String, mounts: [String]
  ) throws {
    let object = try workload(nil, podSpec: Self.podSpec(image, more, mounts)).adding("/spec/replicas", "2")
    let reply = try post(object, .validate)
    #expect(!reply.fields.contains { $0.hasPrefix("spec.") }, "\(reply.fields)")
  }

  /// The Pods of a StatefulSet have what its template names together, and what it makes for each apart.
  @Test(arguments: [
    (["data /var/lib/postgresql/data"], "", true), (["node /var/lib/postgresql/data"], "", false),
    (["data /backups"], "", false),
    (
      ["own /var/lib/postgresql/data", "data /backups"],
      #"[{"metadata":{"name":"own"},"spec":{"accessModes":["ReadWriteOnce"]}}]"#, false
    ),
    (["own /pgdata", "data /backups"], #"[{"metadata":{"name":"own"},"spec":{}}]"#, false),
    // The claim by a template is for something else, or there is none.
    (
      ["own /wal", "data /var/lib/postgresql/data"], #"[{"metadata":{"name":"own"},"spec":{}}]"#, true
    ),
    (["data /var/lib/postgresql/data"], "[]", true), (["data /var/lib/postgresql/data"], "null", true),
    // It takes the place of the Pod's volume of its name.
    (["data /var/lib/postgresql/data"], #"[{"metadata":{"name":"data"},"spec":{}}]"#, false),
  ])
  func replicasOfAStatefulSetMayShareAClaim(mounts: [String], claims: String, isShared: Bool) throws {
    for more in ["", Self.fromSecret] where more.isEmpty || !claims.isEmpty {
      var object = try workload(nil, kind: "StatefulSet", podSpec: Self.podSpec("postgres:17", more, mounts))
      if !claims.isEmpty { object = try object.adding("/spec/volumeClaimTemplates", claims) }
      #expect(try post(object, .validate).isAllowed)
      let reply = try post(object.adding("/spec/replicas", "3"), .validate)
      #expect(reply.fields == (isShared ? ["spec.replicas"] : []), "\(reply.causes)")
      #expect(reply.warnings.contains { $0.contains("data of their own") } == !isShared, "\(reply.warnings)")
    }
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
    var object = try workload(nil, kind: kind)
    if kind == "StatefulSet" {
      object = try object.adding("/spec/volumeClaimTemplates", #"[{"metadata":{"name":"data"},"spec":{}}]"#)
    }
    for (before, after, warnings) in [
      ("1", "3", 2), ("null", "2", 2), ("0", "2", 2), ("2", "3", 2), ("3", "2", 0), ("3", "3", 0), ("0", "1", 0),
    ] {
      let (old, new) = try (object.adding("/spec/replicas", before), object.adding("/spec/replicas", after))
      let reply = try post(new, .validate, replacing: old)
      // A Deployment's Pods have one claim, and those of this StatefulSet one each.
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
