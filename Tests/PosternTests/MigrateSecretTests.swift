import Foundation
import TestThreads
import Testing

@testable import postern

/// Secrets in manifests and scripts of other approaches: no word of one is printed.
@Suite(.blocking) struct MigrateSecretTests {
  /// Each holds `s3same`.
  static let secrets = [
    "CREATE USER shop PASSWORD 's3same'",
    "CREATE ROLE shop LOGIN ENCRYPTED PASSWORD 's3same'",
    "alter user shop with password 's3same' valid until '2030-01-01'",
    "CREATE USER shop PASSWORD $$s3same$$",
    "CREATE USER shop PASSWORD $a$s3same$a$",
    "CREATE USER shop PASSWORD E's3same'",
    #"CREATE USER shop PASSWORD E'\x733same' -- s3same"#,
    #"CREATE USER shop PASSWORD U&'\0073s3same'"#,
    "CREATE/**/USER shop/* */PASSWORD's3same'",
    "DO $do$ BEGIN CREATE ROLE shop LOGIN PASSWORD 's3same'; END $do$",
    "DO $do$ BEGIN EXECUTE format('CREATE ROLE shop %s', 'PASS' || 'WORD ''s3same'''); END $do$",
    "CREATE TABLE a (i int) /* password: s3same */",
    "CREATE TABLE a (i int) -- the pwd is s3same",
    "COMMENT ON DATABASE app IS 'login with s3same as its passphrase'",
    "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:s3same@h/db' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'postgresql://h/db?user=u&password=s3same' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'postgresql://h/db?pass%77ord=s3same' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h user=u password=s3same' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h passfile=/etc/s3same' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h service=s3same' PUBLICATION p",
    "ALTER SUBSCRIPTION s CONNECTION 'host=h sslkey=/etc/s3same'",
    "CREATE USER MAPPING FOR shop SERVER other OPTIONS (user 'u', password 's3same')",
    "CREATE USER MAPPING FOR shop SERVER other OPTIONS (username 'u', pw 's3same')",
    "ALTER USER MAPPING FOR shop SERVER other OPTIONS (SET word 's3same')",
    "CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (api 's3same')",
    "SELECT dblink_connect('c', 'dbname=x s3same')",
    "INSERT INTO account (name, password) VALUES ('ann', 's3same')",
    "INSERT INTO account VALUES ('ann', crypt('s3same', gen_salt('bf')))",
    "SELECT pgp_sym_encrypt('x', 's3same')",
    "INSERT INTO hook VALUES ('https://u:s3same@example.com/')",
    "INSERT INTO hook VALUES ('amqp://u:p/w@h s3same')",
    "ALTER DATABASE app SET app.jwt_secret TO 's3same'",
    "ALTER DATABASE app SET app.jwt TO 's3same'",
    "SELECT set_config('app.api_key', 's3same', false)",
    "INSERT INTO setting VALUES ('apiKey', 's3same')",
    "INSERT INTO setting VALUES ('license_key', 's3same')",
    "INSERT INTO setting VALUES ('key', 's3same')",
    "INSERT INTO setting VALUES ('smtp.pw', 's3same')",
    "ALTER DATABASE app SET app.key TO 's3same'",
    "COPY setting FROM PROGRAM 'curl -u u:s3same https://h'",
    "INSERT INTO setting VALUES ('AKIAABCDEFGHIJKLMNOP s3same')",
    "INSERT INTO setting VALUES ('md5ab12ab12ab12ab12ab12ab12ab12ab12 s3same')",
    "INSERT INTO setting VALUES ('SCRAM-SHA-256$4096:s3same')",
    "INSERT INTO setting VALUES ('c29tZSBsb25nIHRleHQgMTIz4s3same0')",
    "INSERT INTO setting VALUES ('-----BEGIN RSA PRIVATE KEY----- s3same')",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'token s3same' $$",
    // No SQL, so nobody can tell.
    "CREATE USER shop PASSWORD s3same",
    "CREATE TABLE a (b text DEFAULT 's3same)",
    "ALTER USER shop IDENTIFIED BY 's3same'",
  ]

