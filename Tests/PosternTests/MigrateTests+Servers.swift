extension MigrateTests {
  /// A Postgres without scripts: its image makes a user and a database of the container's variables.
  private static func server(
    _ description: String, image: String, env: String, envFrom: String = "", mounts: String = "", volumes: String = "",
    more: String = "", users: String = "[]", databases: String = "[]", remarks: [String] = []
  ) -> Case {
    Case(
      testDescription: description,
      manifest: """
        \(statefulSet(
          "name: db, image: \(image), env: [\(env)], envFrom: [\(envFrom)], volumeMounts: [\(mounts)]", volumes: volumes))
        ---
        \(more)
        """, users: users, databases: databases, remarks: remarks)
  }

  private static let bitnami = "docker.io/bitnami/postgresql:17"
  private static let names = "{name: POSTGRES_USER, value: shop}, {name: POSTGRES_DB, value: orders}"
  private static let orders = "- name: orders\n  owner: shop\n"

  private static func shop(_ secret: String, _ key: String) -> String {
    "- name: shop\n  passwordFrom:\n    secret: \(secret)\n    key: \(key)\n"
  }

  static let servers = [
    server(
      "Bitnami, the password of a Secret", image: bitnami,
      env: "\(names), {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: pg, key: password}}}",
      users: shop("pg", "password"), databases: orders),
    server(
      "Bitnami, the variable that goes before", image: bitnami,
      env: """
        \(names), {name: POSTGRES_PASSWORD, value: hunter2},
        {name: POSTGRESQL_PASSWORD, valueFrom: {secretKeyRef: {name: pg, key: own}}}
        """, users: shop("pg", "own"), databases: orders),
    server(
      "Bitnami, the file of a Secret, as the chart has it", image: bitnami,
      env: "\(names), {name: POSTGRES_PASSWORD_FILE, value: /opt/secrets/login}",
      mounts: "{name: secrets, mountPath: /opt/secrets/}",
      volumes: "{name: secrets, secret: {secretName: pg, items: [{key: password, path: login}]}}",
      users: shop("pg", "password"), databases: orders),
    server(
      "Bitnami, a file that is nobody's", image: bitnami,
      env: "\(names), {name: POSTGRES_PASSWORD_FILE, value: /vault/login}", users: "- name: shop\n", databases: orders,
      remarks: ["user shop: the password of POSTGRES_PASSWORD_FILE is not read; the user gets a new one"]),
    server(
      "Bitnami, a password in plain sight", image: bitnami,
      env: "\(names), {name: POSTGRES_PASSWORD, value: hunter2}", users: "- name: shop\n", databases: orders,
      remarks: ["user shop: the password of POSTGRES_PASSWORD is not read; the user gets a new one"]),
    server(
      "Bitnami, all variables of a Secret", image: bitnami, env: names,
      envFrom: "{secretRef: {name: pg}, prefix: POSTGRES_}",
      more: "{apiVersion: v1, kind: Secret, metadata: {name: pg}, stringData: {PASSWORD: hunter2}}",
      users: shop("pg", "PASSWORD"), databases: orders),
    server(
      "sameersbn's, several databases and extensions", image: "sameersbn/postgresql:14-20230628",
      env: """
        {name: DB_USER, value: shop}, {name: DB_NAME, value: "orders,billing"}, {name: DB_EXTENSION, value: "pg_trgm, btree_gist"},
        {name: DB_PASS, valueFrom: {secretKeyRef: {name: pg, key: password}}}
        """, users: shop("pg", "password"),
      databases: ["orders", "billing"].map {
        "- name: \($0)\n  owner: shop\n  extensions:\n  - name: pg_trgm\n  - name: btree_gist\n"
      }.joined()),
    server(
      "kartoza's, whose database is the superuser's", image: "kartoza/postgis:16-3.4",
      env: "{name: POSTGRES_DB, value: \"gis,data\"}, {name: POSTGRES_MULTIPLE_EXTENSIONS, value: \"postgis,hstore\"}",
      remarks: [
        "database gis has no owner", "database data has no owner", "the image's extensions: it is for database gis",
        "the image's extensions: it is for database data",
      ]),
    server(
      "both names in a Secret", image: "quay.io/sclorg/postgresql-15-c9s",
      env: """
        {name: POSTGRESQL_USER, valueFrom: {secretKeyRef: {name: pg, key: u}}},
        {name: POSTGRESQL_DATABASE, valueFrom: {secretKeyRef: {name: pg, key: d}}}
        """,
      remarks: [
        "the user whom the image makes, $POSTGRESQL_USER, is not known here; left out: declare it by the name that the variable has",
        "the database that the image makes, $POSTGRESQL_DATABASE, is not known here; left out: declare it by the name",
      ]),
    server(
      "an image of one's own, by its data folder", image: "shop/accounts-db:v1",
      env: "{name: PGDATA, value: /d}", envFrom: "{configMapRef: {name: pg}}",
      more: """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: pg}, data: {POSTGRES_DB: accounts, POSTGRES_USER: root}}
        """,
      remarks: ["database accounts has no owner that can be told"]),
    server(
      "Bitnami, a user whose name is in a Secret", image: bitnami,
      env: "{name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: pg, key: u}}}, {name: POSTGRES_DB, value: orders}",
      remarks: [
        "the user whom the image makes, $POSTGRES_USER, is not known here",
        "database orders has no owner that can be told",
      ]),
    server(
      "Red Hat's", image: "quay.io/sclorg/postgresql-16-c9s",
      env: """
        {name: POSTGRESQL_USER, value: shop}, {name: POSTGRESQL_DATABASE, value: orders},
        {name: POSTGRESQL_PASSWORD, valueFrom: {secretKeyRef: {name: pg, key: password}}}
        """, users: shop("pg", "password"), databases: orders),
    server(
      "the official image, whose user is the superuser", image: "postgres:17",
      env: "\(names), {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: pg, key: password}}}",
      remarks: ["database orders has no owner that can be told, but the superuser; left out"]),
    server(
      "variables of objects that are in none of the files", image: bitnami, env: "",
      envFrom: "{configMapRef: {name: names}}, {secretRef: {name: login}}",
      remarks: [
        "envFrom of container db: ConfigMap names is in none of the files; its variables are not known",
        "envFrom of container db: Secret login is in none of the files",
      ]),
    server(
      "names of one object, and a password of one that is not there", image: bitnami, env: "",
      envFrom: "{configMapRef: {name: names}}, {secretRef: {name: login}}",
      more: """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: names}, data: {POSTGRESQL_USERNAME: shop, POSTGRESQL_DATABASE: orders}}
        """, users: "- name: shop\n", databases: orders,
      remarks: [
        "envFrom of container db: Secret login is in none of the files",
        "user shop: no variable of the container names",
      ]),
  ]
}
