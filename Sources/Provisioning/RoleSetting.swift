package import DatabaseSpec

/// A parameter that is set for a role (PostgreSQL docs §53.16, `pg_db_role_setting`).
package struct RoleSetting: Hashable, Sendable {
  /// The database in which it is valid; nil for all.
  package var database: PostgresName?
  /// The parameter's name.
  package var name: String
  /// Its value, as the server stores it.
  package var value: String

  /// A setting with these values.
  package init(database: PostgresName? = nil, name: String, value: String) {
    self.database = database
    self.name = name
    self.value = value
  }

  /// Whether both have the same bytes.
  package static func == (left: Self, right: Self) -> Bool {
    left.database == right.database && left.name.utf8.elementsEqual(right.name.utf8)
      && left.value.utf8.elementsEqual(right.value.utf8)
  }

  /// Hashes the bytes.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(database)
    for byte in name.utf8 { hasher.combine(byte) }
    for byte in value.utf8 { hasher.combine(byte) }
  }

  /// Whether it is this parameter. Postgres's parameters are told apart without regard to the case of ASCII letters.
  func isOf(_ parameter: String) -> Bool {
    name.utf8.lazy.map(Self.lowercase).elementsEqual(parameter.utf8.lazy.map(Self.lowercase))
  }

  /// Whether both set the same parameter at the same place.
  func isInPlace(of other: Self) -> Bool { database == other.database && isOf(other.name) }

  private static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }
}

extension RoleSetting {
  /// Parameters that hold a list of names, each of which the server quotes by itself (src: `guc_tables.c`,
  /// GUC_LIST_QUOTE; those of them that a role can have).
  private static let lists = [
    "search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries",
  ]

  /// Sets it for a role.
  func set(for role: PostgresName) -> String {
    let values = isList ? elements.map { SQLText.literal($0) } : [SQLText.literal(value)]
    return "\(alter(role)) SET \(parameter) = \(values.isEmpty ? "''" : values.joined(separator: ", "))"
  }

  /// Takes it from a role.
  func reset(for role: PostgresName) -> String { "\(alter(role)) RESET \(parameter)" }

  /// Whether both mean the same at the same place. The server may store one list in two spellings.
  func means(_ other: Self) -> Bool {
    guard isInPlace(of: other) else { return false }
    guard isList else { return value.utf8.elementsEqual(other.value.utf8) }
    let (left, right) = (elements, other.elements)
    return left.count == right.count && zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }

  private var isList: Bool { Self.lists.contains { isOf($0) } }

  /// The names of a list, as the server splits it (src: `SplitIdentifierString`). Nothing that a tenant has stored there
  /// gets into a statement but as a literal.
  private var elements: [String] {
    var elements: [[UInt8]] = []
    var (element, isQuoted, wasQuoted) = ([UInt8](), false, false)
    func finished() -> [UInt8]? { element.isEmpty && !wasQuoted ? nil : element }
    for byte in value.utf8 {
      if isQuoted {
        if byte == UInt8(ascii: "\"") { isQuoted = false } else { element.append(byte) }
      } else if byte == UInt8(ascii: "\"") {
        // A quote after the end of a quoted name stands for a quote in it.
        if wasQuoted { element.append(byte) }
        (isQuoted, wasQuoted) = (true, true)
      } else if byte == UInt8(ascii: ",") {
        if let done = finished() { elements.append(done) }
        (element, wasQuoted) = ([], false)
      } else if byte != 0x20, !(0x09...0x0D).contains(byte) {
        element.append(Self.lowercase(byte))
      }
    }
    if let done = finished() { elements.append(done) }
    // One empty name is how an empty list is stored.
    return elements.count == 1 && elements[0].isEmpty ? [] : elements.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The name, each part of it quoted.
  private var parameter: String {
    name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { SQLText.identifier(text: String(decoding: $0, as: UTF8.self)) }.joined(separator: ".")
  }

  private func alter(_ role: PostgresName) -> String {
    "ALTER ROLE \(id(role))" + (database.map { " IN DATABASE \(id($0))" } ?? "")
  }
}
