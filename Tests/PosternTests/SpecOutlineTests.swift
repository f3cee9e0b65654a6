import DatabaseSpec
import Declarations
import OpenSSL
import Testing
import TextEncoding

@testable import postern

/// Whether what is declared now is what the controller has written.
@Suite struct SpecOutlineTests {
  private static let shop = "[{name: shop}, {name: analyst, grants: {orders: read}}]"
  private static let orders = """
    [{name: orders, owner: shop, scripts: [{name: a, sql: SELECT 1}, {name: b, sql: SELECT 2}]}, {name: crm, owner: shop}]
    """

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var users = SpecOutlineTests.shop
    var databases = SpecOutlineTests.orders
    var removed: String?
    var flatFile: String?
    var isWritten = false
  }

  private static func orders(_ from: String, _ to: String) -> String { orders.replacing(from, with: to) }

  @Test(arguments: [
    Case(testDescription: "the same", isWritten: true),
    Case(
      testDescription: "the same in another order", users: "[{name: analyst, grants: {orders: read}}, {name: shop}]",
      isWritten: true),
    Case(testDescription: "a user more", users: shop.replacing("]", with: ", {name: new}]")),
    Case(testDescription: "a user less", users: "[{name: shop}]"),
    Case(testDescription: "a grant", users: shop.replacing("read", with: "write")),
    Case(testDescription: "a limit", users: shop.replacing("{name: shop}", with: "{name: shop, connectionLimit: 3}")),
    Case(
      testDescription: "a turning password", users: shop.replacing("{name: shop}", with: "{name: shop, rotate: 30d}")),
    Case(testDescription: "a database more", databases: orders("{name: crm", "{name: new, owner: shop}, {name: crm")),
    Case(testDescription: "an extension", databases: orders("{name: crm,", "{name: crm, extensions: [pgcrypto],")),
    Case(testDescription: "another owner", databases: orders("crm, owner: shop", "crm, owner: analyst")),
    Case(testDescription: "a script's text", databases: orders("SELECT 2", "SELECT 3")),
    Case(testDescription: "a script's name", databases: orders("name: b", "name: c")),
    Case(testDescription: "a script less", databases: orders(", {name: b, sql: SELECT 2}", "")),
    Case(testDescription: "a script that is run again", databases: orders("name: b,", "name: b, rerun: on-change,")),
    Case(testDescription: "a script's time", databases: orders("name: b,", "name: b, timeout: 5,")),
    Case(
      testDescription: "a script's text from elsewhere",
      databases: orders("sql: SELECT 2", "configMap: {name: x, key: y}"),
      isWritten: true),
    Case(testDescription: "what becomes of removed users", removed: "drop"),
    Case(testDescription: "a flat file that adds nothing", flatFile: "x/y", isWritten: true),
    Case(testDescription: "a flat file that adds users", users: "[{name: shop}]", flatFile: "x/y", isWritten: true),
    Case(testDescription: "a flat file, and a user more", users: "[{name: shop}, {name: new}]", flatFile: "x/y"),
  ]) func aChangeIsSeen(_ theCase: Case) throws {
    let written = try Self.spec(users: Self.shop, databases: Self.orders).placed
    let now = try Self.spec(
      users: theCase.users, databases: theCase.databases, removed: theCase.removed, flatFile: theCase.flatFile)
    let outline = SpecOutline(now, isOpen: theCase.flatFile != nil)
    #expect(outline.isWritten(in: SpecOutline(written)) == theCase.isWritten)
  }

  /// The controller keeps `rotate` as long as the second login is in use.
  @Test func aTurnThatIsNoLongerDeclaredMayStillBeWritten() throws {
    let before = try Self.spec(users: "[{name: shop, rotate: 30d}, {name: analyst}]", databases: Self.orders).placed
    let now = try Self.spec(users: "[{name: shop}, {name: analyst}]", databases: Self.orders)
    #expect(SpecOutline(now).isWritten(in: SpecOutline(before)))
  }

  /// The user owns its database of the flat file, which the annotations do not say.
  @Test func aGrantThatTheFlatFileMakesNeedlessIsNotMissed() throws {
    var written = try Self.spec(users: Self.shop, databases: Self.orders)
    var now = written
    written.users[0].grants = []
    now.users[0].grants = [Grant(database: try PostgresName("shop_db"), level: .read)]
    #expect(SpecOutline(now, isOpen: true).isWritten(in: SpecOutline(written)))
  }

  private static func spec(
    users: String, databases: String, removed: String? = nil, flatFile: String? = nil
  ) throws -> InstanceSpec {
    var annotations = ["postern.io/users": users, "postern.io/databases": databases]
    annotations["postern.io/removed-users"] = removed
    annotations["postern.io/users-from"] = flatFile
    let result = Declaration.parse(customer: "acme", annotations: annotations)
    return try #require(result.declaration, "\(result.errors)").spec
  }
}

extension InstanceSpec {
  /// As the controller writes it: with the scripts' texts in files.
  fileprivate var placed: InstanceSpec {
    var spec = self
    for database in spec.databases.indices {
      for script in spec.databases[database].scripts.indices {
        guard case .inline(let sql) = spec.databases[database].scripts[script].content else { continue }
        let hash = Hex.encoded(Digest.sha256(Array(sql.utf8)))
        spec.databases[database].scripts[script].content = .file(name: "script-\(hash).sql", sha256: hash)
      }
    }
    return spec
  }
}
