import Testing

/// An error that is put into a valid declaration, and all messages that it must cause. Whatever other errors are put in
/// besides, the messages stay the same.
struct PlantedFault: CustomTestStringConvertible, Sendable {
  /// The part of the declaration that contains it; no other error is put there.
  enum Part: Int, CaseIterable {
    case label, setting, otherSetting, shop, analyst, reporter, former, moreUsers, orders, billing, scripts,
      moreDatabases
  }

  var part: Part
  /// Changes the declaration.
  var plant: @Sendable (inout SoundDeclaration) -> Void
  /// A part of each message.
  var errors: [String] = []
  var warnings: [String] = []

  var testDescription: String { (errors + warnings).joined(separator: ", ") }

  init(
    _ part: Part, errors: [String] = [], warnings: [String] = [],
    _ plant: @escaping @Sendable (inout SoundDeclaration) -> Void
  ) {
    (self.part, self.plant, self.errors, self.warnings) = (part, plant, errors, warnings)
  }
}

/// A valid declaration, in parts that errors are put into.
struct SoundDeclaration {
  var customer = "acme"
  var settings: Annotations = ["admin-secret": "acme-admin", "removed-users": "lock"]
  /// Each is the text of an entry in flow style, without its braces.
  var shop = "name: shop"
  var analyst = "name: analyst, grants: {orders: read}, memberOf: [reporter]"
  var reporter = "name: reporter, connectionLimit: 5, passwordFrom: {secret: login, key: password}"
  var former = "name: former, ensure: absent"
  var moreUsers: [String] = []
  var orders = "name: orders, owner: shop, schemas: [audit], extensions: [{name: citext, schema: audit}]"
  var billing = "name: billing, owner: analyst"
  var scripts = ["name: 001, sql: SELECT 1"]
  var moreDatabases: [String] = []
  /// The keys of the lists.
  var usersKey = "users"
  var databasesKey = "databases"

  var annotations: Annotations {
    func list(_ entries: [String]) -> String {
      entries.map { $0.hasPrefix("=") ? "- \($0.dropFirst())\n" : "- {\($0)}\n" }.joined()
    }
    var all = settings
    all[usersKey] = list([shop, analyst, reporter, former] + moreUsers)
    let scripts = scripts.isEmpty ? "" : ", scripts: [\(scripts.map { "{\($0)}" }.joined(separator: ", "))]"
    all[databasesKey] = list([orders, billing + scripts] + moreDatabases)
    return all
  }
}

