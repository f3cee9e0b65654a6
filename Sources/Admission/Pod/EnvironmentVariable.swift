import Declarations
import JSONBytes
import KubernetesAPI

/// Where a variable's value comes from.
enum EnvironmentValue {
  /// The text is in the Pod. If it is a password, it is never copied.
  case literal(String)
  case reference(ObjectReference)
  /// `valueFrom` of another kind, such as a field of the Pod, as JSON.
  case computed([UInt8])

}

/// A key of a Secret or ConfigMap in the Pod's namespace.
struct ObjectReference: Equatable {
  enum Kind: String {
    case secret
    case configMap
  }

  var kind: Kind
  var name = ""
  var key = ""
  var isOptional = false
}

/// A member of `env`.
struct EnvironmentVariable {
  let name: String
  private(set) var value = EnvironmentValue.literal("")

  /// Whether its name is this one with this suffix.
  func isNamed(_ name: String, suffix: String) -> Bool {
    let (own, count) = (self.name.utf8, name.utf8.count)
    guard own.count == count + suffix.utf8.count else { return false }
    return suffix.isEmpty ? self.name == name : self.name.hasPrefix(name) && self.name.hasSuffix(suffix)
  }

  /// One that a Postgres image reads; nil for any other.
  /// - Parameter knowsDatabase: set where any variable says where a database is.
  init?(_ reader: inout JSONReader, knowsDatabase: inout Bool) throws(JSONError) {
    var tells = false
    defer { knowsDatabase = knowsDatabase || tells }
    try self.init(&reader) { reader, name, value in
      tells = Self.tellsDatabase(name, value, in: reader)
      return reader.starts(name, with: "POSTGRES") || reader.starts(name, with: "PG")
        || reader.starts(name, with: "PATRONI_") || reader.matches(name, "ALLOW_EMPTY_PASSWORD")
    }
  }

  /// How applications call the address of a database: `DATABASE_URL`, `DB_HOST`, `KC_DB_URL`, `SPRING_DATASOURCE_URL`.
  private static let addresses: [StaticString] = [
    "_HOST", "_HOSTNAME", "_SERVER", "_URL", "_URI", "_DSN", "_ADDR", "_ADDRESS", "_SERVICE",
    "_SEEDS",
  ]
  private static let databases = ["DB", "DATABASE", "DATASOURCE", "JDBC", "SQL", "POSTGRES", "PG"]
  /// What the address of a database begins with. SQLAlchemy names a driver: `postgresql+asyncpg:`.
  static let schemes = ["postgres://", "postgresql://", "postgresql+", "jdbc:postgresql:"]

  private static func tellsDatabase(_ name: JSONString, _ value: JSONString?, in reader: JSONReader) -> Bool {
    if let value, reader.starts(value, with: "postgres") || reader.starts(value, with: "jdbc") {
      let text = reader.text(value)
      if schemes.contains(where: text.hasPrefix) { return true }
    }
    if reader.matches(name, "PGHOST") {
      // A server has it for its own psql.
      guard let value else { return true }
      return !["/", "localhost", "127."].contains { reader.starts(value, with: $0) }
    }
    // Most variables of a Postgres are none of these, and are not copied.
    guard addresses.contains(where: { reader.ends(name, with: $0) }) else { return false }
    let text = reader.text(name)
    return databases.contains { text.contains(ascii: $0) }
  }

  /// Any variable; nil where it has no name.
  init?(any reader: inout JSONReader) throws(JSONError) {
    try self.init(&reader) { _, _, _ in true }
  }

  private init?(
    _ reader: inout JSONReader, where isWanted: (JSONReader, JSONString, _ value: JSONString?) -> Bool
  ) throws(JSONError) {
    var name: JSONString?
    var text: JSONString?
    var source: JSONSlice?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalString()
      } else if reader.matches(key, "value") {
        text = try reader.optionalString()
      } else if reader.matches(key, "valueFrom") {
        source = try reader.optionalValue()
      } else {
        try reader.skip()
      }
    }
    guard let name, isWanted(reader, name, text) else { return nil }
    self.name = reader.text(name)
    if let text, !text.range.isEmpty {
      value = .literal(reader.text(text))
    } else if let source {
      value = try Self.source(source, of: reader.bytes)
    }
  }

  private static func source(_ slice: JSONSlice, of bytes: [UInt8]) throws(JSONError) -> EnvironmentValue {
    var reader = JSONReader(slice, of: bytes)
    var value = EnvironmentValue.computed(Array(bytes[slice.range]))
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "secretKeyRef"), let reference = try ObjectReference(.secret, &reader) {
        value = .reference(reference)
      } else if reader.matches(key, "configMapKeyRef"), let reference = try ObjectReference(.configMap, &reader) {
        value = .reference(reference)
      } else if !reader.matches(key, "secretKeyRef"), !reader.matches(key, "configMapKeyRef") {
        try reader.skip()
      }
    }
    return value
  }
}

extension ObjectReference {
  /// Reads `{name, key, optional}`; nil where it is null.
  init?(_ kind: Kind, _ reader: inout JSONReader) throws(JSONError) {
    guard try !reader.null() else { return nil }
    self.init(kind: kind)
    try reader.beginObject()
    while let member = try reader.nextKey() {
      if reader.matches(member, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(member, "key") {
        key = try reader.optionalText() ?? ""
      } else if reader.matches(member, "optional") {
        isOptional = try reader.optionalBool()
      } else {
        try reader.skip()
      }
    }
  }
}

/// A member of `envFrom`: each key of an object becomes a variable, named by `prefix` and the key.
struct EnvironmentSource {
  private(set) var prefix = ""
  private var object: ObjectReference?

  /// Nil where it refers to no object.
  init?(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "prefix") {
        prefix = try reader.optionalText() ?? ""
      } else if reader.matches(key, "secretRef") {
        object = try ObjectReference(.secret, &reader) ?? object
      } else if reader.matches(key, "configMapRef") {
        object = try ObjectReference(.configMap, &reader) ?? object
      } else {
        try reader.skip()
      }
    }
    guard object != nil else { return nil }
  }

  /// The key that would become this variable. It is not known whether the object has it.
  func reference(to variable: String) -> ObjectReference? {
    guard var object, variable.utf8.starts(with: prefix.utf8), variable.utf8.count > prefix.utf8.count else {
      return nil
    }
    object.key = String(decoding: variable.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    object.isOptional = true
    return object
  }
}