  /// What is taken over.
  static let plain = [
    "CREATE TABLE a (i int)",
    "CREATE TABLE account (name text, password_hash text, token uuid, secret bytea)",
    "CREATE TABLE a (id varchar(255) DEFAULT '' NOT NULL, at timestamptz DEFAULT now())",
    "INSERT INTO country VALUES ('de', 'Germany'), ('fr', 'France')",
    "INSERT INTO a VALUES ('6f1b1e0c-8a8e-4f5e-9c51-0123456789ab')",
    "INSERT INTO link VALUES ('https://example.com/a?b=c')",
    "CREATE VIEW v AS SELECT 1 AS one",
    "CREATE INDEX i ON account (token)",
    "GRANT SELECT ON a TO app",
  ]

  @Test(arguments: secrets) func aStatementThatMayHoldASecretIsNotPrinted(_ sql: String) throws {
    #expect(SecretSigns.areIn(sql))
    let answer = try Program.run(["migrate", "-"], input: Self.cluster(sql))
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(!(answer.output + answer.errors).contains("s3same"), "\(answer.output)")
    // A statement that makes a role is read for it, and is no script.
    #expect(
      answer.output.contains("are left out (2)") || answer.output.contains("postInitApplicationSQL[2]"),
      "\(answer.output)")
    #expect(answer.output.contains("CREATE TABLE before") && answer.output.contains("CREATE TABLE after"))
  }

  /// Files of the image's folder are read for names, and none of their text is printed.
  @Test(arguments: secrets) func ofScriptsForAnEmptyFolderNoSecretIsPrinted(_ sql: String) throws {
    for (name, text) in [
      ("a.sql", "CREATE USER first;\n\(sql);"),
      ("a.sh", "createuser first\npsql <<'EOF'\n\(sql);\nEOF\npsql -c \"\(sql)\""),
    ] {
      let answer = try Program.run(
        ["migrate", "-"],
        input: """
          apiVersion: v1
          kind: ConfigMap
          metadata: {name: init}
          data:
            \(name): |
              \(text.replacing("\n", with: "\n    "))
          ---
          \(MigrateTests.statefulSet(
            "name: a, image: postgres, volumeMounts: [{name: init, mountPath: /docker-entrypoint-initdb.d}]",
            volumes: "{name: init, configMap: {name: init}}"))
          """)
      #expect(answer.status == 0, "\(answer.errors)")
      #expect(!(answer.output + answer.errors).contains("s3same"), "\(answer.output)")
    }
  }

  @Test(arguments: plain) func aStatementWithoutOneIsTakenOver(_ sql: String) throws {
    let answer = try Program.run(["migrate", "-"], input: Self.cluster(sql))
    #expect(answer.output.contains("\(sql);"), "\(answer.output)")
    #expect(!answer.output.contains("left out"))
  }

  private static func cluster(_ sql: String) -> String {
    """
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: cluster-example}
    spec:
      bootstrap:
        initdb:
          postInitApplicationSQL:
            - CREATE TABLE before (i int)
            - |-
              \(sql)
            - CREATE TABLE after (i int)
    """
  }

  @Test(arguments: [
    "PASSWORD 's3same'", "PASSWORD's3same'", "ENCRYPTED PASSWORD 's3same' CREATEDB", "VALID UNTIL 's3same'",
    "VALID UNTIL '2030-01-01' PASSWORD 's3same'", "CREATEDB PASSWORD E's3same'", "PASSWORD $$s3same$$",
    "PASSWORD s3same",
    "PASSWORD 's3same", "password \"s3same\"", "CREATEDB -- s3same", "CONNECTION LIMIT 's3same'", "'s3same'", "s3same",
    "IN ROLE a 's3same'", "SYSID s3same PASSWORD 's3same' LOGIN",
  ])
  func ofCrunchysOptionsNoSecretIsPrinted(_ options: String) throws {
    let answer = try Program.run(
      ["migrate", "-"],
      input: """
        apiVersion: postgres-operator.crunchydata.com/v1beta1
        kind: PostgresCluster
        metadata: {name: hippo}
        spec:
          users:
            - name: rhino
              databases: [zoo]
              options: |-
                \(options)
        """)
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(!(answer.output + answer.errors).contains("s3same"), "\(answer.output)")
  }

  @Test func ofZalandosFlagsOnlyRolesOptionsArePrinted() throws {
    let answer = try Program.run(
      ["migrate", "-"],
      input: """
        apiVersion: acid.zalan.do/v1
        kind: postgresql
        metadata: {name: acid}
        spec: {users: {shop: [createdb, "password 's3same'"]}}
        """)
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(!(answer.output + answer.errors).contains("s3same"), "\(answer.output)")
    #expect(answer.output.contains("user shop: createdb has no like"))
  }
}
