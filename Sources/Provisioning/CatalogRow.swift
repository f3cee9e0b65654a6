package import DatabaseSpec

/// One row of a query's result. Its columns are read in the order of the SELECT, one call for each.
package struct CatalogRow {
  private let columnCount: Int
  private let value: (Int) -> String?
  private var column = 0

  /// A row of `columnCount` columns; `value` returns each in text form, or nil for NULL.
  package init(columnCount: Int, value: @escaping (Int) -> String?) {
    self.columnCount = columnCount
    self.value = value
  }

  /// The next column, which may be NULL.
  package mutating func optionalText() throws(CatalogMismatch) -> String? {
    guard column < columnCount else {
      throw CatalogMismatch(column: column + 1, reason: "the answer has no such column")
    }
    defer { column += 1 }
    return value(column)
  }

  /// The next column, as `parse` reads it; NULL gives nil.
  /// - Parameter expected: what the column must contain, for the error.
  package mutating func optional<Value>(
    _ expected: StaticString, _ parse: (String) -> Value?
  ) throws(CatalogMismatch) -> Value? {
    guard let text = try optionalText() else { return nil }
    guard let value = parse(text) else {
      throw CatalogMismatch(column: column, reason: "expected \(expected)")
    }
    return value
  }

  /// The next column, as `parse` reads it.
  package mutating func value<Value>(
    _ expected: StaticString, _ parse: (String) -> Value?
  ) throws(CatalogMismatch) -> Value {
    guard let value = try optional(expected, parse) else {
      throw CatalogMismatch(column: column, reason: "expected \(expected), found NULL")
    }
    return value
  }

  /// The next column, a text.
  package mutating func text() throws(CatalogMismatch) -> String { try value("a text") { $0 } }

  /// The next column, a name.
  package mutating func name() throws(CatalogMismatch) -> PostgresName { try value("a name", Self.name) }

  /// The next column, a name or NULL.
  package mutating func optionalName() throws(CatalogMismatch) -> PostgresName? { try optional("a name", Self.name) }

  /// The next column, a number.
  package mutating func integer() throws(CatalogMismatch) -> Int { try value("a number") { Int($0) } }

  /// The next column, an OID.
  package mutating func oid() throws(CatalogMismatch) -> UInt32 { try value("an OID") { UInt32($0) } }

  /// The next column, a boolean.
  package mutating func isTrue() throws(CatalogMismatch) -> Bool { try value("a boolean", Self.boolean) }

  /// The next column, a boolean or NULL.
  package mutating func optionalIsTrue() throws(CatalogMismatch) -> Bool? { try optional("a boolean", Self.boolean) }

  /// Refuses a row if not every column has been read.
  func checkIsRead() throws(CatalogMismatch) {
    guard column == columnCount else {
      throw CatalogMismatch(column: column + 1, reason: "the answer has \(columnCount) columns, \(column) are read")
    }
  }

  private static func boolean(_ text: String) -> Bool? {
    guard text.utf8.count == 1 else { return nil }
    return switch text.utf8.first {
    case UInt8(ascii: "t"): true
    case UInt8(ascii: "f"): false
    default: nil
    }
  }

  /// A name that is not UTF-8 has another character for each byte that is none, which may make it longer than a name is.
  /// It is nobody's who is declared.
  private static func name(_ text: String) -> PostgresName? {
    var text = text
    while text.utf8.count > PostgresName.maximumBytes, text.unicodeScalars.contains("\u{FFFD}") {
      text.unicodeScalars.removeLast()
    }
    do throws(PostgresNameError) { return try PostgresName(text) } catch { return nil }
  }
}

/// A column that does not contain what the query's reader expects. It does not contain the value, which may be a
/// verifier.
package struct CatalogMismatch: Error, Equatable, Sendable {
  /// The column, from 1.
  package var column: Int
  /// What is wrong with it.
  package var reason: String
}
