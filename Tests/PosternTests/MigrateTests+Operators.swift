extension MigrateTests {
  /// What operators' manifests say in less usual ways.
  static let operators = [
    Case(
      testDescription: "CloudNativePG, encoding and locale of the cluster, and of a Database that has its own",
      manifest: """
        apiVersion: postgresql.cnpg.io/v1
        kind: Cluster
        metadata: {name: c}
        spec: {bootstrap: {initdb: {encoding: LATIN1, localeCollate: de_DE, localeCType: de_DE}}}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Database
        metadata: {name: plain}
        spec: {name: plain, owner: app, cluster: {name: c}, template: template1, allowConnections: true}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Database
        metadata: {name: own}
        spec: {name: own, owner: app, cluster: {name: c}, encoding: UTF8, locale: C.UTF-8, template: template0}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Database
        metadata: {name: app}
        spec: {name: app, owner: app, cluster: {name: c}, connectionLimit: 7}
        """,
      users: """
        - name: app
          passwordFrom:
            secret: c-app
            key: password

        """,
      databases: """
        - name: app
          owner: app
          encoding: LATIN1
          locale: de_DE
          connectionLimit: 7
        - name: plain
          owner: app
          encoding: LATIN1
          locale: de_DE
        - name: own
          owner: app
          encoding: UTF8
          locale: C.UTF-8
          template: template0

        """),
    Case(
      testDescription: "CloudNativePG, locales that have no like",
      manifest: """
        apiVersion: postgresql.cnpg.io/v1
        kind: Cluster
        metadata: {name: c}
        spec: {bootstrap: {initdb: {localeProvider: icu, icuLocale: de, icuRules: "&a<b", dataChecksums: true}}}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Database
        metadata: {name: one}
        spec:
          {name: one, owner: app, cluster: {name: c}, localeProvider: builtin, builtinLocale: C.UTF-8, localeCType: fr_FR, tablespace: fast,
          isTemplate: true, databaseReclaimPolicy: delete, collationVersion: "1"}
        """,
      users: """
        - name: app
          passwordFrom:
            secret: c-app
            key: password

        """,
      databases: """
        - name: app
          owner: app
          encoding: UTF8
          locale: C
        - name: one
          owner: app
          encoding: UTF8
          locale: C

        """,
      remarks: [
        "bootstrap.initdb: localeProvider icu", "bootstrap.initdb: icuLocale de", "bootstrap.initdb: icuRules &a<b",
        "bootstrap.initdb.dataChecksums has no like", "database one: localeProvider builtin",
        "database one: builtinLocale C.UTF-8", "database one: collationVersion 1",
        "database one: localeCType fr_FR beside",
        "database one: tablespace", "database one: isTemplate", "database one: databaseReclaimPolicy",
      ]),
    Case(
      testDescription: "CloudNativePG, DatabaseRoles",
      manifest: """
        apiVersion: postgresql.cnpg.io/v1
        kind: DatabaseRole
        metadata: {name: role-dante}
        spec:
          cluster: {name: c}
          name: dante
          login: true
          inRoles: [pg_monitor]
          connectionLimit: -1
          passwordSecret: {name: dante-login}
          databaseRoleReclaimPolicy: delete
          clientCertificate: {enabled: true}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: DatabaseRole
        metadata: {name: role-app}
        spec: {cluster: {name: c}, name: virgil, login: true, password: {mode: generated}}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: DatabaseRole
        metadata: {name: other}
        spec: {cluster: {name: c}, name: managed, createdb: true}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Cluster
        metadata: {name: c}
        spec: {managed: {roles: [{name: managed, login: true}]}}
        """,
      users: """
        - name: app
          passwordFrom:
            secret: c-app
            key: password
        - name: managed
        - name: dante
          memberOf:
          - pg_monitor
          passwordFrom:
            secret: dante-login
            key: password
        - name: virgil

        """,
      databases: """
        - name: app
          owner: app
          encoding: UTF8
          locale: C

        """,
      remarks: [
        "can connect no more: app (managed, dante, virgil)", "DatabaseRole role-dante: databaseRoleReclaimPolicy",
        "DatabaseRole role-dante: clientCertificate",
        "DatabaseRole role-app: password is not read", "DatabaseRole other: role managed is among managed.roles",
      ]),
    Case(
      testDescription: "CloudNativePG, a DatabaseRole and a Database without their Cluster",
      manifest: """
        apiVersion: postgresql.cnpg.io/v1
        kind: DatabaseRole
        metadata: {name: role-dante}
        spec: {cluster: {name: c}, name: dante, login: true}
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Database
        metadata: {name: one}
        spec: {name: one, owner: dante, cluster: {name: c}}
        """,
      users: """
        - name: dante

        """,
      databases: """
        - name: one
          owner: dante

        """, remarks: ["Cluster c is in none of the files"]),
    Case(
      testDescription: "Crunchy, the superuser's databases",
      manifest: """
        apiVersion: postgres-operator.crunchydata.com/v1beta1
        kind: PostgresCluster
        metadata: {name: hippo}
        spec:
          users:
            - {name: postgres, databases: [zoo, park, postgres]}
            - {name: rhino, databases: [zoo, zoo], options: "NOLOGIN IN ROLE pg_monitor VALID UNTIL '2030-01-01T00:00:00Z'"}
        """,
      users: """
        - name: rhino
          validUntil: "2030-01-01T00:00:00Z"
          memberOf:
          - pg_monitor
          passwordFrom:
            secret: hippo-pguser-rhino
            key: password

        """,
      databases: """
        - name: zoo
          owner: rhino

        """,
      remarks: ["user postgres is the superuser", "database park is user postgres's alone", "user rhino: nologin"]),
    Case(
      testDescription: "Zalando, Secrets elsewhere and passwords that turn",
      manifest: """
        apiVersion: acid.zalan.do/v1
        kind: postgresql
        metadata: {name: acid-orders, namespace: shop}
        spec:
          users: {shop.own: [], app: []}
          usersWithSecretRotation: [app]
          usersWithInPlaceSecretRotation: [nobody]
          databases: {own: shop.own, bar: other.bar}
          preparedDatabases:
            foo: {defaultUsers: true, secretNamespace: elsewhere, schemas: {data: {defaultRoles: false, defaultUsers: true}}}
        """,
      users: """
        - name: shop.own
          passwordFrom:
            secret: shop.own.acid-orders.credentials.postgresql.acid.zalan.do
            key: password
        - name: app
          rotate: "90d"
        - name: other.bar
        - name: foo_owner_user
        - name: foo_reader_user
          grants:
            foo: read
        - name: foo_writer_user
          grants:
            foo: write

        """,
      databases: """
        - name: own
          owner: shop.own
        - name: bar
          owner: other.bar
        - name: foo
          owner: foo_owner_user
          schemas:
          - data

        """,
      remarks: [
        "can connect no more: own (app, other.bar, foo_owner_user", "user other.bar owns database bar",
        "user other.bar: its Secret is in namespace other",
        "prepared database foo: secretNamespace elsewhere", "prepared database foo: roles that cannot log in",
        "prepared database foo: users of single schemas", "user app: usersWithSecretRotation is rotate",
        "usersWithInPlaceSecretRotation: user nobody is declared nowhere",
      ]),
    Case(
      testDescription: "CloudNativePG, a Database for what the bootstrap has made",
      manifest: """
        apiVersion: postgresql.cnpg.io/v1
        kind: Cluster
        metadata: {name: c}
        spec:
          bootstrap:
            initdb:
              postInitApplicationSQL:
                - CREATE EXTENSION pg_trgm
                - CREATE EXTENSION hstore
                - CREATE EXTENSION citext
                - CREATE SCHEMA audit AUTHORIZATION app
                - ALTER DATABASE app CONNECTION LIMIT 7
                - GRANT app TO CURRENT_USER
        ---
        apiVersion: postgresql.cnpg.io/v1
        kind: Database
        metadata: {name: app}
        spec:
          name: app
          owner: app
          cluster: {name: c}
          extensions: [{name: citext, version: "1.6"}, {name: hstore, ensure: absent}, {name: ltree}]
          schemas: [{name: work}]
        """,
      users: """
        - name: app
          passwordFrom:
            secret: c-app
            key: password

        """,
      databases: """
        - name: app
          owner: app
          extensions:
          - name: pg_trgm
          - name: citext
            version: "1.6"
          - name: ltree
          schemas:
          - name: audit
            owner: app
          - name: work
          encoding: UTF8
          locale: C
          connectionLimit: 7

        """, remarks: ["database app: Postern drops none of extensions: hstore"]),
    Case(
      testDescription: "CloudNativePG, another owner of the bootstrap's database",
      manifest: """
        apiVersion: postgresql.cnpg.io/v1
        kind: Cluster
        metadata: {name: c}
        spec: {bootstrap: {initdb: {postInitApplicationSQL: [CREATE USER shop, ALTER DATABASE app OWNER TO shop]}}}
        """,
      users: "- name: app\n  passwordFrom:\n    secret: c-app\n    key: password\n- name: shop\n",
      databases: "- name: app\n  owner: shop\n  encoding: UTF8\n  locale: C\n",
      remarks: ["can connect no more: app (app)"]),
    Case(
      testDescription: "Zalando, a prepared database by default",
      manifest: """
        apiVersion: acid.zalan.do/v1
        kind: postgresql
        metadata: {name: acid-orders}
        spec: {preparedDatabases: {}}
        """,
      users: "- name: acid_orders_owner\n",
      databases: "- name: acid_orders\n  owner: acid_orders_owner\n  schemas:\n  - data\n",
      remarks: [
        "prepared database acid_orders: roles that cannot log in",
        "prepared database acid_orders: roles of single schemas have no like: data",
      ]),
    Case(
      testDescription: "Zalando, no schemas and none that is named, and no prepared database",
      manifest: """
        apiVersion: acid.zalan.do/v1
        kind: postgresql
        metadata: {name: acid-orders}
        spec: {preparedDatabases: {foo: {schemas: {}}, bar: null}}
        ---
        apiVersion: acid.zalan.do/v1
        kind: postgresql
        metadata: {name: acid-none}
        spec: {preparedDatabases: null}
        """,
      users: "- name: foo_owner\n- name: bar_owner\n",
      databases: ["foo", "bar"].map { "- name: \($0)\n  owner: \($0)_owner\n  schemas:\n  - data\n" }.joined(),
      remarks: [
        "prepared database foo: roles that cannot log in", "prepared database bar: roles that cannot log in",
        "prepared database foo: roles of single schemas", "prepared database bar: roles of single schemas",
        "can connect no more: foo (bar_owner), bar (foo_owner)",
      ]),
    Case(
      testDescription: "Crunchy, the superuser by another word",
      manifest: """
        apiVersion: postgres-operator.crunchydata.com/v1beta1
        kind: PostgresCluster
        metadata: {name: hippo}
        spec: {users: [{name: rhino, databases: [zoo], options: "CREATEDB ROLE CURRENT_USER"}]}
        """,
      users: "- name: rhino\n  passwordFrom:\n    secret: hippo-pguser-rhino\n    key: password\n",
      databases: "- name: zoo\n  owner: rhino\n",
      remarks: ["user rhino: options gives it members (postgres)", "user rhino: createdb has no like"]),
    Case(
      testDescription: "Crunchy, what Postern refuses is left out",
      manifest: """
        apiVersion: postgres-operator.crunchydata.com/v1beta1
        kind: PostgresCluster
        metadata: {name: hippo}
        spec:
          users:
            - {name: pg_mine, databases: [lost]}
            - {name: rhino, databases: [template1, zoo], options: "IN ROLE pg_monitor, pg_read_server_files, nobody"}
        """,
      users: """
        - name: rhino
          memberOf:
          - pg_monitor
          passwordFrom:
            secret: hippo-pguser-rhino
            key: password

        """,
      databases: """
        - name: zoo
          owner: rhino

        """, remarks: ["can connect no more: lost (rhino), template1 (pg_mine), zoo (pg_mine)"]),
  ]

  /// Remarks on what Postern refuses are told with the annotations.
  static let refusals = [
    "user pg_mine: Postern refuses it", "database lost: Postern refuses it", "database template1: Postern refuses it",
    "user rhino: Postern refuses its memberOf",
  ]
}
