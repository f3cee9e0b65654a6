import DatabaseSpec
import Declarations
import Testing

/// `renamedFrom` of users and databases.
struct RenameTests {
  @Test func theOldNameIsKept() throws {
    let declaration = try accepts([
      "users": "- {name: shop, renamedFrom: store}\n- {name: other}",
      "databases": "- {name: orders, owner: shop, renamedFrom: 'old orders'}\n- {name: bills, owner: other}",
    ])
    #expect(declaration.spec.users.map(\.renamedFrom) == [try name("store"), nil])
    #expect(declaration.spec.databases.map(\.renamedFrom) == [try name("old orders"), nil])
  }

  /// A user may have the name that a database had.
  @Test func namesOfUsersAndOfDatabasesAreNotMixedUp() throws {
    try accepts([
      "users": "- {name: orders, renamedFrom: shop}", "databases": "- {name: shop, renamedFrom: orders}",
    ])
  }

  static let refusals: [Refusal] = [
    .users(
      "- {name: a, renamedFrom: a}",
      #"postern.io/users[0].renamedFrom (line 1, column 26): the user is called "a" now; write the name that it had, or remove renamedFrom"#
    ),
    .users(
      "- {name: a, renamedFrom: b}\n- {name: b, renamedFrom: c}",
      #"postern.io/users[0].renamedFrom (line 1, column 26): "b" is declared as well: a user that is renamed is declared by its new name alone; remove the entry of "b", or renamedFrom"#
    ),
    .users(
      "- {name: a, renamedFrom: b}\n- {name: b, ensure: absent}",
      #"postern.io/users[0].renamedFrom (line 1, column 26): "b" is declared as well: a user that is renamed is declared by its new name alone; remove the entry of "b", or renamedFrom"#
    ),
    .users(
      "- {name: a, renamedFrom: x}\n- {name: b, renamedFrom: x}",
      #"postern.io/users[1].renamedFrom (line 2, column 26): only one user can be renamed from "x": [0].renamedFrom (line 1) is; remove one of the two"#
    ),
    .users(
      "- {name: a, renamedFrom: postgres}",
      #"postern.io/users[0].renamedFrom (line 1, column 26): a user cannot be renamed from "postgres": "postgres" is the server's superuser; remove renamedFrom"#
    ),
    .users(
      "- {name: a, ensure: absent, renamedFrom: x}",
      "postern.io/users[0].renamedFrom (line 1, column 42): a user that is to be absent cannot have renamedFrom; remove renamedFrom, or write ensure: present"
    ),
    .users(
      "- {name: a, renamedFrom: [x]}",
      "postern.io/users[0].renamedFrom (line 1, column 26): this is a list; expected the name of a user"),
    .databases(
      "- {name: a, renamedFrom: b}\n- b",
      #"postern.io/databases[0].renamedFrom (line 1, column 26): "b" is declared as well: a database that is renamed is declared by its new name alone; remove the entry of "b", or renamedFrom"#
    ),
  ]

  @Test(arguments: refusals) func whatCannotBeRenamedIsRefused(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  @Test(arguments: ["pg_x", "public", "none"]) func reservedRolesAreNotRenamed(_ role: String) {
    #expect(
      parse(["users": "- {name: a, renamedFrom: \(role)}"]).errors.map(\.path) == ["[0].renamedFrom"])
  }

  @Test(arguments: ["postgres", "template0", "template1"]) func theServersDatabasesAreNotRenamed(_ database: String) {
    #expect(
      parse(["users": "shop", "databases": "- {name: a, renamedFrom: \(database)}"]).errors.map(\.path)
        == ["[0].renamedFrom"])
  }

  @Test func whatTheFlatFileDeclaresIsNotRenamed() throws {
    let declaration = try accepts([
      "users-from": "pg/users", "users": "- {name: new, renamedFrom: old}",
      "databases": "- {name: new_db, owner: new, renamedFrom: old_db}",
    ])
    let source = ObjectKey(name: "pg", key: "users")
    let clash = try #require(FlatFile.parse(Array("old:secret\n".utf8), source: source).file)
    let errors = declaration.adding(clash).errors.map(\.message)
    #expect(
      errors == [
        #"postern.io/databases[0].renamedFrom: "old_db" is declared as well, by line 1 of pg/users; remove one of them"#,
        #"postern.io/users[0].renamedFrom: "old" is declared as well, by line 1 of pg/users; remove one of them"#,
      ])
    let other = try #require(FlatFile.parse(Array("new:secret\n".utf8), source: source).file)
    #expect(declaration.adding(other).errors == [])
    #expect(declaration.adding(other).declaration?.spec.users.map(\.renamedFrom) == [try name("old")])
  }
}