extension PlantedFault {
  static let all: [Self] = [
    Self(.label, errors: ["cannot be a customer's name"]) { $0.customer = "Acme" },
    Self(.setting, errors: ["postern.io/admin-secret: this cannot be"]) { $0.settings["admin-secret"] = "Admin" },
    Self(.setting, errors: ["postern.io/admin-secret: this is empty"]) { $0.settings["admin-secret"] = " " },
    Self(.setting, errors: ["postern.io/admin-secrt: unknown annotation"]) {
      $0.settings["admin-secrt"] = $0.settings.removeValue(forKey: "admin-secret")
    },
    Self(.setting, errors: ["postern.io/port: \"0\" is no port"]) { $0.settings["port"] = "0" },
    Self(.setting, errors: ["postern.io/host: \"a..b\" is no host"]) { $0.settings["host"] = "a..b" },
    Self(.setting, errors: ["postern.io/inject: \"no\" is neither"]) { $0.settings["inject"] = "no" },
    Self(.setting, errors: ["the customer is a label"]) { $0.settings["customer"] = "acme" },
    Self(.otherSetting, errors: ["\"drp\" is not one of lock, drop, keep"]) { $0.settings["removed-users"] = "drp" },
    Self(.otherSetting, errors: ["postern.io/tables: unknown annotation"]) { $0.settings["tables"] = "x" },
    Self(.otherSetting, errors: ["postern.io/user: unknown annotation"]) { $0.usersKey = "user" },
    Self(.otherSetting, errors: ["postern.io/database: unknown annotation"]) { $0.databasesKey = "database" },

    Self(.shop, errors: ["unknown key \"nam\" in a user"]) { $0.shop = "nam: shop" },
    Self(.shop, errors: ["unknown key \"user\" in a user", "a user has no name"]) { $0.shop = "user: shop" },
    Self(.shop, errors: ["\"abesnt\" is not one of"]) { $0.shop += ", ensure: abesnt" },
    Self(.shop, errors: ["a password cannot stand in an annotation"]) { $0.shop += ", password: x" },
    Self(.shop, errors: ["this is a list; expected the name of a user"]) { $0.shop = "name: [shop]" },
    Self(.shop, errors: ["\"x\" is no connection limit"]) { $0.shop += ", connectionLimit: x" },
    Self(.shop, warnings: ["it makes the server write all changes"]) { $0.shop += ", memberOf: [pg_checkpoint]" },

    Self(.analyst, errors: ["no database \"ordrs\" is declared"]) {
      $0.analyst = "name: analyst, grants: {ordrs: read}"
    },
    Self(.analyst, errors: ["\"raed\" is not one of owner, write, read"]) {
      $0.analyst = "name: analyst, grants: {orders: raed}"
    },
    Self(.analyst, errors: ["expected a mapping from database"]) { $0.analyst = "name: analyst, grants: [orders]" },
    Self(.analyst, errors: ["no user \"ghost\" is declared"]) { $0.analyst = "name: analyst, memberOf: [ghost]" },
    Self(.analyst, errors: ["\"former\" cannot have members"]) { $0.analyst = "name: analyst, memberOf: [former]" },
    Self(.analyst, errors: ["no user can be a member of \"pg_read_server_files\""]) {
      $0.analyst = "name: analyst, memberOf: [pg_read_server_files]"
    },
    Self(.analyst, errors: ["this is a single value; expected a list of roles"]) {
      $0.analyst = "name: analyst, memberOf: reporter"
    },
    Self(.analyst, warnings: ["it ends the queries and sessions"]) {
      $0.analyst = "name: analyst, memberOf: [pg_signal_backend]"
    },

    Self(.reporter, errors: ["is no time on the calendar"]) { $0.reporter += ", validUntil: tomorrow" },
    Self(.reporter, errors: ["\"key\" is missing"]) { $0.reporter = "name: reporter, passwordFrom: {secret: login}" },
    Self(.reporter, errors: ["unknown key \"limit\" in a user"]) { $0.reporter += ", limit: 5" },
    Self(.reporter, errors: ["unknown key \"memberof\" in a user", "no user \"ghost\" is declared"]) {
      $0.reporter += ", memberof: [ghost]"
    },

    Self(.former, errors: ["a user that is to be absent cannot have grants"]) {
      $0.former += ", grants: {orders: read}"
    },
    Self(.former, warnings: ["connectionLimit has no effect on a user that is to be absent"]) {
      $0.former += ", connectionLimit: 1"
    },
    Self(.former, errors: ["a user that is to be absent cannot have memberOf", "no user \"ghost\" is declared"]) {
      $0.former += ", memberOf: [ghost]"
    },

    Self(.moreUsers, errors: ["no user can be called \"postgres\""]) { $0.moreUsers.append("name: postgres") },
    Self(.moreUsers, errors: ["user \"reporter\" is declared twice"]) { $0.moreUsers.append("name: reporter") },
    Self(.moreUsers, errors: ["an entry is empty"]) { $0.moreUsers.append("=~") },
    Self(.moreUsers, errors: ["this is a list; expected a user"]) { $0.moreUsers.append("=[late]") },
    Self(.moreUsers, errors: ["an entry holds a colon"]) { $0.moreUsers.append("=late:hunter2") },
    Self(.moreUsers, errors: ["the name of a user is 64 bytes long"]) {
      $0.moreUsers.append("=" + String(repeating: "a", count: 64))
    },
    Self(.moreUsers, errors: ["no database \"nowhere\" is declared", "a user has no name"]) {
      $0.moreUsers.append("grants: {nowhere: read}")
    },
    Self(.moreUsers, warnings: ["\"all\" is a keyword in pg_hba.conf"]) { $0.moreUsers.append("name: all") },
    Self(.moreUsers, errors: ["these users are members of each other"]) {
      $0.moreUsers.append("name: narcissus, memberOf: [narcissus]")
    },

    Self(.orders, errors: ["no user \"shpo\" is declared"]) { $0.orders = "name: orders, owner: shpo" },
    Self(.orders, errors: ["unknown key \"ownr\" in a database"]) { $0.orders = "name: orders, ownr: shop" },
    Self(.orders, errors: ["this is empty; expected the name of a user"]) { $0.orders = "name: orders, owner: " },
    Self(.orders, errors: ["\"UTF-9\" is no encoding"]) { $0.orders += ", encoding: UTF-9" },
    Self(.orders, errors: ["cannot be the template"]) { $0.orders += ", template: template1" },
    Self(.orders, errors: ["no user \"shopp\" is declared"]) {
      $0.orders = "name: orders, owner: shop, schemas: [{name: audit, owner: shopp}]"
    },
    Self(.orders, errors: ["the schema \"pg_x\" cannot be declared"]) {
      $0.orders = "name: orders, owner: shop, schemas: [pg_x], extensions: [{name: citext, schema: pg_x}]"
    },
    Self(.orders, warnings: ["the schema \"audit\" is not declared in this database"]) {
      $0.orders = "name: orders, owner: shop, extensions: [{name: citext, schema: audit}]"
    },
    Self(.orders, errors: ["extension \"citext\" is declared twice"]) {
      $0.orders = "name: orders, owner: shop, extensions: [citext, citext]"
    },
    Self(.orders, errors: ["this is a single value; expected a list of extensions"]) {
      $0.orders = "name: orders, owner: shop, extensions: citext"
    },

    Self(.billing, errors: ["\"billing\" has no owner"]) { $0.billing = "name: billing" },
    Self(.billing, errors: ["\"former\" cannot own a database"]) { $0.billing = "name: billing, owner: former" },
    Self(.billing, errors: ["\"pg_monitor\" cannot own a database"]) {
      $0.billing = "name: billing, owner: pg_monitor"
    },
    Self(.billing, errors: ["unknown key \"nme\" in a database"]) { $0.billing = "nme: billing, owner: analyst" },

    Self(.scripts, errors: ["a script has no name"]) { $0.scripts = ["sql: SELECT 1"] },
    Self(.scripts, errors: ["a script has no content"]) { $0.scripts = ["name: 001"] },
    Self(.scripts, errors: ["unknown key \"sqll\" in a script"]) { $0.scripts = ["name: 001, sqll: SELECT 1"] },
    Self(.scripts, errors: ["a script has sql and secret", ".scripts[0].secret.name ("]) {
      $0.scripts = ["name: 001, sql: SELECT 1, secret: {name: S, key: k}"]
    },
    Self(.scripts, errors: ["script \"001\" is declared twice"]) { $0.scripts.append("name: 001, sql: SELECT 2") },
    Self(.scripts, errors: ["\"always\" is not one of", "\"yes\" is neither", "\"8d\" is no timeout"]) {
      $0.scripts = ["name: 001, sql: SELECT 1, rerun: always, transaction: yes, timeout: 8d"]
    },
    Self(.scripts, errors: ["the script is empty"]) { $0.scripts = ["name: 001, sql: ' '"] },

    Self(.moreDatabases, errors: ["this database cannot be declared"]) {
      $0.moreDatabases.append("name: template1, owner: shop")
    },
    Self(.moreDatabases, errors: ["database \"orders\" is declared twice"]) { $0.moreDatabases.append("name: orders") },
    Self(.moreDatabases, errors: ["no user \"nobody\" is declared", "a database has no name"]) {
      $0.moreDatabases.append("owner: nobody")
    },
    Self(.moreDatabases, errors: ["\"rival\" cannot own \"extra\""]) {
      $0.moreDatabases.append("name: extra, owner: shop")
      $0.moreUsers.append("name: rival, grants: {extra: owner}")
    },
    Self(.moreDatabases, warnings: ["\"keeper\" owns the database \"extra\""]) {
      $0.moreDatabases.append("name: extra, owner: keeper")
      $0.moreUsers.append("name: keeper, grants: {extra: read}")
    },
    Self(.moreDatabases, errors: ["the key \"name\" comes more than once"]) {
      $0.moreDatabases.append("name: late, name: later")
    },
    Self(.moreDatabases, errors: ["postern.io/databases[2] (line"]) { $0.moreDatabases.append("=\"late") },
  ]
}
