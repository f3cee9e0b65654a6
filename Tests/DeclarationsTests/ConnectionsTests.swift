import Contract
import DatabaseSpec
import Declarations
import Testing

/// What `postern.io/connections` says, and everything that is refused in it.
@Suite struct ConnectionsTests {
  private func read(_ text: String?, customer: String = "acme", others: [String] = []) -> ConnectionsResult {
    ConnectionsResult(customer: customer, text, others: others)
  }

  private func summary(_ connection: DeclaredConnection) -> String {
    var text = "\(connection.user.text)/\(connection.database?.text ?? "-") \(connection.customer) \(connection.name)"
    if let containers = connection.containers { text += " [\(containers.map(\.name).joined(separator: " "))]" }
    if connection.waits { text += " waits" }
    if connection.restarts { text += " restarts" }
    return text
  }

  @Test(
    arguments: [
      ("shop", ["shop/- acme acme"]), ("shop/orders", ["shop/orders acme acme"]), (" shop \n", ["shop/- acme acme"]),
      ("[shop]", ["shop/- acme acme"]), ("- shop/orders\n", ["shop/orders acme acme"]),
      ("\"shop/orders\"", ["shop/orders acme acme"]), ("123", ["123/- acme acme"]), ("null/x", ["null/x acme acme"]),
      ("- {user: \"a/b\", database: \"c:d\"}", ["a/b/c:d acme acme"]),
      (
        "- user: shop\n  name: main.db\n  containers: [web, worker]\n  wait: true",
        ["shop/- acme main.db [web worker] waits"]
      ),
      (
        "- {user: shop, restart: true}\n- {user: x, name: x, env: none, restart: false}",
        ["shop/- acme acme restarts", "x/- acme x"]
      ),
      ("- {user: x, customer: other, env: none}\n- shop", ["x/- other other", "shop/- acme acme"]),
      (
        "- {user: x, name: a, containers: [web]}\n- {user: y, name: b, containers: [worker]}",
        ["x/- acme a [web]", "y/- acme b [worker]"]
      ),
      ("- {user: x, name: a, prefix: A_}\n- {user: x, database: d}", ["x/- acme a", "x/d acme acme"]),
    ] as [(String, [String])])
  func readsConnections(text: String, expected: [String]) {
    let result = read(text)
    #expect(result.errors.map(\.message) == [])
    #expect(result.connections.map(summary) == expected)
  }

  @Test(arguments: [
    ("", "there is no connection in it; expected a user's name"), ("[]", "there is no connection in it"),
    ("shop/", "neither USER nor USER/DATABASE"), ("/orders", "neither USER nor USER/DATABASE"),
    ("a/b/c", "neither USER nor USER/DATABASE"), ("shop:secret", "neither USER nor USER/DATABASE"),
    ("shop,,other", "an entry is empty"), ("user: shop", "begin each entry with \"- user: NAME\""),
    ("- {usr: shop}", "did you mean \"user\"?"), ("- {database: orders}", "the user's name is missing"),
    ("- {user: shop, database: }", "the name of a database"),
    ("- {user: shop, env: standart}", "did you mean \"standard\"?"),
    ("- {user: shop, env: [a]}", "this is a list"), ("- {user: shop, env: {}}", "this is a mapping"),
    ("- {user: shop, env: {DB: passwort}}", "did you mean \"password\"?"),
    ("- {user: shop, env: {DB: uri.orders}}", "is no key of a user's Secret"),
    ("- {user: shop, env: {1DB: uri}}", "cannot begin the name of a variable"),
    ("- {user: shop, env: {SERVICE_BINDING_ROOT: uri}}", "names the folder of all connections"),
    ("- {user: shop, env: {BINDING_ROOT: uri}, prefix: SERVICE_}", "names the folder of all connections"),
    ("- {user: shop, env: {OOT: uri}, prefix: SERVICE_BINDING_R}", "names the folder of all connections"),
    (
      "- {user: shop, containers: [\((0...10_000).map { "c\($0)" }.joined(separator: ","))]}",
      "a connection may name 10000"
    ),
    ("- {user: shop, prefix: A-}", "cannot begin the name of a variable"),
    ("- {user: shop, name: Main}", "cannot be the name of a connection"),
    ("- {user: shop, name: ..}", "cannot be the name of a connection"),
    ("- {user: shop, name: a/b}", "cannot be the name of a connection"),
    ("- {user: shop, customer: ACME}", "cannot be a customer's name"),
    ("- {user: shop, containers: []}", "there is no container in it"),
    ("- {user: shop, containers: web}", "expected a list of containers' names"),
    ("- {user: shop, containers: [We b]}", "cannot be the name of a container"),
    ("- {user: shop, wait: yes}", "neither true nor false"),
    ("- {user: shop, restart: always}", "neither true nor false"),
    ("- {user: shop, restrat: true}", "did you mean \"restart\"?"),
    ("- shop\n- other", "two connections are called \"acme\""),
    (
      "- shop\n- {user: other, name: b}",
      "PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, "
        + "DATABASE_URL are variables of connection \"acme\", too; write prefix: B_, or env: none"
    ),
    ("- {user: a, env: service}\n- {user: b, name: 1-b, env: service}", "write prefix: _1_B_, or env: none"),
    ("- {user: a, env: {X: uri}}\n- {user: b, name: b, env: {X: uri}}", "X is a variable of connection \"acme\", too"),
    ("- {user: a, containers: [x]}\n- {user: b, name: b, containers: [y, x]}", "are variables of connection"),
    ("- [a]", "this is a list; expected a connection"), ("- {user: shop, user: b}", "comes more than once"),
    ("- 'a", "not valid YAML"),
    ("- {user: \"\(String(repeating: "x", count: 64))\"}", "Postgres names have at most 63"),
    ((1...33).map { "- {user: u\($0), name: n\($0), env: none}" }.joined(separator: "\n"), "a Pod may have 32"),
  ])
  func refuses(text: String, expected: String) {
    let messages = read(text).errors.map(\.message)
    #expect(messages.contains { $0.contains(expected) }, "\(messages)")
  }

