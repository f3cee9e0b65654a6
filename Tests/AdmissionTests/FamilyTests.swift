import Admission
import JSONBytes
import KubernetesAPI
import Testing

/// Pods as people write them: what each image family does with its variables, and what is reported where that cannot
/// work.
@Suite struct FamilyTests {
  /// A Postgres container, and the expected result.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var image: String
    /// Members of the container.
    var container = ""
    /// The sidecar's variables, as `NAME=value`.
    var variables: [String] = []
    /// The sources projected for the superuser, as `object/key>path`.
    var sources: [String] = []
    /// The variables that Postgres gets, as `NAME=secret/key` or `NAME=value`.
    var given: [String] = []
    var port = 5432
    /// The field that is refused, and a word of the reason.
    var refused: (field: String, says: String)?
    /// Words of the warnings.
    var warned: [String] = []

    var testDescription: String { name }
  }

  private static func env(_ variables: String...) -> String { #","env":[\#(variables.joined(separator: ","))]"# }
  private static func literal(_ name: String, _ value: String) -> String { #"{"name":"\#(name)","value":"\#(value)"}"# }
  private static func secret(_ name: String, _ secret: String, _ key: String) -> String {
    #"{"name":"\#(name)","valueFrom":{"secretKeyRef":{"name":"\#(secret)","key":"\#(key)"}}}"#
  }
  private static let password = secret("POSTGRES_PASSWORD", "c", "p")
  private static let fromC = ["c/p>admin/password"]
  private static let generated = "acme-pg-admin/password>admin/password"

  static let cases = redHat + bitnami + official + wrapped + started + unknown + doubtful + others

  private static let redHat: [Case] = [
    Case(
      name: "the application's password is not the superuser's", image: "registry.redhat.io/rhel9/postgresql-15:1",
      container: env(literal("POSTGRESQL_USER", "app"), secret("POSTGRESQL_PASSWORD", "app", "password"))),
    Case(
      name: "the admin's password is", image: "quay.io/sclorg/postgresql-16-c9s:latest",
      container: env(secret("POSTGRESQL_ADMIN_PASSWORD", "adm", "password")), sources: ["adm/password>admin/password"]),
    Case(
      name: "AWX's, whose variables are for the official image, too", image: "quay.io/sclorg/postgresql-15-c9s:latest",
      container: env(
        secret("POSTGRESQL_USER", "awx", "username"), literal("POSTGRESQL_ADMIN_PASSWORD", "hunter2"),
        secret("POSTGRES_USER", "awx", "username"), literal("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256"))),
    Case(
      name: "an image that needs one is given one", image: "quay.io/fedora/postgresql-16:1", sources: [generated],
      given: ["POSTGRESQL_ADMIN_PASSWORD=acme-pg-admin/password"]),
    Case(
      name: "such a name alone says nothing of the family", image: "sourcegraph/postgresql-16-codeinsights:6",
      container: env(literal("POSTGRES_USER", "sg"), password), variables: ["POSTERN_ADMIN_USER=sg"], sources: fromC),
    Case(
      name: "much too old", image: "centos/postgresql-96-centos7",
      container: env(secret("POSTGRESQL_ADMIN_PASSWORD", "c", "p")),
      refused: ("spec.containers[0].image", "Postgres 9 is too old")),
  ]

  private static let bitnami: [Case] = [
    Case(
      name: "an app's user and files", image: "docker.io/bitnami/postgresql:17.5.0",
      container: env(
        literal("POSTGRES_USER", "app"), literal("POSTGRES_PASSWORD_FILE", "/o/secrets/password"),
        literal("POSTGRES_POSTGRES_PASSWORD_FILE", "/o/secrets/postgres-password"))
        + #","volumeMounts":[{"name":"pw","mountPath":"/o/secrets/"}]"#,
      variables: ["POSTERN_ADMIN_PASSWORD_FILE=/o/secrets/postgres-password"]),
    Case(
      name: "an app's user and both passwords", image: "docker.io/bitnamilegacy/postgresql:14.5.0",
      container: env(
        literal("POSTGRES_USER", "app"), secret("POSTGRES_PASSWORD", "s", "password"),
        secret("POSTGRES_POSTGRES_PASSWORD", "s", "postgres-password")),
      sources: ["s/postgres-password>admin/password"]),
    Case(
      name: "the older names", image: "docker.io/bitnami/postgresql:16",
      container: env(
        literal("POSTGRESQL_USERNAME", "app"), secret("POSTGRESQL_PASSWORD", "s", "password"),
        secret("POSTGRESQL_POSTGRES_PASSWORD", "s", "root")), sources: ["s/root>admin/password"]),
    Case(
      name: "an app's user alone: the superuser is given one", image: "bitnami/postgresql:16",
      container: env(literal("POSTGRESQL_USERNAME", "app"), secret("POSTGRESQL_PASSWORD", "s", "password")),
      sources: [generated], given: ["POSTGRESQL_POSTGRES_PASSWORD=acme-pg-admin/password"],
      warned: ["where there is data already"]),
    Case(
      name: "no user: the password is the superuser's", image: "bitnami/postgresql:16",
      container: env(secret("POSTGRESQL_PASSWORD", "s", "p")), sources: ["s/p>admin/password"]),
    Case(
      name: "a literal password where loopback asks", image: "docker.io/bitnami/postgresql:16",
      container: env(literal("POSTGRESQL_PASSWORD", "hunter2")),
      refused: ("metadata.annotations[postern.io/admin-secret]", "asks for it on loopback")),
    Case(
      name: "none at all, and that is meant", image: "docker.io/bitnami/postgresql:16",
      container: env(literal("ALLOW_EMPTY_PASSWORD", "yes"))),
    Case(
      name: "Bitnami's port, which its settings have, before the server's own variable",
      image: "docker.io/bitnami/postgresql:16",
      container: env(
        literal("PGPORT", "6000"), literal("POSTGRESQL_PORT_NUMBER", "5433"), secret("POSTGRESQL_PASSWORD", "s", "p")),
      sources: ["s/p>admin/password"], port: 5433),
    Case(
      name: "Bitnami's port where the server's own variable is alone", image: "docker.io/bitnami/postgresql:16",
      container: env(literal("PGPORT", "6000"), secret("POSTGRESQL_PASSWORD", "s", "p")),
      sources: ["s/p>admin/password"]),
    Case(
      name: "Bitnami's further arguments", image: "docker.io/bitnami/postgresql:16",
      container: env(
        literal("POSTGRESQL_PORT_NUMBER", "5433"), literal("POSTGRESQL_EXTRA_FLAGS", "-c ssl=off  -p 5444"),
        secret("POSTGRESQL_PASSWORD", "s", "p")), sources: ["s/p>admin/password"], port: 5444),
    Case(
      name: "none for the superuser, where an app's user has one: loopback asks", image: "bitnami/postgresql:16",
      container: env(
        literal("ALLOW_EMPTY_PASSWORD", "yes"), literal("POSTGRESQL_USERNAME", "app"),
        secret("POSTGRESQL_PASSWORD", "s", "password")),
      sources: [generated], given: ["POSTGRESQL_POSTGRES_PASSWORD=acme-pg-admin/password"],
      warned: ["where there is data already"]),
    Case(
      name: "none for anybody, and an app's user", image: "bitnami/postgresql:16",
      container: env(literal("ALLOW_EMPTY_PASSWORD", "yes"), literal("POSTGRESQL_USERNAME", "app"))),
    Case(
      name: "another name and Bitnami's variables", image: "harbor.example/library/postgresql:16",
      container: env(secret("POSTGRESQL_PASSWORD", "s", "p")), sources: ["s/p>admin/password"]),
  ]

  private static let official: [Case] = [
    Case(
      name: "initdb that asks", image: "postgres:16",
      container: env(
        literal("POSTGRES_PASSWORD", "hunter2"),
        literal("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --auth-local=scram-sha-256")),
      refused: ("metadata.annotations[postern.io/admin-secret]", "asks for it on loopback")),
    Case(
      name: "a pg_hba.conf of one's own", image: "postgres:16",
      container: env(literal("POSTGRES_PASSWORD", "hunter2"))
        + #","args":["-c","hba_file=/etc/pg/pg_hba.conf","-c","ssl=on"]"#,
      warned: ["if Postgres asks on loopback"]),
    Case(
      name: "a postgresql.conf of one's own, which may name another pg_hba.conf", image: "postgres:16",
      container: env(literal("POSTGRES_PASSWORD", "hunter2"))
        + #","args":["postgres","-c","config_file=/etc/pg/postgresql.conf"]"#,
      warned: ["if Postgres asks on loopback"]),
    Case(
      name: "the same with a password that the sidecar has", image: "postgres:16",
      container: env(password) + #","args":["--config-file=/etc/pg/postgresql.conf"]"#, sources: fromC),
    Case(
      name: "ConfigMaps alone", image: "postgres:16",
      container: #","envFrom":[{"configMapRef":{"name":"a"}},{"configMapRef":{"name":"b"}}]"#,
      sources: [
        "a/POSTGRES_USER>admin/username", "b/POSTGRES_USER>admin/username.1", "a/POSTGRES_PASSWORD>admin/password",
        "b/POSTGRES_PASSWORD>admin/password.1",
      ], warned: ["a ConfigMap of envFrom may hold none"]),
    Case(
      name: "a variable in a variable", image: "postgres:16",
      container: env(literal("DB_USER", "main"), literal("POSTGRES_USER", "$(DB_USER)"), password),
      variables: ["POSTERN_ADMIN_USER=main"], sources: fromC),
    Case(
      name: "a Secret's key by another variable", image: "postgres:16",
      container: env(secret("PW", "s", "k"), literal("POSTGRES_PASSWORD", "$(PW)")), sources: ["s/k>admin/password"]),
    Case(
      name: "variables in variables, and what are none", image: "postgres:16",
      container: env(
        literal("A", "m"), literal("B", "$(A)ai"), literal("POSTGRES_USER", "$$(A)$(B)n$(C)$"), literal("C", "x"),
        password),
      variables: ["POSTERN_ADMIN_USER=$$(A)main$$(C)$$"], sources: fromC),
    Case(
      name: "a name with dollars", image: "postgres:16",
      container: env(literal("POSTGRES_USER", "a$$$$b$$c"), password), variables: ["POSTERN_ADMIN_USER=a$$$$b$$c"],
      sources: fromC),
    Case(
      name: "part of it is a Secret's", image: "postgres:16",
      container: env(secret("A", "s", "k"), literal("POSTGRES_USER", "x$(A)"), password), sources: fromC,
      warned: ["cannot read the superuser's name"]),
    Case(
      name: "a port by -c", image: "postgres:16",
      container: env(password) + #","args":["-c","port=5433","-c","max_connections=200"]"#, sources: fromC, port: 5433),
    Case(
      name: "a port that is none", image: "postgres:16",
      container: env(password) + #","args":["-p","0"],"ports":[{"name":"pgsql","containerPort":5433}]"#, sources: fromC,
      port: 5433),
    Case(
      name: "a port by -p", image: "postgres:16",
      container: env(password, literal("P", "5434")) + #","command":["postgres","-p","$(P)"]"#, sources: fromC,
      port: 5434),
    Case(
      name: "a port in a shell's command, before PGPORT and ports", image: "postgres:16",
      container: env(password, literal("PGPORT", "1")) + #","ports":[{"containerPort":2}]"#
        + #","command":["sh","-c","exec docker-entrypoint.sh postgres --port='5435'"]"#, sources: fromC, port: 5435),
    Case(
      name: "a port of the server in a script with others", image: "postgres:16",
      container: env(password)
        + #","command":["bash","-c","until pg_isready -p 6001; do sleep 1; done & docker-entrypoint.sh postgres -p 5436 & wait; psql -h replica -p 6000"]"#,
      sources: fromC, port: 5436),
    Case(
      name: "a port that is another program's", image: "postgres:16",
      container: env(password) + #","ports":[{"name":"metrics","containerPort":9187}]"#, sources: fromC),
    Case(
      name: "a port that nothing says to be Postgres's", image: "postgres:16",
      container: env(password) + #","ports":[{"name":"rest","containerPort":8008},{"containerPort":5433}]"#,
      sources: fromC, port: 5433, warned: ["5433 is taken for Postgres's port"]),
    Case(
      name: "a named port", image: "postgres:16",
      container: env(password) + #","ports":[{"containerPort":8008},{"name":"pgsql","containerPort":5433}]"#,
      sources: fromC, port: 5433),
    Case(
      name: "an address that the sidecar cannot reach", image: "postgres:16",
      container: env(password) + #","args":["-h","10.0.0.1"]"#,
      refused: ("spec.containers[0].args", "leave loopback out")),
    Case(
      name: "addresses", image: "postgres:16",
      container: env(password) + #","args":["-c","listen_addresses=10.0.0.1, 127.0.0.1"]"#, sources: fromC),
    Case(
      name: "all addresses", image: "postgres:16", container: env(password) + #","args":["postgres","-h","*"]"#,
      sources: fromC),
    Case(
      name: "an address that is not known", image: "postgres:16",
      container: env(password) + #","args":["-c","listen_addresses=$(POD_IP)"]"#, sources: fromC),
    Case(
      name: "initdb that asks after all", image: "postgres:16",
      container: env(
        literal("POSTGRES_PASSWORD", "hunter2"), literal("POSTGRES_INITDB_ARGS", "--auth=trust --auth-host=md5")),
      refused: ("metadata.annotations[postern.io/admin-secret]", "asks for it on loopback")),
    Case(
      name: "initdb that asks, in one word", image: "postgres:16",
      container: env(literal("POSTGRES_PASSWORD", "hunter2"), literal("POSTGRES_INITDB_ARGS", "-Ascram-sha-256")),
      refused: ("metadata.annotations[postern.io/admin-secret]", "asks for it on loopback")),
    Case(
      name: "initdb that may ask", image: "postgres:16",
      container: env(literal("POSTGRES_PASSWORD", "hunter2"), secret("POSTGRES_INITDB_ARGS", "s", "k")),
      warned: ["if Postgres asks on loopback"]),
    Case(
      name: "a mount in the place of Postern's", image: "postgres:16",
      container: #","volumeMounts":[{"name":"x","mountPath":"/etc/postern-admin/"}]"#,
      refused: ("spec.containers[0].volumeMounts", "mount yours elsewhere")),
    Case(
      name: "a port that cannot be told", image: "postgres:16",
      container: env(password, secret("PGPORT", "s", "port")), sources: fromC, warned: ["the port cannot be told"]),
    Case(
      name: "no TCP", image: "postgres:16", container: env(password) + #","args":["-c","listen_addresses="]"#,
      refused: ("spec.containers[0].args", "listen_addresses")),
    Case(
      name: "no TCP, by a shell", image: "postgres:16",
      container: env(password) + #","command":["bash","-c","postgres -c listen_addresses=''"]"#,
      refused: ("spec.containers[0].command", "listen_addresses")),
    Case(
      name: "no TCP, by a shell's argument", image: "postgres:16",
      container: env(password) + #","command":["bash","-c"],"args":["postgres -c listen_addresses=''"]"#,
      refused: ("spec.containers[0].args", "listen_addresses")),
    Case(
      name: "too old", image: "postgres:11", container: env(password),
      refused: ("spec.containers[0].image", "Postgres 11 is too old")),
    Case(
      name: "a variable and the file of it", image: "postgres:16",
      container: env(
        password, literal("POSTGRES_PASSWORD_FILE", "/p"), literal("POSTGRES_DB", "a"), literal("POSTGRES_DB_FILE", "")),
      sources: fromC, warned: ["POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set"]),
    Case(
      name: "the superuser is declared", image: "postgres:16",
      container: env(literal("POSTGRES_USER", "shop"), password),
      refused: ("metadata.annotations[postern.io/users][0]", "is the superuser")),
    Case(
      name: "a wrapper that sets the password", image: "postgres@sha256:00",
      container: #","command":["/bin/bash","-c"],"args":["source /run/pg.env && exec docker-entrypoint.sh postgres"]"#,
      sources: ["acme-pg-admin/username>admin/username", generated],
      given: ["POSTGRES_USER=acme-pg-admin/username", "POSTGRES_PASSWORD=acme-pg-admin/password"],
      warned: ["if the command sets"]),
  ]

  /// As kompose makes them of `command` in a compose file: arguments of the image's entry point. It ends where a variable is set
  /// that stands for the same as a file.
  private static let wrapped: [Case] = [
    #"["sh","-c","export POSTGRES_PASSWORD=$(cat /run/x) && docker-entrypoint.sh postgres"]"#,
    #"["bash","-c","export POSTGRES_USER=x; exec docker-entrypoint.sh postgres -c ssl=on"]"#,
    #"["/scripts/start.sh"]"#,
  ].map { arguments in
    Case(
      name: arguments, image: "postgres:16", container: #","args":\#(arguments)"#,
      sources: ["acme-pg-admin/username>admin/username", generated],
      given: ["POSTGRES_USER=acme-pg-admin/username", "POSTGRES_PASSWORD=acme-pg-admin/password"],
      warned: arguments.contains("-c") ? ["if the command sets"] : [])
  }

  /// Servers that other programs start.
  private static let started: [Case] = [
    (#"["sh","-c","pg_ctl -D /data -o '-p 5499' start; exec tail -f /dev/null"]"#, 5499),
    (#"["sh","-c","pg_ctl -D /data -o \"-p 5499 -k /tmp\" -l /log start; exec tail -f /dev/null"]"#, 5499),
    (#"["su","-","postgres","-c","/usr/lib/postgresql/16/bin/postgres -D /data -p 6000"]"#, 6000),
    (#"["pg_ctl","-D","/data","-w","--options=-c port=5499","start"]"#, 5499),
    (#"["gosu","postgres","pg_ctl","-p","/bin/postgres","-o-p 5499","start"]"#, 5499),
    (#"["sh","-c","su postgres -c \"pg_ctl start -o '-p 5499'\"; sleep 1d"]"#, 5499),
    (#"["runuser","-u","postgres","--","postgres","-p","6000"]"#, 6000),
    (#"["tini","--","bash","-c","exec postgres \"$@\"","x","-p","6000"]"#, 6000),
    (#"["bash","-euo","pipefail","-c","exec postgres -p6000 2>&1 | tee /log"]"#, 6000),
    (#"["sh","-c","pg_ctl -o '-p 5499' start; psql -p 5499; pg_ctl stop; exec postgres"]"#, 5432),
    (#"["sh","-c","pg_ctl -o \"-c listen_addresses='' -p 5499\" start; kill $!; exec postgres -p 6000"]"#, 6000),
    (#"["sh","-c","docker-entrypoint.sh postgres -p 5433 & kill $!; wait; exec docker-entrypoint.sh postgres"]"#, 5432),
    (#"["sh","-c","if test -e /d; then exec postgres -p 6000; else exec postgres; fi"]"#, 6000),
    (#"["sh","-c","pg_ctlcluster 16 main start -o '-p 5499'; sleep 1d"]"#, 5499),
    (#"["sh","-c","pg_autoctl create postgres --pgport 1; exec pg_autoctl run --pgport 5499"]"#, 5499),
    (#"["stolon-keeper","--pg-port=5499"]"#, 5499),
    (#"["sh","-c","exec postgres -p ${X:-5499}"]"#, 5499), (#"["sh","-c","exec postgres -p $P"]"#, 5434),
    (#"["sh","-c","exec postgres --port=\"${P}\""]"#, 5434),
    // What a script sets for the server, which arguments go before.
    (#"["sh","-c","export PGPORT=5438; exec docker-entrypoint.sh postgres"]"#, 5438),
    (#"["sh","-c","PGPORT=5438 exec docker-entrypoint.sh postgres"]"#, 5438),
    (#"["sh","-c","export PGDATA=/d PGPORT=\"5438\"\nexec docker-entrypoint.sh postgres"]"#, 5438),
    (#"["sh","-c","PGPORT=5438; export PGPORT; exec postgres"]"#, 5438),
    (#"["env","PGPORT=6000","docker-entrypoint.sh","postgres"]"#, 6000),
    (#"["sh","-c","export PGPORT=$P; exec docker-entrypoint.sh postgres"]"#, 5434),
    (#"["sh","-c","export PGPORT=5438; exec postgres -p 6000"]"#, 6000),
    (#"["sh","-c","PGPORT=5438 psql -h x; exec docker-entrypoint.sh postgres"]"#, 5432),
  ].map { command, port in
    Case(
      name: command, image: "postgres:16", container: env(password, literal("P", "5434")) + #","command":\#(command)"#,
      sources: fromC, port: port)
  }

  /// A value of an argument that is not in the Pod, or that is an address of the Pod.
  private static let unknown: [Case] =
    [
      Case(
        name: "a port of a Secret", image: "postgres:16",
        container: env(password, literal("PGPORT", "5433"), secret("P", "s", "k")) + #","args":["-p","$(P)"]"#,
        sources: fromC, warned: ["the port cannot be told"]),
      Case(
        name: "a port of a Secret, as a setting", image: "postgres:16",
        container: env(password, secret("P", "s", "k")) + #","args":["-c","port=$(P)"]"#, sources: fromC,
        warned: ["the port cannot be told"]),
      Case(
        name: "a port of envFrom", image: "postgres:16",
        container: env(password) + #","envFrom":[{"configMapRef":{"name":"s"}}],"args":["--port=$(P)"]"#,
        sources: ["s/POSTGRES_USER>admin/username"] + fromC, warned: ["the port cannot be told"]),
      Case(
        name: "a port that a shell makes", image: "postgres:16",
        container: env(password) + #","command":["sh","-c","pg_ctl -o \"-p $(cat /port)\" start; sleep 1d"]"#,
        sources: fromC, warned: ["the port cannot be told"]),
      Case(
        name: "a port of a Secret in a shell", image: "postgres:16",
        container: env(password, secret("P", "s", "k")) + #","command":["sh","-c","exec postgres -p \"$P\""]"#,
        sources: fromC, warned: ["the port cannot be told"]),
      Case(
        name: "a pg_hba.conf of a Secret", image: "postgres:16",
        container: env(literal("POSTGRES_PASSWORD", "hunter2"), secret("F", "s", "k"))
          + #","args":["-c","hba_file=$(F)"]"#, warned: ["if Postgres asks on loopback"]),
      Case(
        name: "addresses of a ConfigMap", image: "postgres:16",
        container: env(password) + #","envFrom":[{"configMapRef":{"name":"s"}}],"args":["-h","$(A)"]"#,
        sources: ["s/POSTGRES_USER>admin/username"] + fromC, warned: ["listens on loopback cannot be told"]),
      Case(
        name: "addresses of a Secret and loopback", image: "postgres:16",
        container: env(password, secret("A", "s", "k")) + #","args":["-c","listen_addresses=$(A),127.0.0.1"]"#,
        sources: fromC),
    ]
    + addresses.flatMap { path, isRefused in
      [
        #","args":["-c","listen_addresses=$(A)"]"#, #","args":["-h","$(A)"]"#,
        #","args":["-c","listen_addresses=$(B)"]"#,
        #","args":["--listen-addresses=10.0.0.1,$(A)"]"#,
        #","command":["sh","-c"],"args":["exec postgres -c listen_addresses=$A"]"#,
        #","command":["sh","-c"],"args":["exec postgres -c listen_addresses=\"${A}\""]"#,
        #","command":["sh","-c"],"args":["pg_ctl -o \"-h $(A)\" start; sleep 1d"]"#,
      ].map { arguments in
        let variable = #"{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"\#(path)"}}}"#
        return Case(
          name: path + arguments, image: "postgres:16",
          container: env(password, variable, literal("B", "$(A)")) + arguments, sources: isRefused ? [] : fromC,
          refused: isRefused ? ("spec.containers[0].args", "leave loopback out") : nil,
          warned: isRefused ? [] : ["listens on loopback cannot be told"])
      }
    }
  private static let addresses = [
    ("status.podIP", true), ("status.podIPs", true), ("status.hostIP", true), ("metadata.annotations['a']", false),
  ]

  /// Tags that do not tell Postgres's version for sure.
  private static let doubtful: [Case] = [
    ("registry.example/postgres:9f3c2ab", nil), ("registry.example/postgis:11bc9d0e", nil),
    ("registry.example/platform/postgres:10.4.1", 10), ("registry.example/library/postgres:9-main", 9),
    ("registry.example/postgis/postgis:11", 11),
  ].map { image, number in
    Case(
      name: image, image: image, container: env(password), sources: fromC,
      warned: number.map { ["the image's tag begins with \($0): if that is"] } ?? [])
  }

  private static let others: [Case] = [
    Case(
      name: "too old by a mark", image: "registry.example/postgres:1.2-pg11", container: env(password),
      refused: ("spec.containers[0].image", "Postgres 11 is too old")),
    Case(
      name: "too old, of Docker Hub", image: "docker.io/postgis/postgis:11-3.3", container: env(password),
      refused: ("spec.containers[0].image", "Postgres 11 is too old")),
    Case(
      name: "a user of Supabase's that its image demotes", image: "supabase/postgres:15.8.1.060",
      container: env(literal("POSTGRES_USER", "postgres"), password), variables: ["POSTERN_ADMIN_USER=postgres"],
      sources: fromC, warned: ["give supabase_admin in postern.io/admin-secret"]),
    Case(
      name: "another user of Supabase's", image: "supabase/postgres:15.8.1.060",
      container: env(literal("POSTGRES_USER", "main"), password), variables: ["POSTERN_ADMIN_USER=main"],
      sources: fromC),
    Case(
      name: "Supabase's superuser", image: "public.ecr.aws/supabase/postgres:15.8.1.060",
      variables: ["POSTERN_ADMIN_USER=supabase_admin"], sources: [generated],
      given: ["POSTGRES_PASSWORD=acme-pg-admin/password"]),
    Case(
      name: "Supabase's own postgresql.conf, as its documents start it", image: "supabase/postgres:15.8.1.060",
      container: env(literal("POSTGRES_PASSWORD", "hunter2"))
        + #","args":["postgres","-c","config_file=/etc/postgresql/postgresql.conf"]"#,
      variables: ["POSTERN_ADMIN_USER=supabase_admin"]),
    Case(
      name: "Immich's", image: "ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0",
      container: env(literal("POSTGRES_USER", "immich"), password), variables: ["POSTERN_ADMIN_USER=immich"],
      sources: fromC),
    Case(
      name: "kartoza's", image: "kartoza/postgis:16-3.4",
      container: env(literal("POSTGRES_USER", "gis"), secret("POSTGRES_PASS", "c", "p")),
      variables: ["POSTERN_ADMIN_USER=gis"], sources: fromC),
    Case(
      name: "sameersbn's, whose initdb trusts everybody", image: "sameersbn/postgresql:14-20230628",
      container: env(literal("DB_USER", "gitlab"), literal("DB_PASS", "hunter2"), literal("DB_NAME", "gitlab"))),
    Case(
      name: "sameersbn's with a password for the superuser", image: "docker.io/kkimurak/sameersbn-postgresql:17",
      container: env(literal("DB_USER", "gitlab"), secret("PG_PASSWORD", "c", "p")), sources: fromC),
    Case(
      name: "sameersbn's, too old", image: "quay.io/sameersbn/postgresql:9.6-4",
      refused: ("spec.containers[0].image", "Postgres 9 is too old")),
    Case(
      name: "Patroni's", image: "registry.example/patroni:4",
      container: env(
        literal("PATRONI_SUPERUSER_USERNAME", "root"), secret("PATRONI_SUPERUSER_PASSWORD", "c", "p"),
        literal("PATRONI_POSTGRESQL_LISTEN", "0.0.0.0:5433")),
      variables: ["POSTERN_ADMIN_USER=root"], sources: fromC, port: 5433),
    Case(
      name: "Patroni in another image", image: "timescale/timescaledb-ha:pg16",
      container: env(literal("PATRONI_SCOPE", "ts"), literal("PATRONI_REPLICATION_USERNAME", "standby"))
        + #","envFrom":[{"secretRef":{"name":"c"}}]"#,
      sources: ["c/PATRONI_SUPERUSER_USERNAME>admin/username", "c/PATRONI_SUPERUSER_PASSWORD>admin/password"]),
    Case(
      name: "Patroni in an image of one's own", image: "registry.example/base/db:3",
      container: env(secret("PATRONI_SUPERUSER_PASSWORD", "c", "p")), sources: fromC),
    Case(
      name: "Patroni whose file has the password", image: "patroni", container: env(literal("PATRONI_SCOPE", "x")),
      warned: ["if Postgres asks on loopback, the sidecar needs the superuser's password"]),
    Case(
      name: "an image of one's own", image: "registry.example/base/db:3", container: env(password), sources: fromC),
    Case(
      name: "a version of its own", image: "registry.example/base/db:11.4.0", container: env(password), sources: fromC),
    Case(name: "Citus's version", image: "citusdata/citus:11.3", container: env(password), sources: fromC),
    Case(
      name: "an image of one's own that says nothing of a password", image: "registry.example/base/db:3",
      container: #","ports":[{"containerPort":5432}]"#,
      sources: ["acme-pg-admin/username>admin/username", generated],
      given: ["POSTGRES_USER_FILE=/etc/postern-admin/username", "POSTGRES_PASSWORD_FILE=/etc/postern-admin/password"],
      warned: ["if not, set postern.io/flavor, or postern.io/admin-secret"]),
  ]

  @Test(arguments: cases) func thePodIsReadAsItsImageReadsIt(_ expected: Case) throws {
    let podSpec = #"{"containers":[{"name":"db","image":"\#(expected.image)"\#(expected.container)}]}"#
    let declared = #"{"postern.io/users":"shop"}"#
    let bare = try pod(metadata: #","annotations":\#(declared)"#).adding("/spec", podSpec)
    let workloads = try ["Deployment", "StatefulSet"].map {
      try deployment(annotations: declared, podSpec: podSpec, kind: $0)
    }
    if let refused = expected.refused {
      let isOnTemplate = refused.field.hasPrefix("spec.") || refused.field.contains("admin-secret")
      for path in AdmissionPath.allCases {
        for workload in workloads {
          let reply = try post(workload, path)
          #expect(reply.fields == [(isOnTemplate ? "spec.template." : "") + refused.field])
          #expect(reply.causes.first?.message.contains(refused.says) == true, "\(reply.causes)")
          #expect(!reply.root.text.contains("hunter2"))
        }
      }
      #expect(try post(bare, .mutate).fields == [refused.field])
      // A Pod that replaces an existing one is admitted, whatever rules are new since then.
      #expect(try post(bare.ownedByController("ReplicaSet", "r"), .mutate).patch != nil)
      return
    }
    for workload in workloads {
      let reply = try post(workload, .validate)
      #expect(reply.isAllowed, "\(reply.causes)")
      #expect(reply.warnings.count == expected.warned.count, "\(reply.warnings)")
      for (warning, word) in zip(reply.warnings, expected.warned) { #expect(warning.contains(word), "\(warning)") }
    }
    let admitted = try post(bare, .mutate).admitted(bare)
    let sidecar = try #require(admitted.at("spec", "initContainers", "0"))
    let variables = sidecar["env"]?.array ?? []
    #expect(text(variables.first { $0["name"]?.string == "POSTERN_PORT" }) == "POSTERN_PORT=\(expected.port)")
    #expect(variables.dropFirst(3).map(text) == expected.variables)
    #expect(sources(admitted) == expected.sources)
    let had = bare.at("spec", "containers", "0", "env")?.array?.count ?? 0
    #expect((admitted.at("spec", "containers", "0", "env")?.array ?? []).dropFirst(had).map(text) == expected.given)
  }

  private func text(_ variable: JSONValue?) -> String {
    let name = variable?["name"]?.string ?? ""
    if let reference = variable?["valueFrom"]?["secretKeyRef"] {
      return "\(name)=\(reference["name"]?.string ?? "")/\(reference["key"]?.string ?? "")"
    }
    return "\(name)=\(variable?["value"]?.string ?? "")"
  }

  private func sources(_ pod: JSONValue) -> [String] {
    (pod.at("spec", "volumes", "0", "projected", "sources")?.array ?? []).dropFirst(2).flatMap { source in
      let object = source["secret"] ?? source["configMap"]
      return (object?["items"]?.array ?? []).map {
        "\(object?["name"]?.string ?? "")/\($0["key"]?.string ?? "")>\($0["path"]?.string ?? "")"
      }
    }
  }

  @Test(arguments: cases) func aSecretThatIsNamedWins(_ given: Case) throws {
    let metadata = #","annotations":{"postern.io/admin-secret":"mine"}"#
    let object = try pod(container: given.container, metadata: metadata)
      .adding("/spec/containers/0/image", #""\#(given.image)""#)
    let reply = try post(object, .mutate)
    guard reply.isAllowed else {
      #expect(!reply.fields.contains("metadata.annotations[postern.io/admin-secret]"))
      return
    }
    #expect(sources(try reply.admitted(object)) == ["mine/username>admin/username", "mine/password>admin/password"])
  }

  /// Spilo is left to Zalando's operator, unless somebody says that its container is Postgres.
  @Test(
    arguments: [
      ([secret("PGPASSWORD_SUPERUSER", "c", "p")], [], fromC, 5432),
      (
        [
          literal("PGUSER_SUPERUSER", "root"), secret("PGPASSWORD_SUPERUSER", "c", "p"), literal("PGPORT", "5433"),
          literal("PATRONI_TTL", "30"),
        ], ["POSTERN_ADMIN_USER=root"], fromC, 5433
      ),
      ([secret("PGPASSWORD_STANDBY", "c", "s")], nil, [], 5432),
      ([literal("PGPASSWORD_SUPERUSER", "hunter2")], nil, [], 5432),
    ] as [([String], [String]?, [String], Int)])
  func spiloIsKnownWhereItsContainerIsNamed(
    env: [String], variables: [String]?, sources: [String], port: Int
  ) throws {
    let podSpec =
      #"{"containers":[{"name":"db","image":"ghcr.io/zalando/spilo-17:4.0-p2","ports":[{"containerPort":8008},{"containerPort":\#(port)}],"env":[\#(env.joined(separator: ","))]}]}"#
    let unnamed = try deployment(
      annotations: #"{"postern.io/users":"a"}"#, podSpec: podSpec, kind: "StatefulSet")
    let reply = try post(unnamed, .validate)
    #expect(reply.fields == ["spec.template.metadata.annotations[postern.io/container]"])
    let message = try #require(reply.causes.first?.message)
    #expect(message.contains("declare databases and users to that operator; where no operator runs it, name its"))
    #expect(!message.contains("declare on what runs Postgres"))

    let named = try pod(metadata: #","annotations":{"postern.io/container":"db"}"#).adding("/spec", podSpec)
    let mutated = try post(named, .mutate)
    guard let variables else {
      #expect(mutated.fields == ["metadata.annotations[postern.io/admin-secret]"])
      return
    }
    let admitted = try mutated.admitted(named)
    #expect(self.sources(admitted) == sources)
    let sidecar = try #require(admitted.at("spec", "initContainers", "0"))
    #expect(sidecar["env"]?.array?.dropFirst(3).map(text) == variables)
    #expect(sidecar["env"]?.array?.map(text).contains("POSTERN_PORT=\(port)") == true)
    #expect(admitted.at("spec", "containers", "0", "env")?.array?.count == env.count, "Patroni would be locked out")
  }

  @Test(arguments: ["patroni", "official"]) func patronisReplicasAreCopies(flavor: String) throws {
    let podSpec = #"{"containers":[{"name":"db","image":"x","env":[\#(Self.literal("POSTGRES_PASSWORD", "x"))]}]}"#
    let workload = try deployment(
      annotations: #"{"postern.io/users":"a"}"#, podSpec: podSpec, kind: "StatefulSet"
    ).adding("/spec/replicas", "3")
      .adding("/spec/template/metadata/annotations", #"{"postern.io/flavor":"\#(flavor)"}"#)
    let warnings = try post(workload, .validate).warnings
    #expect(warnings.contains { $0.contains("as many servers") } == (flavor == "official"), "\(warnings)")
    #expect(warnings.contains { $0.contains("Patroni makes the 3 replicas copies") } == (flavor == "patroni"))
  }

  /// What a variable tells of copies: of the replicas of a workload, or of the server itself.
  @Test(
    arguments: [
      ("bitnami/postgresql-repmgr:17", "REPMGR_PARTNER_NODES", "a,b", "repmgr makes the 3 replicas copies"),
      ("sorintlab/stolon:master-pg14", "STKEEPER_CLUSTER_NAME", "main", "Stolon makes the 3 replicas copies"),
      (
        "bitnami/postgresql:17", "POSTGRESQL_REPLICATION_MODE", "slave",
        "POSTGRESQL_REPLICATION_MODE makes this Postgres a copy"
      ),
      (
        "bitnami/postgresql:17", "POSTGRES_REPLICATION_MODE", "slave",
        "POSTGRES_REPLICATION_MODE makes this Postgres a copy"
      ),
      ("bitnami/postgresql:17", "POSTGRESQL_REPLICATION_MODE", "master", nil),
      ("kartoza/postgis:16-3.4", "REPLICATE_FROM", "db", "REPLICATE_FROM makes this Postgres a copy"),
      ("kartoza/postgis:16-3.4", "REPLICATION", "true", nil),
      ("sameersbn/postgresql:14", "REPLICATION_MODE", "slave", "REPLICATION_MODE makes this Postgres a copy"),
      ("postgres:17", "REPLICATION_MODE", "slave", nil),
    ] as [(String, String, String, String?)])
  func copiesAreTold(image: String, variable: String, value: String, message: String?) throws {
    let podSpec =
      #"{"containers":[{"name":"postgres","image":"\#(image)","env":[\#(Self.literal(variable, value)),\#(Self.secret("POSTGRESQL_PASSWORD", "c", "p"))]}]}"#
    let workload = try deployment(
      annotations: #"{"postern.io/users":"a"}"#, podSpec: podSpec, kind: "StatefulSet")
    let warnings = try post(workload.adding("/spec/replicas", "3"), .validate).warnings
    #expect(warnings.contains { $0.contains("as many servers") } == (message == nil), "\(warnings)")
    #expect(message.map { message in warnings.contains { $0.contains(message) } } ?? true, "\(warnings)")
    let alone = try post(workload, .validate).warnings
    #expect(
      alone.contains { $0.contains("a copy, which takes no writes") } == (message?.contains("a copy") == true),
      "\(alone)")
  }

  @Test(arguments: ["official", "supabase", "bitnami", "sclorg", "kartoza"]) func aFlavorIsNamed(flavor: String) throws
  {
    let variables = [
      "official": "POSTGRES_PASSWORD_FILE", "supabase": "POSTGRES_PASSWORD", "bitnami": "POSTGRESQL_PASSWORD",
      "sclorg": "POSTGRESQL_ADMIN_PASSWORD", "kartoza": "POSTGRES_PASS",
    ]
    let object = try pod(metadata: #","annotations":{"postern.io/flavor":"\#(flavor)","postern.io/container":"db"}"#)
      .adding("/spec/containers/0/image", #""x""#)
    let reply = try post(object, .mutate)
    let names = try reply.admitted(object).at("spec", "containers", "0", "env")?.array?.compactMap {
      $0["name"]?.string
    }
    #expect(names?.last == variables[flavor])
    #expect(!reply.warnings.contains { $0.contains("flavor") })
    let onWorkload = try deployment(annotations: #"{"postern.io/flavor":"\#(flavor)"}"#)
    let fields = try post(onWorkload, .validate).fields
    #expect(fields == (flavor == "official" ? [] : ["metadata.annotations[postern.io/flavor]"]))
  }

  @Test func aFlavorThatIsNoneIsRefused() throws {
    let reply = try post(pod(metadata: #","annotations":{"postern.io/flavor":"bitnamy"}"#), .mutate)
    #expect(reply.fields == ["metadata.annotations[postern.io/flavor]"])
    #expect(reply.causes.first?.message.contains("did you mean \"bitnami\"") == true)
  }

  /// `$(A)$(A)` of `$(A)$(A)` …: expanded only up to a limit.
  @Test func variablesThatDoubleAreNotFollowed() throws {
    let doubling = (1..<60).map { #"{"name":"A\#($0)","value":"$(A\#($0 - 1))$(A\#($0 - 1))"}"# }
    let variables = [#"{"name":"A0","value":"x"}"#] + doubling + [#"{"name":"POSTGRES_USER","value":"$(A59)"}"#]
    let reply = try post(pod(container: #","env":[\#(variables.joined(separator: ","))]"#), .mutate)
    #expect(reply.isAllowed && reply.warnings.count == 1)
  }
}
