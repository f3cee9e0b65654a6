import Contract
package import JSONBytes

extension InstanceSpec {
  /// The version with which `spec.json` is written.
  package static let apiVersion = VolumeLayout.apiVersion
  /// The version with which it is written where something is renamed.
  package static let renamingVersion = VolumeLayout.renamingVersion

  /// The version with which it is written where a user's password turns. It includes ``renamingVersion``.
  package static let rotatingVersion = VolumeLayout.rotatingVersion

  private var renames: Bool {
    users.contains { $0.renamedFrom != nil } || databases.contains { $0.renamedFrom != nil }
  }

  private var version: String {
    if users.contains(where: { $0.rotate != nil }) { return Self.rotatingVersion }
    return renames ? Self.renamingVersion : Self.apiVersion
  }

  /// The bytes of `spec.json`. The same spec always gives the same bytes, whatever the order of the declaration's
  /// mappings.
  package func encoded() -> [UInt8] {
    // Most specs are smaller, and glibc keeps blocks of up to 1,032 bytes at hand.
    var writer = JSONWriter(capacity: 960)
    write(to: &writer)
    return writer.bytes
  }

  /// Writes the spec as one JSON object; members that have their default value are left out.
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("apiVersion", version)
    writer.member("customer", customer)
    writer.key("users")
    writer.beginArray()
    for user in users { user.write(to: &writer) }
    writer.endArray()
    writer.key("databases")
    writer.beginArray()
    for database in databases { database.write(to: &writer) }
    writer.endArray()
    if removedUsers != .lock { writer.member("removedUsers", removedUsers.rawValue) }
    if passwordChange != .keepSessions { writer.member("passwordChange", passwordChange.rawValue) }
    writer.endObject()
  }
}

extension User {
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name.text)
    if let renamedFrom { writer.member("renamedFrom", renamedFrom.text) }
    if ensure != .present { writer.member("ensure", ensure.rawValue) }
    if !grants.isEmpty {
      writer.key("grants")
      writer.beginObject()
      for grant in grants.sorted(by: { $0.database < $1.database }) {
        writer.member(grant.database.text, grant.level.rawValue)
      }
      writer.endObject()
    }
    if let connectionLimit { writer.member("connectionLimit", connectionLimit) }
    switch validUntil {
    case .time(let time): writer.member("validUntil", time.rfc3339)
    case .infinity: writer.member("neverExpires", true)
    case nil: break
    }
    if !memberOf.isEmpty {
      writer.key("memberOf")
      writer.beginArray()
      for role in memberOf.sorted() { writer.string(role.text) }
      writer.endArray()
    }
    if let rotate {
      writer.key("rotate")
      writer.beginObject()
      writer.member("every", rotate.every)
      writer.member("overlap", rotate.overlap)
      writer.endObject()
    }
    writer.endObject()
  }
}

extension Database {
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name.text)
    if let renamedFrom { writer.member("renamedFrom", renamedFrom.text) }
    writer.member("owner", owner.text)
    if !extensions.isEmpty {
      writer.key("extensions")
      writer.beginArray()
      for item in extensions {
        writer.beginObject()
        writer.member("name", item.name.text)
        if let schema = item.schema { writer.member("schema", schema.text) }
        if let version = item.version { writer.member("version", version) }
        writer.endObject()
      }
      writer.endArray()
    }
    if !schemas.isEmpty {
      writer.key("schemas")
      writer.beginArray()
      for schema in schemas {
        writer.beginObject()
        writer.member("name", schema.name.text)
        if let owner = schema.owner { writer.member("owner", owner.text) }
        writer.endObject()
      }
      writer.endArray()
    }
    if let encoding { writer.member("encoding", encoding) }
    if let locale { writer.member("locale", locale) }
    if let template { writer.member("template", template.text) }
    if let connectionLimit { writer.member("connectionLimit", connectionLimit) }
    if !scripts.isEmpty {
      writer.key("scripts")
      writer.beginArray()
      for script in scripts { script.write(to: &writer) }
      writer.endArray()
    }
    writer.endObject()
  }
}

extension Script {
  func write(to writer: inout JSONWriter) {
    func write(_ object: ObjectKey, as kind: String) {
      writer.key(kind)
      writer.beginObject()
      writer.member("name", object.name)
      writer.member("key", object.key)
      writer.endObject()
    }
    writer.beginObject()
    writer.member("name", name)
    switch content {
    case .inline(let sql): writer.member("sql", sql)
    case .configMap(let object): write(object, as: "configMap")
    case .secret(let object): write(object, as: "secret")
    case .file(let file, let sha256):
      writer.member("file", file)
      writer.member("sha256", sha256)
    }
    if rerun != .never { writer.member("rerun", rerun.rawValue) }
    if !transaction { writer.member("transaction", false) }
    if isConfidential { writer.member("confidential", true) }
    if timeout != Self.defaultTimeout { writer.member("timeout", timeout) }
    writer.endObject()
  }
}
