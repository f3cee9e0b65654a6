/// The name of a role, database, schema or extension: 1 to 63 bytes of UTF-8, no NUL (PostgreSQL docs §4.1.1:
/// NAMEDATALEN - 1; the server truncates a longer one, which then never compares equal).
///
/// Names are compared and ordered by their bytes, as the server does; Swift's `==` on strings treats canonically
/// equivalent strings as equal.
package struct PostgresName: Hashable, Comparable, Sendable {
  /// The most bytes in a name.
  package static let maximumBytes = 63

  /// The name itself, unquoted.
  package let text: String

  /// Checks that the server accepts the name.
  package init(_ text: String) throws(PostgresNameError) {
    guard !text.utf8.isEmpty else { throw .empty }
    guard !text.utf8.contains(0) else { throw .containsNUL }
    guard text.utf8.count <= Self.maximumBytes else { throw .tooLong(bytes: text.utf8.count) }
    self.text = text
  }

  /// Whether both have the same bytes.
  package static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// The order of the bytes.
  package static func < (left: Self, right: Self) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  /// Hashes the bytes.
  package func hash(into hasher: inout Hasher) {
    unsafe text.utf8Span.span.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }
}

/// Why a text cannot be a name in Postgres.
package enum PostgresNameError: Error, Equatable, Sendable {
  case empty
  case containsNUL
  case tooLong(bytes: Int)

  /// One clause for people, such as `is 70 bytes long; Postgres names have at most 63`.
  package var message: String {
    switch self {
    case .empty: "is empty"
    case .containsNUL: "holds a NUL byte, which no Postgres name may"
    case .tooLong(let bytes): "is \(bytes) bytes long; Postgres names have at most \(PostgresName.maximumBytes)"
    }
  }
}

extension PostgresName {
  /// Why no role of this name can be declared (PostgreSQL docs, CREATE ROLE; src: `IsReservedName`); nil where it can.
  package var reservedAsRole: String? {
    if text.utf8.starts(with: "pg_".utf8) { return "names that begin with pg_ are the server's own roles" }
    switch text {
    case "public": return "\"public\" stands for every role"
    case "none": return "\"none\" stands for no role"
    case "postgres": return "\"postgres\" is the server's superuser"
    default: return nil
    }
  }

  /// Why no database of this name can be declared; nil where it can.
  package var reservedAsDatabase: String? {
    switch text {
    case "postgres", "template0", "template1": "\"\(text)\" is the server's own database"
    default: nil
    }
  }

  /// Whether `pg_hba.conf` reads this name as a keyword if it is not quoted there (PostgreSQL docs §21.1).
  package var isHBAKeyword: Bool {
    ["all", "replication", "sameuser", "samerole", "samegroup"].contains(text)
  }
}
