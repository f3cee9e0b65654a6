import Declarations
import Testing

/// What is refused in `postern.io/databases`.
struct RejectedDatabasesTests {
  static let entries: [Refusal] = [
    .databases(
      "template1",
      #"postern.io/databases[0] (line 1, column 1): this database cannot be declared: "template1" is the server's own database; choose another name"#
    ),
    .databases(
      "- {name: postgres}",
      #"postern.io/databases[0].name (line 1, column 10): this database cannot be declared: "postgres" is the server's own database; choose another name"#
    ),
    .databases(
      "- {owner: shop}", #"postern.io/databases[0] (line 1, column 3): a database has no name; add "name: NAME""#),
    .databases(
      "x, y, x",
      #"postern.io/databases[2] (line 1, column 7): database "x" is declared twice: here and at [0] (line 1); remove one of them"#
    ),
    .databases(
      "- {name: x, extension: [citext]}",
      #"postern.io/databases[0].extension (line 1, column 13): unknown key "extension" in a database; did you mean "extensions"?"#
    ),
    .databases(
      "- {name: x, owner: shpo}",
      #"postern.io/databases[0].owner (line 1, column 20): no user "shpo" is declared in postern.io/users; did you mean "shop"?"#
    ),
    .databases(
      "- {name: x, owner: pg_monitor}",
      #"postern.io/databases[0].owner (line 1, column 20): "pg_monitor" cannot own a database: names that begin with pg_ are the server's own roles; name a declared user"#
    ),
    .databases(
      "- {name: x, encoding: UTF-9}",
      #"postern.io/databases[0].encoding (line 1, column 23): "UTF-9" is no encoding of a Postgres server; did you mean "UTF8"?"#
    ),
    .databases(
      "- {name: x, locale: \"C\\nx\"}",
      #"postern.io/databases[0].locale (line 1, column 21): "C\u{a}x" holds a control character; expected a locale such as C.UTF-8"#
    ),
    .databases(
      "- {name: x, template: template1}",
      #"postern.io/databases[0].template (line 1, column 23): "template1" cannot be the template: any session in it makes CREATE DATABASE fail; remove template, which is template0 then, or name a database of your own"#
    ),
    .databases(
      "- {name: x, template: postgres}",
      #"postern.io/databases[0].template (line 1, column 23): "postgres" cannot be the template: any session in it makes CREATE DATABASE fail; remove template, which is template0 then, or name a database of your own"#
    ),
    .databases(
      "- {name: x, template: x}",
      "postern.io/databases[0].template (line 1, column 23): a database cannot be its own template; remove template"),
    .databases(
      "- {name: x, extensions: citext}",
      "postern.io/databases[0].extensions (line 1, column 25): this is a single value; expected a list of extensions"),
    .databases(
      "- {name: x, extensions: [citext, {name: citext}]}",
      #"postern.io/databases[0].extensions[1].name (line 1, column 41): extension "citext" is declared twice: here and at [0].extensions[0] (line 1); remove one of them"#
    ),
    .databases(
      "- {name: x, extensions: [{schema: public}]}",
      #"postern.io/databases[0].extensions[0] (line 1, column 26): an extension has no name; add "name: NAME""#),
    .databases(
      "- {name: x, extensions: [{name: citext, version: {}}]}",
      #"postern.io/databases[0].extensions[0].version (line 1, column 50): this is a mapping; expected a version such as "1.6""#
    ),
    .databases(
      "- {name: x, extensions: [null]}",
      "postern.io/databases[0].extensions[0] (line 1, column 26): an entry is empty; expected an extension; remove it, or quote it if it is a name"
    ),
    .databases(
      "- {name: x, schemas: [public]}",
      #"postern.io/databases[0].schemas[0] (line 1, column 23): the schema "public" cannot be declared: it is there already, and the database's owner owns it; remove it"#
    ),
    .databases(
      "- {name: x, schemas: [{name: pg_x}]}",
      #"postern.io/databases[0].schemas[0].name (line 1, column 30): the schema "pg_x" cannot be declared: such names are the server's own; choose another name"#
    ),
    .databases(
      "- {name: x, schemas: [information_schema]}",
      #"postern.io/databases[0].schemas[0] (line 1, column 23): the schema "information_schema" cannot be declared: such names are the server's own; choose another name"#
    ),
    .databases(
      "- {name: x, schemas: [a, a]}",
      #"postern.io/databases[0].schemas[1] (line 1, column 26): schema "a" is declared twice: here and at [0].schemas[0] (line 1); remove one of them"#
    ),
    .databases(
      "- {name: x, schemas: [{name: a, owner: shpo}]}",
      #"postern.io/databases[0].schemas[0].owner (line 1, column 40): no user "shpo" is declared in postern.io/users; did you mean "shop"?"#
    ),
  ]

  static let scripts: [Refusal] = [
    .databases(
      "- {name: x, scripts: [{sql: a}]}",
      #"postern.io/databases[0].scripts[0] (line 1, column 23): a script has no name, by which it is known to have run; add "name: 001-tables""#
    ),
    .databases(
      "- {name: x, scripts: [{name: a}]}",
      #"postern.io/databases[0].scripts[0] (line 1, column 23): a script has no content; expected exactly one of sql, configMap and secret; add "sql: |""#
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: b, secret: {name: s, key: k}}]}",
      "postern.io/databases[0].scripts[0] (line 1, column 23): a script has sql and secret; expected exactly one of sql, configMap and secret; keep one"
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: ''}]}",
      "postern.io/databases[0].scripts[0].sql (line 1, column 38): this is empty; expected SQL; write the value, or remove the key"
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: ' '}]}",
      "postern.io/databases[0].scripts[0].sql (line 1, column 38): the script is empty; expected SQL; write the SQL, or remove the script"
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: \"a\\0\"}]}",
      "postern.io/databases[0].scripts[0].sql (line 1, column 38): the script holds a NUL byte, which no SQL text may; remove it"
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: b}, {name: a, sql: c}]}",
      #"postern.io/databases[0].scripts[1].name (line 1, column 49): script "a" is declared twice: here and at [0].scripts[0].name (line 1); rename one of them"#
    ),
    .databases(
      "- {name: x, scripts: [{name: a, configMap: {name: B, key: c}}]}",
      #"postern.io/databases[0].scripts[0].configMap.name (line 1, column 51): this cannot be the name of a ConfigMap; expected lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit"#
    ),
    Refusal(
      ["users": "shop", "databases": "- {name: x, scripts: [{name: a, secret: {secret: s, key: c}}]}"],
      #"postern.io/databases[0].scripts[0].secret (line 1, column 41): "name" is missing; expected a key of a Secret: {name: NAME, key: KEY}"#,
      #"postern.io/databases[0].scripts[0].secret.secret (line 1, column 42): unknown key "secret" in a key of a Secret: {name: NAME, key: KEY}; expected one of name, key"#
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: b, rerun: always}]}",
      #"postern.io/databases[0].scripts[0].rerun (line 1, column 48): "always" is not one of never, on-change"#),
    .databases(
      "- {name: x, scripts: [{name: a, sql: b, timeout: 8d}]}",
      #"postern.io/databases[0].scripts[0].timeout (line 1, column 50): "8d" is no timeout of at most a week; expected a time such as 90s, 10m or 2h, or 0 for none; write 30m"#
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: b, timeout: 169h}]}",
      #"postern.io/databases[0].scripts[0].timeout (line 1, column 50): "169h" is no timeout of at most a week; expected a time such as 90s, 10m or 2h, or 0 for none; write 30m"#
    ),
    .databases(
      "- {name: x, scripts: [{name: a, sql: b, transaction: yes}]}",
      #"postern.io/databases[0].scripts[0].transaction (line 1, column 54): "yes" is neither true nor false; write true or false"#
    ),
    .databases(
      "- {name: x, scripts: [a]}",
      "postern.io/databases[0].scripts[0] (line 1, column 23): this is a single value; expected a script"),
  ]

  @Test(arguments: entries) func refusesEntries(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  @Test(arguments: scripts) func refusesScripts(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  static let owners: [Refusal] = [
    Refusal(
      ["databases": "x"],
      #"postern.io/databases[0] (line 1, column 1): "x" has no owner, and no user is declared; declare one in postern.io/users"#
    ),
    Refusal(
      ["users": "a, b", "databases": "x"],
      #"postern.io/databases[0] (line 1, column 1): "x" has no owner, and 2 users are declared; write {name: "x", owner: USER}, with one of "a", "b""#
    ),
    Refusal(
      ["users": "a", "users-from": "s/k", "databases": "x"],
      #"postern.io/databases[0] (line 1, column 1): "x" has no owner, and postern.io/users-from may hold any number of users; write {name: "x", owner: USER}"#
    ),
    Refusal(
      ["users": "- {name: a, ensure: absent}\n- b", "databases": "- {name: x, owner: a}"],
      #"postern.io/databases[0].owner (line 1, column 20): "a" cannot own a database: it is declared with ensure: absent in postern.io/users; name a user that is present"#
    ),
    Refusal(
      ["users": "- {name: a, ensure: absent}", "users-from": "s/k", "databases": "a_db"],
      #"postern.io/databases[0] (line 1, column 1): "a" cannot own a database: it is declared with ensure: absent in postern.io/users; name a user that is present"#
    ),
    Refusal(
      ["users-from": "s/k", "databases": "- {name: x, owner: public}"],
      #"postern.io/databases[0].owner (line 1, column 20): "public" cannot own a database: "public" stands for every role; name a declared user"#
    ),
    Refusal(
      ["users": "- {name: c, grants: {x_db: read, x: read}}", "users-from": "s/k"],
      #"postern.io/users[0].grants.x (line 1, column 34): no database "x" is declared in postern.io/databases; declare it there, or remove the grant"#
    ),
    Refusal(
      ["users": "- {name: c, grants: {x_db: owner}}", "users-from": "s/k"],
      #"postern.io/users[0].grants.x_db (line 1, column 22): no database "x_db" is declared in postern.io/databases; declare it there, or remove the grant"#
    ),
  ]

  @Test(arguments: owners) func refusesADatabaseWithoutAnOwner(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  @Test func aNameThatCannotBeHadHidesNothingThatIsWrongElsewhere() {
    let result = Declaration.parse(
      customer: "acme",
      annotations: [
        "postern.io/users": "[{name: shop}, {name: postgres}]",
        "postern.io/databases": "[{name: x, owner: shpo}, {name: template1, owner: nobody}]",
      ])
    #expect(
      result.errors.map { $0.annotation + $0.path } == [
        "postern.io/databases[0].owner", "postern.io/databases[1].name", "postern.io/databases[1].owner",
        "postern.io/users[1].name",
      ])
  }

  @Test func aLevelThatIsNoneHidesNoDatabaseThatIsNotThere() {
    let result = Declaration.parse(
      customer: "acme",
      annotations: ["postern.io/users": "[{name: a, grants: {order: red}}]", "postern.io/databases": "orders"])
    #expect(result.errors.map(\.path) == ["[0].grants.order", "[0].grants.order"])
    #expect(result.errors.map(\.hint) == ["did you mean \"orders\"?", "did you mean \"read\"?"])
  }
}
