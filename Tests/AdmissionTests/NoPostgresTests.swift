import Admission
import JSONBytes
import Testing

/// A label can also be on objects that are not Postgres: kustomize's `commonLabels` puts it on everything.
@Suite struct NoPostgresTests {
  @Test(arguments: [
    (#"{"name":"web","image":"nginx:1.27","ports":[{"containerPort":80}]}"#, "image \"nginx\" is no Postgres"),
    (#"{"name":"postgres","image":"edoburu/pgbouncer:1.22.1"}"#, "image \"pgbouncer\" is no Postgres"),
    (
      #"{"name":"metrics","image":"quay.io/prometheuscommunity/postgres-exporter","ports":[{"containerPort":5432}]}"#,
      "exporter"
    ),
    (
      #"{"name":"c","image":"restic/restic","volumeMounts":[{"name":"d","mountPath":"/var/lib/postgresql/data"}]}"#,
      "image \"restic\" is no Postgres"
    ),
    (
      #"{"name":"app","image":"shop/app","env":[{"name":"POSTGRES_HOST","value":"db"},{"name":"POSTGRES_DB","value":"x"}]}"#,
      "nothing says that container \"app\" is Postgres"
    ),
    (
      #"{"name":"web","image":"acme/web:1","env":[{"name":"POSTGRES_PASSWORD","value":"x"},{"name":"DATABASE_URL","value":"postgresql://$(A)@db"}]}"#,
      "nothing says that container \"web\" is Postgres"
    ),
    (
      #"{"name":"n8n","image":"n8n","env":[{"name":"POSTGRES_USER","value":"x"},{"name":"DB_POSTGRESDB_HOST","value":"db"}]}"#,
      "nothing says that container \"n8n\" is Postgres"
    ),
    (
      #"{"name":"k","image":"keycloak","env":[{"name":"POSTGRES_DB","value":"x"},{"name":"KC_DB_URL","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}"#,
      "nothing says that container \"k\" is Postgres"
    ),
    (
      #"{"name":"a","image":"x","env":[{"name":"POSTGRES_DB","value":"x"},{"name":"POSTGRES_HOSTNAME","value":"db"}]}"#,
      "nothing says that container \"a\" is Postgres"
    ),
    (
      #"{"name":"a","image":"x","env":[{"name":"POSTGRES_DB","value":"x"},{"name":"STORE","value":"jdbc:postgresql://db/x"}]}"#,
      "nothing says that container \"a\" is Postgres"
    ),
    // What is in front of a server has its port, or what is said to every client, and says where the server is.
    (
      #"{"name":"t","image":"temporalio/auto-setup:1.25","env":[{"name":"POSTGRES_USER","value":"x"},{"name":"POSTGRES_SEEDS","value":"db"}]}"#,
      "nothing says that container \"t\" is Postgres"
    ),
    (
      #"{"name":"p","image":"acme/pooler:1","ports":[{"containerPort":5432}],"env":[{"name":"DATABASE_URL","value":"postgres://db"}]}"#,
      "nothing says that container \"p\" is Postgres"
    ),
    (
      #"{"name":"a","image":"x","env":[{"name":"POSTGRES_DB","value":"x"},{"name":"STORE","value":"postgresql+asyncpg://db/x"}]}"#,
      "nothing says that container \"a\" is Postgres"
    ),
    (
      #"{"name":"m","image":"mlflow","args":["server","--uri=postgresql://u@db/x"],"env":[{"name":"POSTGRES_DB","value":"x"}]}"#,
      "nothing says that container \"m\" is Postgres"
    ),
    (
      #"{"name":"m","image":"x","command":["sh","-c","run --to postgres://db"],"ports":[{"containerPort":5432}]}"#,
      "nothing says that container \"m\" is Postgres"
    ),
    (#"{"name":"g","image":"kartoza/geoserver:2.25"}"#, "nothing says that container \"g\" is Postgres"),
    (#"{"name":"s","image":"supabase/supavisor:2","ports":[{"containerPort":5432}]}"#, "is no Postgres"),
    (#"{"name":"s","image":"alpine/socat","ports":[{"containerPort":5432}]}"#, "is no Postgres"),
    (#"{"name":"c","image":"postgres:17","command":["/usr/bin/psql","-h","db"]}"#, "container \"c\" runs psql"),
    (#"{"name":"c","image":"postgres:17","args":["pg_isready"]}"#, "container \"c\" runs pg_isready"),
    (
      #"{"name":"c","image":"postgres:17","command":["sh","-c","pg_dump -h db orders | gzip > /b/x"]}"#,
      "container \"c\" runs pg_dump"
    ),
    (
      #"{"name":"c","image":"postgres:17","command":["bash","-ec"],"args":["pg_dumpall > /b"],"env":[{"name":"PGHOST","value":"db"}]}"#,
      "container \"c\" runs pg_dumpall"
    ),
    (
      #"{"name":"c","image":"postgres:17","command":["/usr/sbin/pgbouncer","/etc/p.ini"]}"#,
      "container \"c\" runs pgbouncer"
    ),
    (
      #"{"name":"c","image":"postgres:17","command":["sh","-c","sleep 1; exec pgbouncer /etc/p.ini"],"ports":[{"containerPort":5432}]}"#,
      "container \"c\" runs pgbouncer"
    ),
    (
      #"{"name":"c","image":"sorintlab/stolon:master-pg14","command":["bash","-ec","exec gosu stolon stolon-proxy\n"],"ports":[{"containerPort":5432}]}"#,
      "container \"c\" runs stolon-proxy"
    ),
    (#"{"name":"c","image":"patroni","args":["haproxy"]}"#, "container \"c\" runs haproxy"),
    (#"{"name":"a","image":"x"},{"name":"b","image":"y"}"#, "nothing says that one of \"a\", \"b\" is Postgres"),
    (#"{"name":"db","image":"ghcr.io/cloudnative-pg/postgresql:17"}"#, "CloudNativePG"),
    (#"{"name":"db","image":"ghcr.io/zalando/spilo-17:4.0"}"#, "Zalando"),
    (#"{"name":"postgres","image":"ghcr.io/cloudnative-pg/postgresql:17"}"#, "CloudNativePG"),
    (#"{"name":"postgres","image":"docker.enterprisedb.com/k8s/postgresql:17"}"#, "CloudNativePG"),
    (#"{"name":"db","image":"docker.enterprisedb.com/k8s_enterprise/edb-postgres-advanced:16"}"#, "CloudNativePG"),
    (
      #"{"name":"postgres","image":"containers.cybertec.at/cybertec-pg-container/postgres:rocky9-16"}"#, "CYBERTEC"
    ),
    (#"{"name":"patroni","image":"quay.io/ongres/patroni:v3.3-pg16"}"#, "StackGres"),
    (#"{"name":"postgres","image":"prometheuscommunity/postgres-exporter"}"#, "is no Postgres"),
  ])
  func itIsLeftAloneUnlessSomethingIsDeclared(containers: String, says: String) throws {
    let podSpec = #"{"containers":[\#(containers)]}"#
    let labelled = try pod().adding("/spec", podSpec)
    let alone = try post(labelled, .mutate)
    #expect(alone.isAllowed && alone.patch == nil)
    #expect(alone.warnings.count == 1 && alone.warnings.first?.contains(says) == true, "\(alone.warnings)")
    for kind in ["Deployment", "StatefulSet"] {
      let workload = try deployment(podSpec: podSpec, kind: kind)
      #expect(try post(workload, .validate).warnings == alone.warnings)
      #expect(try post(workload, .mutate).patch == nil, "the label rolls its Pods for nothing")
      for (setting, value) in [("users", "a"), ("port", "5432"), ("admin-secret", "s")] {
        let declaring = try deployment(
          annotations: #"{"postern.io/\#(setting)":"\#(value)"}"#, podSpec: podSpec, kind: kind)
        let reply = try post(declaring, .validate)
        #expect(reply.fields.contains("spec.template.metadata.annotations[postern.io/container]"), "\(reply.causes)")
        #expect(reply.causes.contains { $0.message.contains(says) })
      }
    }
  }

  /// A server has PGHOST for its own psql, and may be told to follow another one.
  @Test(arguments: [
    #""ports":[{"containerPort":5432}],"env":[{"name":"PGHOST","value":"/var/run/postgresql"}]"#,
    #""ports":[{"containerPort":5432}],"env":[{"name":"PGHOST","value":"localhost"}]"#,
    #""ports":[{"containerPort":5432}],"command":["sh","-c","exec postgres -c primary_conninfo=postgres://db"]"#,
    #""env":[{"name":"PGDATA","value":"/d"},{"name":"DATABASE_URL","value":"postgres://127.0.0.1/x"}]"#,
  ])
  func aServerMayKnowADatabase(container: String) throws {
    let reply = try post(pod().adding("/spec", #"{"containers":[{"name":"db","image":"x",\#(container)}]}"#), .mutate)
    #expect(reply.isAllowed && reply.patch != nil, "\(reply.warnings)")
  }

  /// An image of one's own whose variables are all in an object.
  @Test(arguments: [
    (
      #"{"name":"db","image":"goharbor/harbor-db:v2","volumeMounts":[{"name":"d","mountPath":"/var/lib/postgresql/data"}]}"#,
      true
    ),
    (
      #"{"name":"db","image":"x","volumeMounts":[{"name":"d","mountPath":"/var/lib/pgsql"}]},{"name":"web","image":"y"}"#,
      true
    ),
    (
      #"{"name":"b","image":"x","volumeMounts":[{"name":"d","mountPath":"/var/lib/postgresql/data","readOnly":true}]}"#,
      false
    ),
    (
      #"{"name":"b","image":"x","command":["pg_dump"],"volumeMounts":[{"name":"d","mountPath":"/var/lib/postgresql/data"}]}"#,
      false
    ),
    (
      #"{"name":"m","image":"x","volumeMounts":[{"name":"d","mountPath":"/data/db"},{"name":"a","mountPath":"/var/lib"}]}"#,
      false
    ),
    (
      #"{"name":"db","image":"x","ports":[{"containerPort":5432}]},{"name":"b","image":"y","volumeMounts":[{"name":"d","mountPath":"/var/lib/postgresql"}]}"#,
      true
    ),
  ])
  func aVolumeForItsDataTellsIt(containers: String, isTold: Bool) throws {
    let object = try pod().adding("/spec", #"{"containers":[\#(containers)]}"#)
    let reply = try post(object, .mutate)
    #expect(reply.isAllowed && (reply.patch != nil) == isTold, "\(reply.causes) \(reply.warnings)")
  }

  /// Somebody stops the server for a while to look into its volume, as Bitnami's `diagnosticMode` does. It stays the
  /// container that has the server's port and password.
  @Test(
    arguments: [
      (#""command":["sleep","infinity"]"#, "sleep"), (#""args":["tail","-f","/dev/null"]"#, "tail"),
      (#""command":["sleep"],"args":["infinity"]"#, "sleep"), (#""command":["/bin/sh","-ec","sleep 3600"]"#, "sleep"),
      (#""command":["sh","-c","trap : TERM INT; while true; do sleep 30 & wait; done"]"#, "sleep"),
      (#""command":["bash"],"args":["-c","exec tail -f /dev/null"]"#, "tail"),
      (#""command":["sh","-c","sleep 5; exec /start"]"#, nil), (#""command":["sh","-c","/start & tail -f /log"]"#, nil),
      (#""command":["bash","/start.sh"]"#, nil), (#""command":["sh","-c","sleep 1; postgres & sleep 1d"]"#, nil),
      (#""args":["-c","sleep=1"]"#, nil),
    ] as [(String, String?)])
  func aServerThatIsStoppedIsToldOf(container: String, program: String?) throws {
    let podSpec = #"{"containers":[{"name":"postgres","image":"postgres:17",\#(container)}]}"#
    let workload = try deployment(annotations: #"{"postern.io/users":"a"}"#, podSpec: podSpec, kind: "StatefulSet")
    let reply = try post(workload, .validate)
    #expect(reply.isAllowed)
    let warning = reply.warnings.first { $0.contains("nothing is provisioned until") }
    #expect(warning?.contains("container \"postgres\" runs \(program ?? "?")") ?? (program == nil), "\(reply.warnings)")
  }

  @Test func thereIsNoContainer() throws {
    let reply = try post(pod().adding("/spec/containers", "[]"), .mutate)
    #expect(reply.warnings.first?.contains("the Pod has no container") == true, "\(reply.warnings)")
  }

  /// A server's name as a user, a database, a file or a word in quotes starts none.
  @Test(
    arguments: [
      ("while true; do pg_dump -h pg -U postgres app > /b/x; sleep 86400; done", "pg_dump"),
      ("pg_dump --host=pg --username postgres app", "pg_dump"), ("psql -h pg -d postgres -c 'SELECT 1'", "psql"),
      ("psql -h pg postgres <<EOF\npostgres\nEOF", "psql"), ("PGUSER=postgres pg_dumpall -h pg", "pg_dumpall"),
      ("PGHOST=pg pg_dump -U postgres app", "pg_dump"), ("pg_dump postgresql://postgres@pg/app", "pg_dump"),
      ("chown -R postgres /b; su postgres -c 'pg_dump -h pg app'", "pg_dump"),
      ("chown postgres: /b && gosu postgres pg_dump -h pg app", "pg_dump"),
      ("# postgres\nexec setpriv --reuid postgres --clear-groups pg_dump -h pg", "pg_dump"),
      ("sudo -iu postgres pg_dump -h pg", "pg_dump"), ("sudo -Hupostgres pg_dump -hpg app", "pg_dump"),
      ("sudo -u postgres nice -n 10 pg_dump -h pg", "pg_dump"), ("runuser -u postgres -- pg_dump -h pg", "pg_dump"),
      ("echo 'dump of postgres'; pg_dump -h pg | tee postgres", "pg_dump"), ("x=$(pg_dump -h pg postgres)", "pg_dump"),
      ("until pg_ctl status; do sleep 1; done; pg_dump -h pg", "pg_dump"), ("command -v postgres; psql -h pg", "psql"),
      ("echo '0 3 * * * pg_dump -h pg -U postgres app' | crontab -; crond -f", "pg_dump"),
      ("docker-entrypoint.sh pg_dump -h pg -U postgres app", "pg_dump"), ("postgres --version; psql -h pg", "psql"),
      ("pg_dump -h pg app > postgres", "pg_dump"), ("pg_dump -h pg app \\\n postgres", "pg_dump"),
      ("case $1 in a) pg_dump -h pg -U postgres;; esac", "pg_dump"),
      ("tini -- bash -c 'pg_dump -h pg -U postgres'", "pg_dump"), ("psql -h pg -U postgres `echo postgres`", "psql"),
    ])
  func aClientStaysOneWhateverItsOptionsName(script: String, program: String) throws {
    let command = try quotedJSON(script)
    let container = #"{"name":"backup","image":"postgres:16","command":["sh","-c",\#(command)]}"#
    let reply = try post(pod().adding("/spec", #"{"containers":[\#(container)]}"#), .mutate)
    #expect(reply.isAllowed && reply.patch == nil)
    let says = "left alone: container \"backup\" runs \(program), which is no server"
    #expect(reply.warnings == ["postern: " + says], "\(reply.warnings)")
    let server = #"{"name":"db","image":"postgres:16","envFrom":[{"secretRef":{"name":"s"}}]}"#
    let sidecar = container.replacing(#""image":"postgres:16""#, with: #""image":"postgres:16","envFrom":[]"#)
    for containers in ["\(server),\(sidecar)", "\(sidecar),\(server)"] {
      let workload = try deployment(
        annotations: #"{"postern.io/users":"a"}"#, podSpec: #"{"containers":[\#(containers)]}"#, kind: "StatefulSet")
      #expect(try post(workload, .validate).isAllowed)
    }
  }

  /// A script may also ask a server that it starts, in whichever order.
  @Test(arguments: [
    "/opt/bitnami/scripts/postgresql/entrypoint.sh /opt/bitnami/scripts/postgresql/run.sh & until pg_isready -h 127.0.0.1; do sleep 1; done; wait",
    "/opt/bitnami/scripts/postgresql-repmgr/run.sh & pg_isready -h 127.0.0.1; wait",
    "until pg_isready -h other; do sleep 1; done; exec docker-entrypoint.sh postgres",
    "psql -h a; { postgres & }; wait",
    "pg_isready -h a || exec gosu postgres postgres -D /d", "pg_dump -h a; docker-entrypoint.sh -c ssl=on",
    "pg_basebackup -h a -D /d; exec su - postgres -c '/usr/lib/postgresql/16/bin/postgres -D /d'",
    "if pg_isready -h a; then exit; else exec su-exec postgres postgres; fi", "pg_isready -h a; (PGDATA=/d postmaster)",
    "pg_isready -h a; exec env -u X LANG=C nice -n 5 tini -s -- postgres", "psql -h a; pg_autoctl run",
    "psql -h a; exec setpriv --reuid=999 --regid 999 --clear-groups -- postgres", "psql -h a; stolon-keeper --uid x",
    "psql -h a; sudo -E -u postgres postgres", "psql -h a; sudo -iu postgres postgres",
    "psql -h a; runuser -u postgres -- postgres -c ssl=on",
    "psql -h a\nexec python3 /usr/local/bin/patroni /p.yml", "psql -h a; run-postgresql",
    "psql -h a; service postgresql start",
    "psql -h a; container-entrypoint run-postgresql", "psql -h a; pg_ctl -D /d -w start; tail -f /dev/null",
    "psql -h a; pg_ctlcluster 16 main start", "psql -h a; dumb-init -- bash -lc \"exec 'postgres'\"",
    "psql -h a; x=$(date) exec $BIN/postgres", "psql -h a > /l 2>&1 & exec postgres 2>&1 | tee /l",
  ])
  func aScriptThatStartsAServerIsNoClient(script: String) throws {
    let command = try quotedJSON(script)
    for image in ["bitnami/postgresql:17.5.0", "postgres:16"] {
      let reply = try post(
        pod().adding(
          "/spec",
          #"{"containers":[{"name":"db","image":"\#(image)","command":["bash","-ec",\#(command)],"env":[{"name":"PGHOST","value":"x"}]}]}"#
        ),
        .mutate)
      #expect(reply.patch != nil, "\(reply.causes) \(reply.warnings)")
    }
  }

  /// Each shell puts its parameters into the next ten times.
  @Test func parametersOfParametersAreRead() throws {
    let script = String(repeating: "sh $@;", count: 10)
    let words = ["sh"] + Array(repeating: ["-c", script, "x"], count: 8).flatMap(\.self)
    let command = try words.map { try quotedJSON($0) }.joined(separator: ",")
    #expect(try post(pod(container: #","command":[\#(command)]"#), .mutate).isAllowed)
  }

  @Test func aPodForWindowsIsLeftAlone() throws {
    let reply = try post(pod(spec: #","os":{"name":"windows"}"#), .mutate)
    #expect(reply.isAllowed && reply.patch == nil)
    #expect(reply.warnings.first?.contains("the Pod is for Windows") == true, "\(reply.warnings)")
    #expect(try post(pod(spec: #","os":{"name":"linux"}"#), .mutate).patch != nil)
  }

  private static func affinity(_ terms: String, _ rule: String = "requiredDuringSchedulingIgnoredDuringExecution")
    -> String
  { #""affinity":{"nodeAffinity":{"\#(rule)":{"nodeSelectorTerms":[\#(terms)]}}}"# }
  private static func term(_ operation: String, _ values: String, key: String = "kubernetes.io/os") -> String {
    #"{"matchExpressions":[{"key":"a","operator":"Exists"},{"key":"\#(key)","operator":"\#(operation)","values":[\#(values)]}]}"#
  }

  /// By the nodes that a Pod may come to.
  @Test(arguments: [
    (#""nodeSelector":{"kubernetes.io/os":"windows"}"#, true),
    (#""nodeSelector":{"a":"b","beta.kubernetes.io/os":"windows"}"#, true),
    (#""nodeSelector":{"kubernetes.io/os":"linux","b":"windows"}"#, false), (#""nodeSelector":null"#, false),
    (affinity(term("In", #""windows""#)), true), (affinity(term("NotIn", #""linux""#)), true),
    (affinity(term("In", #""windows","linux""#)), false), (affinity(term("NotIn", #""windows""#)), false),
    (affinity(term("In", #""windows""#) + "," + term("In", #""linux""#)), false),
    (affinity(term("In", #""windows""#) + "," + term("In", #""windows""#)), true), (affinity(""), false),
    (affinity(term("In", #""windows""#, key: "pool")), false), (affinity("{}"), false), (#""affinity":{}"#, false),
    (#""affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":null}}"#, false),
    (#""affinity":{"podAffinity":{},"nodeAffinity":null}"#, false),
    (affinity(term("In", #""windows""#), "preferredDuringSchedulingIgnoredDuringExecution"), false),
  ])
  func aPodForNodesWithWindowsIsLeftAlone(spec: String, isLeft: Bool) throws {
    let reply = try post(pod(spec: ",\(spec)"), .mutate)
    #expect(reply.isAllowed && (reply.patch == nil) == isLeft, "\(reply.causes)")
    #expect(reply.warnings.contains { $0.contains("the Pod is for Windows") } == isLeft)
  }

  @Test(arguments: ["Job", "DaemonSet", "CloneSet"])
  func podsOfKindsThatAreNotServedAreLeftAlone(kind: String) throws {
    let object = try pod().ownedByController(kind, "x")
    let reply = try post(object, .mutate)
    #expect(reply.isAllowed && reply.patch == nil)
    #expect(reply.warnings.first?.contains(kind) == true)
    #expect(try post(object, .validate).isAllowed)
  }

  /// A pooler, a backup and the server may be of one image.
  @Test(
    arguments: [
      (#""command":["/usr/bin/env","-i","/usr/sbin/pgbouncer","/etc/p.ini"],"ports":[{"containerPort":6432}]"#, "db"),
      (#""command":["/scripts/backup.sh"],"env":[{"name":"PGHOST","value":"/var/run/postgresql"}]"#, "db"),
      (#""command":["pgbackrest","server"],"env":[{"name":"PGDATA","value":"/d"}]"#, "db"),
      (#""command":["/scripts/backup.sh"],"env":[{"name":"PGDATA","value":"/d"}]"#, nil),
      (#""command":["sh","-c","wal-g backup-fetch /d LATEST; exec /start.sh"],"ports":[{"containerPort":5432}]"#, nil),
    ] as [(String, String?)])
  func itIsToldFromItsHelpers(helper: String, chosen: String?) throws {
    let server =
      #"{"name":"db","image":"timescale/timescaledb-ha:pg16","ports":[{"containerPort":5432}],"env":[{"name":"POSTGRES_PASSWORD","value":"x"}]}"#
    for helperIsFirst in [false, true] {
      let other = #"{"name":"other","image":"timescale/timescaledb-ha:pg16",\#(helper)}"#
      let containers = helperIsFirst ? "\(other),\(server)" : "\(server),\(other)"
      let workload = try deployment(
        annotations: #"{"postern.io/users":"a"}"#, podSpec: #"{"containers":[\#(containers)]}"#, kind: "StatefulSet")
      let reply = try post(workload, .validate)
      #expect(reply.isAllowed == (chosen != nil), "\(reply.causes)")
      if chosen == nil { #expect(reply.causes.first?.message.contains("which container is Postgres") == true) }
    }
  }
}