  /// A short entry has no name and no variables of its own, so of several each but one is written as what it would have to be.
  @Test(
    arguments: [
      ("shop/orders, reader/archive", "{user: reader, database: archive, name: reader, prefix: READER_}"),
      ("- shop/orders\n- reader/archive", "{user: reader, database: archive, name: reader, prefix: READER_}"),
      ("shop reader", "{user: reader, name: reader, prefix: READER_}"),
      ("shop/orders, shop/archive", "{user: shop, database: archive, name: archive, prefix: ARCHIVE_}"),
      ("- {user: reader, name: shop}\n- shop/orders", "{user: shop, database: orders, name: orders, prefix: ORDERS_}"),
      ("shop, shop", "{user: shop, name: NAME, prefix: NAME_}"),
      ("shop, \u{e4}b", "{user: \"\u{e4}b\", name: NAME, prefix: NAME_}"),
      ("- {user: shop, name: shop}\n- 1reader", "{user: \"1reader\", name: 1reader, prefix: _1READER_}"),
    ])
  func aSecondShortEntryIsRefusedWithWhatToWrite(text: String, hint: String) {
    let messages = read(text).errors.map(\.message)
    #expect(messages.count == 1 && messages[0].contains("; write it in a list: - \(hint)"), "\(messages)")
    // What is told is taken.
    let first = text.split(separator: "\n").count > 1 ? String(text.split(separator: "\n")[0]) : "- shop/orders"
    let mended = hint.contains("NAME,") ? nil : "\(first)\n- \(hint)"
    if let mended { #expect(read(mended).errors.map(\.message) == []) }
  }

  @Test func everyErrorIsReportedAtOnceAndAPasswordIsNotShown() {
    let result = read("- {user: 's:hunter2', wait: maybe, env: x, prefix: '-'}\n- postgres://u:hunter2@h/d\n- {nam: x}")
    #expect(result.errors.count == 6, "\(result.errors.map(\.message))")
    #expect(!result.errors.dropFirst(3).contains { $0.message.contains("hunter2") })
    #expect(result.errors.allSatisfy { $0.field.hasPrefix("metadata.annotations[postern.io/connections]") })
  }

  @Test func aMissingAnnotationIsRefusedAndAMisspeltOneIsNamed() {
    #expect(read(nil).errors.first?.message.contains("alone does not say as whom") == true)
    #expect(
      read(nil, others: ["a/b", "postern.io/connection"]).errors.first?.message.contains("postern.io/connection?")
        == true)
    let label = read("shop", customer: "ACME").errors.first
    #expect(label?.field == "metadata.labels[postern.io/connect]")
  }

  @Test func theEnvironmentIsWhatIsAskedFor() throws {
    func names(_ text: String) throws -> [String] { try #require(read(text).connections.first).variables.map(\.name) }
    let standard = [
      "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE", "PGSSLROOTCERT", "DATABASE_URL",
    ]
    #expect(try names("shop") == standard)
    #expect(try names("- {user: shop, prefix: A_}") == standard.map { "A_\($0)" })
    #expect(try names("- {user: shop, env: service}") == ["PGSERVICEFILE", "PGSERVICE"])
    #expect(try names("- {user: shop, env: none}") == [])
    #expect(try names("- {user: shop, env: {Z: uri, A: port}}") == ["Z", "A"])
  }
}
