import JSONBytes

extension InstanceSpec {
  /// The versions that can be read, each with what it added to the one before.
  package static var readVersions: [String] { [apiVersion, renamingVersion, rotatingVersion] }

  /// Reads what ``encoded()`` wrote. Members that only a later version knows are ignored.
  package init(decoding bytes: [UInt8]) throws(SpecError) {
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue(parsing: bytes) } catch { throw .json(error) }
    let spec = SpecMember(value: root, place: "the spec")
    guard let version = root["apiVersion"]?.string else { throw .version(nil) }
    guard Self.readVersions.contains(where: { $0.utf8.elementsEqual(version.utf8) }) else { throw .version(version) }
    self.init(
      customer: try spec.string("customer"),
      users: try spec.elements("users").map { member throws(SpecError) in try User(member) },
      databases: try spec.elements("databases").map { member throws(SpecError) in try Database(member) },
      removedUsers: try spec.choice("removedUsers", default: .lock),
      passwordChange: try spec.choice("passwordChange", default: .keepSessions))
  }
}

extension User {
  init(_ member: SpecMember) throws(SpecError) {
    var grants: [Grant] = []
    if case .object(let object)? = member.value["grants"] {
      for entry in object.members {
        guard let level = entry.value.string.flatMap(Grant.Level.init(rawValue:)) else {
          throw .invalid(entry.value.string ?? "?", in: "\(member.place).grants")
        }
        grants.append(Grant(database: try member.name(entry.key), level: level))
      }
    }
    self.init(
      name: try member.requiredName("name"),
      ensure: try member.choice("ensure", default: .present),
      grants: grants,
      connectionLimit: try member.integer("connectionLimit"),
      validUntil: try member.expiry(),
      memberOf: try (member.value["memberOf"]?.array ?? []).map { role throws(SpecError) in
        try member.name(role.string ?? "")
      },
      renamedFrom: try member.optionalName("renamedFrom"), rotate: try member.rotation())
  }
}

extension Database {
  init(_ member: SpecMember) throws(SpecError) {
    self.init(
      name: try member.requiredName("name"),
      owner: try member.requiredName("owner"),
      extensions: try member.elements("extensions").map { item throws(SpecError) in
        Extension(
          name: try item.requiredName("name"), schema: try item.optionalName("schema"),
          version: item.value["version"]?.string)
      },
      schemas: try member.elements("schemas").map { item throws(SpecError) in
        Schema(name: try item.requiredName("name"), owner: try item.optionalName("owner"))
      },
      encoding: member.value["encoding"]?.string,
      locale: member.value["locale"]?.string,
      template: try member.optionalName("template"),
      connectionLimit: try member.integer("connectionLimit"),
      scripts: try member.elements("scripts").map { item throws(SpecError) in try Script(item) },
      renamedFrom: try member.optionalName("renamedFrom"))
  }
}

extension Script {
  init(_ member: SpecMember) throws(SpecError) {
    func object(_ value: JSONValue) throws(SpecError) -> ObjectKey {
      let reference = SpecMember(value: value, place: member.place)
      return ObjectKey(name: try reference.string("name"), key: try reference.string("key"))
    }
    let content: Content
    if let sql = member.value["sql"]?.string {
      content = .inline(sql)
    } else if let reference = member.value["configMap"] {
      content = .configMap(try object(reference))
    } else if let reference = member.value["secret"] {
      content = .secret(try object(reference))
    } else {
      content = .file(name: try member.string("file"), sha256: try member.string("sha256"))
    }
    self.init(
      name: try member.string("name"), content: content, rerun: try member.choice("rerun", default: .never),
      transaction: member.value["transaction"] != .bool(false),
      timeout: try member.integer("timeout") ?? Self.defaultTimeout)
    isConfidential = member.value["confidential"] == .bool(true)
  }
}

/// A value of `spec.json` with the place that its errors name.
struct SpecMember {
  let value: JSONValue
  let place: String

  func string(_ key: String) throws(SpecError) -> String {
    guard let text = value[key]?.string else { throw .missing(key, in: place) }
    return text
  }

  func integer(_ key: String) throws(SpecError) -> Int? {
    guard let member = value[key] else { return nil }
    guard let number = member.integer else {
      throw .invalid(member.string ?? "?", in: "\(place).\(key)")
    }
    return number
  }

  /// Sidecars from before `neverExpires` read `validUntil` only as a time, and ignore members that they do not know.
  func expiry() throws(SpecError) -> Expiry? {
    if value["neverExpires"] == .bool(true) { return .infinity }
    guard let text = value["validUntil"]?.string else { return nil }
    guard let expiry = Expiry(text) else { throw .invalid(text, in: "\(place).validUntil") }
    return expiry
  }

  func rotation() throws(SpecError) -> Rotation? {
    guard let value = value["rotate"] else { return nil }
    let member = SpecMember(value: value, place: "\(place).rotate")
    guard let every = try member.integer("every") else { throw .missing("every", in: member.place) }
    guard let overlap = try member.integer("overlap") else { throw .missing("overlap", in: member.place) }
    // Anybody who may write the ConfigMap may have written these; times are calculated with them.
    guard (1...Rotation.everyRange.upperBound).contains(every) else {
      throw .invalid("\(every)", in: "\(member.place).every")
    }
    guard (0...every).contains(overlap) else { throw .invalid("\(overlap)", in: "\(member.place).overlap") }
    return Rotation(every: every, overlap: overlap)
  }

  func name(_ text: String) throws(SpecError) -> PostgresName {
    do throws(PostgresNameError) { return try PostgresName(text) } catch { throw .invalid(text, in: place) }
  }

  func requiredName(_ key: String) throws(SpecError) -> PostgresName {
    try name(try string(key))
  }

  func optionalName(_ key: String) throws(SpecError) -> PostgresName? {
    guard let text = value[key]?.string else { return nil }
    return try name(text)
  }

  func choice<Choice: RawRepresentable<String>>(_ key: String, default: Choice) throws(SpecError) -> Choice {
    guard let member = value[key] else { return `default` }
    guard let choice = member.string.flatMap(Choice.init(rawValue:)) else {
      throw .invalid(member.string ?? "?", in: "\(place).\(key)")
    }
    return choice
  }

  func elements(_ key: String) throws(SpecError) -> [SpecMember] {
    guard let member = value[key] else { return [] }
    guard let array = member.array else { throw .invalid("?", in: "\(place).\(key)") }
    return array.indices.map { SpecMember(value: array[$0], place: "\(key)[\($0)]") }
  }
}
