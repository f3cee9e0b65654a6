import Contract
import Declarations
import Foundation
import TestThreads
import Testing

@testable import postern

/// `postern migrate`: other approaches' manifests, in the form of their own documentation.
@Suite(.blocking) struct MigrateTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let manifest: String
    let users: String
    let databases: String
    /// What the remarks are about.
    var remarks: [String] = []
  }

  /// A StatefulSet of one container and its Pod's volumes, as members of a mapping and a list.
  static func statefulSet(_ container: String, volumes: String) -> String {
    """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db}
    spec:
      template:
        spec:
          containers: [{\(container)}]
          volumes: [\(volumes)]
    """
  }

  @Test(arguments: ["ReplicationController", "DeploymentConfig"]) func aFormerKindIsToBeMadeAnother(kind: String) throws
  {
    let manifest = Self.statefulSet(
      "name: db, image: bitnami/postgresql, env: [{name: POSTGRES_USER, value: shop}, {name: POSTGRES_DB, value: orders}]",
      volumes: ""
    ).replacing("kind: StatefulSet", with: "kind: \(kind)")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == 0 && answer.output.contains("- name: shop"), "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains("# remark: Postern serves no \(kind): make it a Deployment or a StatefulSet"))
  }

  /// An init container that ends is no server: it may have the variables to wait for one.
  @Test(arguments: ["Always", "OnFailure"]) func aServerMayBeANativeSidecar(policy: String) throws {
    let variables = "env: [{name: POSTGRES_USER, value: shop}, {name: POSTGRES_DB, value: orders}]"
    let manifest = Self.statefulSet("name: app, image: shop/app", volumes: "").replacing(
      "containers:",
      with:
        "initContainers: [{name: db, image: bitnami/postgresql, restartPolicy: \(policy), \(variables)}]\n      containers:"
    )
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.output.contains("- name: shop") == (policy == "Always"), "\(answer.output)\(answer.errors)")
  }

  @Test(
    arguments: [
      (
        #"[sh, -c, "until pg_isready; do sleep 1; done; psql -c \"CREATE USER shop PASSWORD '$PW'\" || true; createdb -O shop orders"]"#,
        true
      ),
      (
        #"[/bin/bash, -ec, "psql -c \"CREATE USER shop PASSWORD '$PW'\"; createdb -O shop orders", hook]"#, true
      ),
      (#"[/usr/bin/createdb, -U, postgres, orders]"#, false), (#"[psql, -c, "CREATE DATABASE orders"]"#, false),
      (#"[sh, -c, "touch /tmp/started"]"#, nil),
    ] as [(String, Bool?)])
  func whatAHookMakesWhenTheContainerHasStartedIsDeclared(command: String, isDeclared: Bool?) throws {
    let variable = "env: [{name: PW, valueFrom: {secretKeyRef: {name: login, key: password}}}]"
    let manifest = Self.statefulSet(
      "name: db, image: \"postgres:17\", \(variable), lifecycle: {postStart: {exec: {command: \(command)}}}",
      volumes: "")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == (isDeclared == true ? 0 : 1), "\(answer.output)\(answer.errors)")
    for text in ["- name: shop", "secret: login", "- name: orders\n        owner: shop"] {
      #expect(answer.output.contains(text) == (isDeclared == true), "\(answer.output)")
    }
    #expect(answer.output.contains("# remark: postStart of container db is to be taken out") == (isDeclared != nil))
    #expect(answer.output.contains("database orders has no owner that can be told") == (isDeclared == false))
  }

  /// Most run a script that a ConfigMap holds.
  @Test(arguments: [
    ("[sh, /scripts/start.sh]", true), ("[/bin/sh, -c, /scripts/start.sh]", true), ("[/scripts/start.sh]", true),
    (#"[bash, -c, "nohup /scripts/start.sh > /proc/1/fd/1 &"]"#, true), ("[sh, /scripts/idle.sh]", false),
    ("[sh, /other/start.sh]", false),
  ])
  func aHookMayRunAMountedScript(command: String, isDeclared: Bool) throws {
    let manifest =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: scripts}
      data:
        idle.sh: touch /tmp/started
        start.sh: |
          until psql -U postgres -c 'SELECT 1'; do sleep 1; done
          psql -U postgres -c "CREATE USER shop PASSWORD 'hunter2'"
          createdb -U postgres -O shop orders
      ---

      """
      + Self.statefulSet(
        "name: db, image: \"postgres:17\", lifecycle: {postStart: {exec: {command: \(command)}}}, "
          + "volumeMounts: [{name: scripts, mountPath: /scripts}]",
        volumes: "{name: scripts, configMap: {name: scripts, defaultMode: 0755}}")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == (isDeclared ? 0 : 1), "\(answer.output)\(answer.errors)")
    for text in [
      "- name: shop\n", "- name: orders\n        owner: shop", "PASSWORD in scripts/start.sh:2 is left out",
      "# remark: postStart of container db is to be taken out",
    ] {
      #expect(answer.output.contains(text) == isDeclared, "\(answer.output)")
    }
    #expect(!answer.output.contains("hunter2"))
  }

  /// What a hook does besides is lost when it is taken out.
  @Test func whatAHookDoesBesidesIsTold() throws {
    let manifest = Self.statefulSet(
      #"""
      name: db, image: "postgres:17", lifecycle: {postStart: {exec: {command: [sh, -c, "until psql -c 'SELECT 1'; do sleep 1; done
      \n createuser shop && createdb -O shop orders \n psql orders -c 'CREATE TABLE a (i int)'
      \n psql -c 'ALTER ROLE shop SET search_path = shop'"]}}}
      """#, volumes: "")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(
      answer.output.contains("# remark: postStart of container db, lines 3-4: no script of Postern's as it stands"),
      "\(answer.output)")
  }

  /// Also where what psql does not show stands before what the shell does not.
  @Test func allLinesThatAreNotReadAreToldInTheirOrder() throws {
    let manifest = Self.statefulSet(
      #"""
      name: db, image: "postgres:17", lifecycle: {postStart: {exec: {command: [sh, -c,
      "psql <<EOF\nCREATE USER shop;\n\\i /x/a.sql\nEOF\npg_restore -d shop /x"]}}}
      """#, volumes: "")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains("container db, lines 3, 5: what psql or a shell does there"), "\(answer.output)")
  }

  /// Statements of what is not read are lost if nobody says so. What only waits is told, too: who can tell.
  @Test func whatElseCallsPsqlIsTold() throws {
    let job = """
      apiVersion: batch/v1
      kind: Job
      metadata: {name: make}
      spec: {template: {spec: {containers: [{name: make, image: "postgres:17", command: [psql, -c, CREATE DATABASE x]}]}}}
      ---
      apiVersion: batch/v1
      kind: CronJob
      metadata: {name: clean}
      spec:
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - {name: clean, image: shop/clean, command: [sh, /scripts/clean.sh], volumeMounts: [{name: s, mountPath: /scripts}]}
                volumes: [{name: s, configMap: {name: scripts}}]
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: scripts}, data: {clean.sh: createuser late, idle.sh: pg_dump}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: app}
      spec: {template: {spec: {initContainers: [{name: seed, image: shop/seed, args: [createdb, seeds]}], containers: [{name: app, image: shop/app}]}}}
      ---
      apiVersion: batch/v1
      kind: Job
      metadata: {name: far, namespace: other}
      spec: {template: {spec: {containers: [{name: far, image: "postgres:17", command: [psql]}]}}}
      ---
      apiVersion: batch/v1
      kind: Job
      metadata: {name: dump}
      spec: {template: {spec: {containers: [{name: dump, image: "postgres:17", command: [pg_dump, psqlfan]}]}}}
      ---

      """
    let names = "env: [{name: POSTGRES_USER, value: shop}, {name: POSTGRES_DB, value: orders}]"
    let server = Self.statefulSet(
      "name: db, image: bitnami/postgresql, \(names), command: [sh, -c, 'run.sh & createuser own; wait']}, "
        + "{name: side, image: \"postgres:17\", command: [sh, -c, \"psql -c 'CREATE USER side'\"]",
      volumes: "")
    let operators = try #require(Self.operators.first { $0.testDescription.hasPrefix("Crunchy, the superuser's") })
    for (manifest, own) in [(server, ["container db; container side"]), (operators.manifest, [])] {
      let answer = try Program.run(["migrate", "-"], input: job + manifest)
      #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
      let told = answer.output.split(separator: "\n").compactMap { line in
        line.firstMatch(of: /# remark: (.*) call psql, createuser or createdb; what it makes was not read/)
          .map { String($0.output.1) }
      }
      #expect(
        told == own + ["Job make, container make; CronJob clean, container clean; Deployment app, container seed"],
        "\(answer.output)")
    }
  }

  /// What reads no lines, or nothing that is a flat file, makes no users of one.
  @Test(arguments: [
    (#"until pg_isready; do sleep 1; done; psql "$(cat /run/login/file)" -c VACUUM"#, "shop:hunter1", false),
    ("while read line; do psql -c VACUUM; done < /run/login/file", "postgresql://shop:hunter2@db/shop", false),
    ("export PGPASSFILE=/run/login/file; read x; psql -U shop -c VACUUM", "db:5432:*:shop:hunter3", false),
    ("export PGPASSFILE=/run/login/file; read x; psql -U shop", "# all\\n*:*:*:shop:hunter3\\n", false),
    ("while read line; do psql -c CREATE; done < /run/login/file", "shop:hunter4\\ncrm:5432:a", true),
  ])
  func onlyAFlatFileIsTakenForOne(script: String, file: String, isOne: Bool) throws {
    let manifest =
      "{apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {file: \"\(file)\"}}\n---\n"
      + Self.statefulSet(
        "name: db, image: bitnami/postgresql, env: [{name: POSTGRES_USER, value: shop}, {name: POSTGRES_DB, value: orders}]}, "
          + "{name: side, image: alpine/psql, command: [sh, -c, '\(script)'], volumeMounts: [{name: login, mountPath: /run/login}]",
        volumes: "{name: login, secret: {secretName: login}}")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains("postern.io/users-from: login/file") == isOne, "\(answer.output)")
    #expect(answer.output.contains("container side does what Postern does") == isOne)
    #expect(answer.output.contains("container side calls psql") != isOne)
    #expect(!answer.output.contains("hunter"))
  }

  /// Something fills them in, in the manifest and then in the annotations, too.
  @Test func aPlaceholderStaysAndIsTold() throws {
    let manifest = Self.statefulSet(
      "name: db, image: bitnami/postgresql, env: [{name: POSTGRES_USER, value: '${USER}'}, {name: POSTGRES_DB, value: '{{ .Values.db }}'}]",
      volumes: "")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == 0 && answer.output.contains(#"- name: "${USER}""#), "\(answer.output)\(answer.errors)")
    for text in ["user ${USER}", "database {{ .Values.db }}"] {
      #expect(answer.output.contains("# remark: \(text): its name is a placeholder, which stays one"))
    }
  }

  static let zalando = Case(
    testDescription: "Zalando, users and databases",
    manifest: """
      apiVersion: acid.zalan.do/v1
      kind: postgresql
      metadata: {name: acid-orders, namespace: shop}
      spec:
        teamId: acid
        volume: {size: 1Gi}
        numberOfInstances: 2
        enableConnectionPooler: true
        users:
          zalando: [superuser, createdb]
          foo_user: []
          other.bar: []
        databases: {foo: zalando, bar: crm}
        postgresql: {version: "17"}
      """,
    users: """
      - name: zalando
        passwordFrom:
          secret: zalando.acid-orders.credentials.postgresql.acid.zalan.do
          key: password
      - name: foo_user
        passwordFrom:
          secret: foo-user.acid-orders.credentials.postgresql.acid.zalan.do
          key: password
      - name: other.bar
      - name: crm
        passwordFrom:
          secret: crm.acid-orders.credentials.postgresql.acid.zalan.do
          key: password

      """,
    databases: """
      - name: foo
        owner: zalando
      - name: bar
        owner: crm

      """,
    remarks: [
      "who has no grant there can connect no more: foo (foo_user, other.bar, crm), bar (zalando, foo_user, other.bar)",
      "user zalando: superuser, createdb has no like", "user other.bar", "user crm owns database bar",
      "numberOfInstances, enableConnectionPooler",
    ])

  static let zalandoPrepared = Case(
    testDescription: "Zalando, a prepared database",
    manifest: """
      apiVersion: acid.zalan.do/v1
      kind: postgresql
      metadata: {name: acid-orders}
      spec:
        preparedDatabases:
          foo:
            defaultUsers: true
            extensions: {pg_partman: public, pgcrypto: public}
            schemas: {data: {}, history: {defaultRoles: true}}
      """,
    users: """
      - name: foo_owner_user
        passwordFrom:
          secret: foo-owner-user.acid-orders.credentials.postgresql.acid.zalan.do
          key: password
      - name: foo_reader_user
        grants:
          foo: read
        passwordFrom:
          secret: foo-reader-user.acid-orders.credentials.postgresql.acid.zalan.do
          key: password
      - name: foo_writer_user
        grants:
          foo: write
        passwordFrom:
          secret: foo-writer-user.acid-orders.credentials.postgresql.acid.zalan.do
          key: password

      """,
    databases: """
      - name: foo
        owner: foo_owner_user
        extensions:
        - name: pg_partman
          schema: public
        - name: pgcrypto
          schema: public
        schemas:
        - data
        - history

      """,
    remarks: ["prepared database foo: roles that cannot log in", "roles of single schemas have no like"])

  static let cloudNativePG = Case(
    testDescription: "CloudNativePG, Cluster and Database",
    manifest: """
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: cluster-example}
      spec:
        instances: 3
        imageName: ghcr.io/cloudnative-pg/postgresql:17
        storage: {size: 1Gi}
        bootstrap:
          initdb:
            database: app
            owner: app
            secret: {name: app-secret}
            encoding: UTF8
            localeCollate: C.UTF-8
            postInitSQL: [CREATE ROLE x, "ALTER SYSTEM SET work_mem = '5MB'"]
            postInitApplicationSQL:
              - CREATE TABLE a (i int)
              - CREATE ROLE reader LOGIN PASSWORD 'sesame'
              - CREATE TABLE b (i int);
              - CREATE EXTENSION pg_trgm; CREATE SCHEMA reports
        managed:
          roles:
            - name: dante
              ensure: present
              comment: Dante Alighieri
              login: true
              superuser: false
              inRoles: [pg_monitor]
              connectionLimit: 4
              validUntil: "2053-04-12T15:04:05Z"
              passwordSecret: {name: cluster-example-dante}
            - {name: petrarca, ensure: present, createdb: true}
            - {name: boccaccio, ensure: absent}
            - {name: postgres, ensure: present}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Database
      metadata: {name: cluster-example-one}
      spec:
        name: one
        owner: dante
        cluster: {name: cluster-example}
        connectionLimit: -1
        extensions: [{name: bloom, ensure: present}, {name: old, ensure: absent}]
        schemas: [{name: s, owner: app}]
        databaseReclaimPolicy: delete
      """,
    users: """
      - name: app
        passwordFrom:
          secret: app-secret
          key: password
      - name: x
      - name: reader
      - name: dante
        connectionLimit: 4
        validUntil: "2053-04-12T15:04:05Z"
        memberOf:
        - pg_monitor
        passwordFrom:
          secret: cluster-example-dante
          key: password
      - name: petrarca
      - name: boccaccio
        ensure: absent

      """,
    databases: """
      - name: app
        owner: app
        extensions:
        - name: pg_trgm
        schemas:
        - name: reports
        encoding: UTF8
        locale: C.UTF-8
        scripts:
        - name: post-init
          sql: |
            CREATE TABLE a (i int);
            CREATE TABLE b (i int);
      - name: one
        owner: dante
        extensions:
        - name: bloom
        schemas:
        - name: s
          owner: app
        encoding: UTF8
        locale: C.UTF-8

      """,
    remarks: [
      "who has no grant there can connect no more: app (x, reader, dante, petrarca), one (app, x, reader, petrarca)",
      "postInitApplicationSQL ran as superuser",
      "user reader: PASSWORD in bootstrap.initdb.postInitApplicationSQL[2] is left out", "user x: nologin has no like",
      "bootstrap.initdb.postInitSQL: statements that have no like are left out (2)",
      "bootstrap.initdb: localeCType C beside localeCollate C.UTF-8",
      "database one: localeCType C beside localeCollate C.UTF-8", "user dante: comment has no like",
      "database one: Postern drops none of extensions: old",
      "user petrarca: createdb, nologin has no like",
      "managed role postgres is the superuser", "databaseReclaimPolicy has no like", ": instances",
    ])

  static let cloudNativePGDefaults = Case(
    testDescription: "CloudNativePG, a Cluster that says nothing",
    manifest: """
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: cluster-example}
      spec: {storage: {size: 1Gi}}
      """,
    users: """
      - name: app
        passwordFrom:
          secret: cluster-example-app
          key: password

      """,
    databases: """
      - name: app
        owner: app
        encoding: UTF8
        locale: C

      """)

  static let crunchy = Case(
    testDescription: "Crunchy, users",
    manifest: """
      apiVersion: postgres-operator.crunchydata.com/v1beta1
      kind: PostgresCluster
      metadata: {name: hippo}
      spec:
        postgresVersion: 17
        users:
          - name: rhino
            databases: [zoo, park]
            options: CREATEDB CONNECTION LIMIT 5
          - name: lion
            databases: [zoo]
          - name: postgres
        databaseInitSQL: {key: init.sql, name: hippo-init}
        instances: [{name: a, replicas: 2}]
      """,
    users: """
      - name: rhino
        connectionLimit: 5
        passwordFrom:
          secret: hippo-pguser-rhino
          key: password
      - name: lion
        grants:
          zoo: write
        passwordFrom:
          secret: hippo-pguser-lion
          key: password

      """,
    databases: """
      - name: zoo
        owner: rhino
      - name: park
        owner: rhino

      """,
    remarks: [
      "who has no grant there can connect no more: park (lion)", "database zoo: its first user, rhino",
      "user rhino: createdb has no like", "user postgres is the superuser",
      "databaseInitSQL (ConfigMap hippo-init, key init.sql)", ": instances",
    ])

  @Test(
    arguments: [zalando, zalandoPrepared, cloudNativePG, cloudNativePGDefaults, crunchy] + operators + scripts + servers
  )
  func aDeclarationIsSaidInAnnotationsThatPosternTakes(_ example: Case) throws {
    let answer = try Program.run(["migrate", "-"], input: example.manifest)
    // What cannot be declared at all is no success.
    #expect(answer.status == (example.users == "[]" && example.databases == "[]" ? 1 : 0), "\(answer.errors)")
    let manifests = ManifestReader().reading(try Self.file(example.manifest)).manifests
    let migration = try #require(Migration.all(in: manifests).first)
    let annotations = Dictionary(try migration.settled().annotations.map { ($0.key, $0.value) }) { $1 }
    #expect(annotations[AnnotationKey.users] ?? "[]" == example.users)
    #expect(annotations[AnnotationKey.databases] ?? "[]" == example.databases)
    let result = Declaration.parse(customer: migration.customer, annotations: annotations)
    #expect(result.errors.isEmpty && result.declaration != nil, "\(result.errors)")
    for remark in example.remarks {
      #expect(migration.remarks.contains { $0.contains(remark) }, "\(remark) in \(migration.remarks)")
      #expect(answer.output.contains(remark))
    }
    #expect(migration.remarks.count == example.remarks.count, "\(migration.remarks)")
    #expect(!answer.output.contains("hunter"))
    let checked = try Program.run(["check", "-"], input: Self.workload(with: answer.output))
    #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
  }

  /// A workload to which what is printed was added.
  static func workload(with output: String) -> String {
    let first = output.components(separatedBy: "\n---\n")[0]
    return first.replacing("metadata:\n", with: "metadata:\n  name: db\n", maxReplacements: 1) + """

      apiVersion: apps/v1
      kind: StatefulSet
      spec:
        serviceName: db
        selector: {matchLabels: {app: db}}
        template:
          metadata: {labels: {app: db}}
          spec:
            containers:
              - name: postgres
                image: postgres:17
                env: [{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: root, key: password}}}]
      """
  }

  private static func file(_ text: String) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "migrate-\(UUID().uuidString).yaml")
    try Data(text.utf8).write(to: file)
    return [file.path]
  }

  /// What is printed is a patch: with it, the manifest that it comes from is a customer's Postgres.
  @Test func aPsqlSidecarsFlatFileIsNamed() throws {
    let answer = try Program.run(["migrate", Program.fixture("psql-sidecar.yaml")])
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(
      answer.output.hasSuffix(
        """
        metadata:
          labels:
            postern.io/customer: postgres-deployment
          annotations:
            postern.io/users-from: postgres-secret/db_users.secret

        """), "\(answer.output)")
    #expect(answer.output.contains("# remark: container postgres-configurator does what Postern does"))
    #expect(answer.output.contains("strategy: {type: Recreate}"))
    for secret in ["K3cl0", "D0l1p"] { #expect(!answer.output.contains(secret)) }
  }

  @Test(arguments: [
    ("{persistentVolumeClaim: {claimName: d}}", "", true), ("{hostPath: {path: /d}}", "", true),
    ("{emptyDir: {}}", "", false), ("{persistentVolumeClaim: {claimName: d}}", "Recreate", false),
  ])
  func aDeploymentIsToBeRecreatedWhereItsDataStay(volume: String, strategy: String, isSaid: Bool) throws {
    let manifest = Self.statefulSet(
      "name: db, image: bitnami/postgresql, env: [{name: POSTGRES_USER, value: shop}, {name: POSTGRES_DB, value: orders}]",
      volumes: volume.replacing("{", with: "{name: d, ", maxReplacements: 1)
    ).replacing("StatefulSet", with: "Deployment").replacing(
      "spec:\n  template", with: "spec:\n  strategy: {type: \(strategy)}\n  template")
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(answer.output.contains("strategy: {type: Recreate}") == isSaid, "\(answer.output)")
  }

  @Test func whatPosternRefusesIsLeftOutAndSaid() throws {
    let refused = try #require(Self.operators.last)
    let answer = try Program.run(["migrate", "-"], input: refused.manifest)
    for remark in Self.refusals { #expect(answer.output.contains(remark), "\(remark) in \(answer.output)") }
  }

  @Test(arguments: [
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}",
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: postgres}]}}}",
    """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: init}
    data: {a.sql: CREATE USER IF NOT EXISTS shop}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: a}
    spec:
      template:
        spec:
          containers: [{name: a, image: mysql:8, volumeMounts: [{name: init, mountPath: /docker-entrypoint-initdb.d}]}]
          volumes: [{name: init, configMap: {name: init}}]
    """,
    "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: a}",
  ])
  func whereNothingIsFoundItIsSaid(_ manifest: String) throws {
    let answer = try Program.run(["migrate", "-"], input: manifest)
    #expect(
      answer.status == 1 && answer.errors.contains("nothing in it to migrate") && answer.output.isEmpty, "\(answer)")
  }

  @Test(arguments: [
    ("A_b", "a-b"), ("-x-", "x"), (String(repeating: "a", count: 50), String(repeating: "a", count: 40)),
    ("shop-pg-1", "shop-1"),
  ])
  func aNameThatCanBeNoCustomersIsChangedAndSaid(_ name: String, _ customer: String) {
    let migration = Migration(source: "x", customer: name, namespace: nil)
    #expect(migration.customer == customer && migration.remarks.count == 1)
  }
}

/// What scripts are made of that nobody writes but who means harm.
@Suite(.blocking) struct HostileShellTests {
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      String(repeating: "quote_ident(", count: 20_000) + "'a'" + String(repeating: ")", count: 20_000),
      String(repeating: "format('%1$s%1$s', ", count: 15) + "'\(String(repeating: "a", count: 1000))'"
        + String(repeating: ")", count: 15),
      String(repeating: "'a' || ", count: 20_000) + "'a'", String(repeating: "f(", count: 20_000),
      "format('\(String(repeating: "%L", count: 20_000))', \(String(repeating: "'a', ", count: 20_000))'a')",
    ])
  func aStatementIsPutTogetherWithinLimits(expression: String) {
    #expect(GeneratedStatement.text(ofQuery: "SELECT " + expression).utf8.count <= 1 << 17)
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      "psql -c \"" + String(repeating: "${X:-", count: 20_000), String(repeating: "${X:-", count: 20_000),
      "echo 'a\n" + String(repeating: "psql -c x\n", count: 20_000), String(repeating: "a \\\n", count: 20_000),
      "psql -c " + String(repeating: "x", count: 500_000), String(repeating: "psql <<EOF\n", count: 20_000),
      String(repeating: "<", count: 100_000), "\"" + String(repeating: "$(", count: 100_000),
    ])
  func itIsReadInTime(script: String) {
    let shell = ShellScript(script, [:])
    #expect(shell.pieces.count < 2)
  }

  /// Scripts of 200 KB, by their beginning and what they repeat. What repeats without end is read once, and not again for each.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      ("", "A=("), ("", "B=(a A=("), ("", "for x in"), ("for x in ", "a "), ("", "f(){ f; g;};\n"),
      ("", "for x in $y; do a; done\n"), ("", "${"), ("", "$(a "), ("", "a=$a$a\n"),
      ("echo \(String(repeating: "a", count: 100_000))", " | tr -d x"),
    ])
  func whatRepeatsWithoutEndIsReadOnce(start: String, repeated: String) {
    let script = start + String(repeating: repeated, count: 200_000 / repeated.utf8.count)
    let shell = ShellScript(script, ["EMPTY": "", "TWO": "a b"])
    #expect(shell.pieces.isEmpty)
  }
}
