import Contract
package import DatabaseSpec

/// The part of a declaration with errors that could be read. It is used for further messages that do not follow from
/// the errors.
package struct DeclarationOutline: Equatable, Sendable {
  /// The part that could be read, without databases that have no declared owner, and without entries that have no name.
  package var declaration: Declaration
  /// The index of each user's and database's entry, by its name.
  package private(set) var users: [PostgresName: Int] = [:]
  package private(set) var databases: [PostgresName: Int] = [:]
  private let doubtfulUsers: Doubts
  private let doubtfulDatabases: Doubts
  /// The annotations and entries that contain an error: `postern.io/users[2]`.
  private var wrong: Set<String> = []

  init(
    _ declaration: Declaration, _ users: DeclaredList<DeclaredUser>, _ databases: DeclaredList<DeclaredDatabase>,
    _ reader: DeclarationReader
  ) {
    self.declaration = declaration
    doubtfulUsers = users.doubts
    doubtfulDatabases = databases.doubts
    for case let name? in users.elements.lazy.map(\.name) {
      self.users[name.value] = Self.entry(of: name.place.path.text)
    }
    for case let name? in databases.elements.lazy.map(\.name) {
      self.databases[name.value] = Self.entry(of: name.place.path.text)
    }
    let meant = Dictionary(reader.misspelt.map { ($1, $0) }) { first, _ in first }
    for error in reader.problems.errors {
      let entry = Self.entry(of: error.path).map { "[\($0)]" } ?? ""
      wrong.insert((meant[error.annotation] ?? error.annotation) + entry)
    }
  }

  /// The index of the list's entry that a path leads into: 2 of `[2].name`.
  private static func entry(of path: String) -> Int? {
    guard path.utf8.first == UInt8(ascii: "[") else { return nil }
    return Int(path.dropFirst().prefix { $0 != "]" })
  }

  /// Whether the one-word annotation with this key exists and cannot be read.
  package func isWrong(_ key: String) -> Bool { wrong.contains(key) }

  /// Whether this user's entry contains an error.
  package func isWrong(user: PostgresName) -> Bool {
    users[user].map { wrong.contains("\(AnnotationKey.users)[\($0)]") } ?? true
  }

  /// Whether this database's entry contains an error.
  package func isWrong(database: PostgresName) -> Bool {
    databases[database].map { wrong.contains("\(AnnotationKey.databases)[\($0)]") } ?? true
  }

  /// Whether every database could be read.
  package var hasAllDatabases: Bool {
    doubtfulDatabases.entries == 0 && !wrong.contains { $0.utf8.starts(with: AnnotationKey.databases.utf8) }
  }

  /// Whether this user is declared, or may be in an entry whose name could not be read.
  package func mayDeclare(user: PostgresName) -> Bool {
    users[user] != nil || doubtfulUsers.entries > 0
  }

  /// Whether this database is declared, or may be in an entry whose name could not be read.
  package func mayDeclare(database: PostgresName) -> Bool {
    databases[database] != nil || doubtfulDatabases.entries > 0
  }

  /// Whether this user is declared, or its name occurs in what could not be read. Then references to it are not errors.
  package func names(user: PostgresName) -> Bool {
    users[user] != nil || doubtfulUsers.isAnyName || doubtfulUsers.cover(user)
  }

  /// The same for a database.
  package func names(database: PostgresName) -> Bool {
    databases[database] != nil || doubtfulDatabases.isAnyName || doubtfulDatabases.cover(database)
  }
}
