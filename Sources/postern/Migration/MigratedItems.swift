import JSONBytes

/// A user as an annotation declares it.
struct MigratedUser {
  let name: String
  var isAbsent = false
  /// Databases, and what the user may do there.
  var grants: [(database: String, level: String)] = []
  var connectionLimit: Int?
  var validUntil: String?
  var memberOf: [String] = []
  var passwordFrom: (secret: String, key: String)?
  var rotate: String?

  var json: JSONValue {
    .members([
      ("name", .string(name)), ("ensure", isAbsent ? .string("absent") : nil),
      ("grants", grants.isEmpty ? nil : .members(grants.map { ($0.database, .string($0.level)) })),
      ("connectionLimit", connectionLimit.map { .integer($0) }), ("validUntil", validUntil.map { .string($0) }),
      ("memberOf", memberOf.isEmpty ? nil : .array(memberOf.map { .string($0) })),
      (
        "passwordFrom",
        passwordFrom.map { .members([("secret", .string($0.secret)), ("key", .string($0.key))]) }
      ),
      ("rotate", rotate.map { .string($0) }),
    ])
  }
}

/// A database as an annotation declares it.
struct MigratedDatabase {
  private(set) var name: String
  var owner: String
  var extensions: [JSONValue] = []
  var schemas: [JSONValue] = []
  var encoding: String?
  var locale: String?
  var template: String?
  var connectionLimit: Int?
  var scripts: [JSONValue] = []

  init(name: String, owner: String) {
    self.name = name
    self.owner = owner
  }

  var json: JSONValue {
    func list(_ elements: [JSONValue]) -> JSONValue? { elements.isEmpty ? nil : .array(elements) }
    return .members([
      ("name", .string(name)), ("owner", .string(owner)), ("extensions", list(extensions)), ("schemas", list(schemas)),
      ("encoding", encoding.map { .string($0) }), ("locale", locale.map { .string($0) }),
      ("template", template.map { .string($0) }), ("connectionLimit", connectionLimit.map { .integer($0) }),
      ("scripts", list(scripts)),
    ])
  }

  func named(_ name: String) -> Self {
    var database = self
    database.name = name
    return database
  }

  /// A script whose text is in a ConfigMap or a Secret.
  static func script(_ name: String, _ kind: String, object: String, key: String) -> JSONValue {
    .members([("name", .string(name)), (kind, .members([("name", .string(object)), ("key", .string(key))]))])
  }

  static func script(_ name: String, sql: String) -> JSONValue {
    .members([("name", .string(name)), ("sql", .string(sql))])
  }
}
