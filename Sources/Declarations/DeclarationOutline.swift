import Contract
package import DatabaseSpec

/// What could be read of a declaration that is not sound: for what is to be told beside its errors, and does not follow from
/// them.
package struct DeclarationOutline: Equatable, Sendable {
  /// What could be read. A database that nothing says the owner of is not in it, nor is what has no name.
  package var declaration: Declaration
  /// The entries of users and databases, by their name.
  package private(set) var users: [PostgresName: Int] = [:]
  package private(set) var databases: [PostgresName: Int] = [:]
  private let doubtfulUsers: Doubts
  private let doubtfulDatabases: Doubts
  /// The annotations, and the entries of lists, in which something is wrong: `postern.io/users[2]`.
  private var wrong: Set<String> = []

  init(
    _ declaration: Declaration, _ users: DeclaredList<DeclaredUser>, _ databases: DeclaredList<DeclaredDatabase>,
    _ reader: DeclarationReader
  ) {
    self.declaration = declaration
    doubtfulUsers = users.doubts
    doubtfulDatabases = databases.doubts
    for case let name? in users.elements.lazy.map(\.name) { self.users[name.value] = name.place.entry }
    for case let name? in databases.elements.lazy.map(\.name) { self.databases[name.value] = name.place.entry }
    let meant = Dictionary(reader.misspelt.map { ($1, $0) }) { first, _ in first }
    for error in reader.problems.errors {
      let entry = Place(annotation: error.annotation, path: error.path).entry.map { "[\($0)]" } ?? ""
      wrong.insert((meant[error.annotation] ?? error.annotation) + entry)
    }
  }

  /// Whether an annotation of one word, of this key, is there and cannot be read.
  package func isWrong(_ key: String) -> Bool { wrong.contains(key) }

  /// Whether something is wrong in the entry of this user.
  package func isWrong(user: PostgresName) -> Bool {
    users[user].map { wrong.contains("\(AnnotationKey.users)[\($0)]") } ?? true
  }

  /// Whether something is wrong in the entry of this database.
  package func isWrong(database: PostgresName) -> Bool {
    databases[database].map { wrong.contains("\(AnnotationKey.databases)[\($0)]") } ?? true
  }

  /// Whether this user is declared, or may be, in an entry whose name could not be read.
  package func mayDeclare(user: PostgresName) -> Bool {
    users[user] != nil || doubtfulUsers.entries > 0
  }

  /// Whether this database is declared, or may be, in an entry whose name could not be read.
  package func mayDeclare(database: PostgresName) -> Bool {
    databases[database] != nil || doubtfulDatabases.entries > 0
  }
}

extension Place {
  /// The entry of a list that it is in: 2 of `[2].name`.
  fileprivate var entry: Int? {
    guard path.utf8.first == UInt8(ascii: "[") else { return nil }
    return Int(path.dropFirst().prefix { $0 != "]" })
  }
}
