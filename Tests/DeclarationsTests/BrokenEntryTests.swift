import DatabaseSpec
import Declarations
import Testing

/// What is no YAML hides nothing but itself.
struct BrokenEntryTests {
  /// What is wrong in `postern.io/users` beside the quote: paths in order.
  @Test(arguments: [
    ("- name: shop\n  validUntil: 'x\n  connectionLimit: many", ["[0]", "[0].connectionLimit"]),
    (
      "- name: shop\n  connectionLimit: many\n  validUntil: \"x\n- name: b\n  ensur: absent",
      ["[0].connectionLimit", "[0]", "[1].ensur"]
    ),
    ("- name: shop\n  grants: {orders: read\n  memberOf: [nobody]", ["[0]", "[0].memberOf[0]"]),
    ("- name: shop\n  passwordFrom: {secret: 'a, key: b}\n  password: hunter2", ["[0]", "[0].password"]),
    ("  - name: shop\n    validUntil: 'x\n\n    # more\n    connectionLimit: many", ["[0]", "[0].connectionLimit"]),
    ("-\tname: shop\n  validUntil: 'x\n  connectionLimit: many", ["[0]"]),
    // Without its name, an entry says nothing.
    ("- name: 'shop\n  connectionLimit: many", ["[0]"]),
    ("- {name: shop, validUntil: 'x, connectionLimit: many}", ["[0]"]),
    ("- name: shop\n  ensure: 'absent\n  connectionLimit: many", ["[0]"]),
    ("- name: shop\n  validUntil: 'x\n  validUntil: y\n  connectionLimit: many", ["[0]"]),
  ])
  func theRestOfItsEntryIsReadWhereThatCanBeDoneWithout(yaml: String, paths: [String]) {
    let result = parse(["users": yaml])
    #expect(result.declaration == nil)
    #expect(
      Set(result.errors.map { $0.path.isEmpty ? "[0]" : $0.path }) == Set(paths), "\(result.errors.map(\.message))")
    #expect(!result.errors.contains { $0.message.contains("hunter2") })
    // A line may also end as on Windows, which is one character for Swift.
    let other = parse(["users": yaml.replacing("\n", with: "\r\n")])
    #expect(other.errors.map(\.message) == result.errors.map(\.message))
  }

  /// A character for Swift may be a separator and a mark that belongs to a name.
  @Test func aNameThatBeginsWithAMarkIsNotMissedInWhatIsUnread() {
    let errors = parse(["users": "- {name:\u{301}b, 'x}\n- c", "databases": "- {name: d, owner: \"\u{301}b\"}"]).errors
    #expect(errors.map(\.annotation) == ["postern.io/users"], "\(errors.map(\.message))")
  }

  @Test func linesAndColumnsAreThoseOfTheWhole() throws {
    let errors = parse(["users": "- a\n-   name: shop\n    validUntil: 'x\n    connectionLimit: many"]).errors
    let limit = try #require(errors.first { $0.path == "[1].connectionLimit" })
    #expect(limit.line == 4 && limit.column == 22)
    #expect(errors.first { $0.path == "[1]" }?.line.map { (3...4).contains($0) } == true, "\(errors.map(\.message))")
  }

  /// An owner that may be named in what is unread is not missed.
  @Test func nothingFollowsFromIt() {
    let result = parse([
      "users": "- name: shop\n  grants: {orders: 'owner}\n- name: other",
      "databases": "- name: orders\n- name: bills\n  scripts: [{name: 1, sql: 'x}]\n  owner: shop\n  encodin: UTF8",
    ])
    #expect(
      result.errors.map { "\($0.annotation)\($0.path)" }.sorted() == [
        "postern.io/databases[1]", "postern.io/databases[1].encodin", "postern.io/users[0]",
      ], "\(result.errors.map(\.message))")
  }
}
