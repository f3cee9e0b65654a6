import Contract
import DatabaseSpec

extension DeclarationReader {
  private static let userKeys = [
    "name", "ensure", "grants", "connectionLimit", "validUntil", "memberOf", "passwordFrom", "renamedFrom",
    "rotate",
  ]

  /// Reads `postern.io/users`, or the annotation that was meant to be it.
  mutating func users(_ text: String, annotation: String) -> DeclaredList<DeclaredUser> {
    let entries = entries(of: text, annotation: annotation)
    var list = DeclaredList<DeclaredUser>(doubts: entries.doubts)
    for entry in entries.nodes {
      guard let user = user(entry, &list.doubts) else { continue }
      list.elements.append(user)
    }
    refuseDuplicates(list.elements.compactMap(\.name), of: "user")
    return list
  }

  private mutating func user(_ node: YAMLNode, _ doubts: inout Doubts) -> DeclaredUser? {
    switch shortName(node, of: "a user") {
    case .refused(let texts):
      if !texts.isEmpty { doubts.addEntry(mayBe: texts) }
      return nil
    case .name(let name):
      check(name)
      return DeclaredUser(name: name)
    case .none: break
    }
    let node = refusePasswords(node)
    guard let members = members(node, known: Self.userKeys, expected: "a user") else {
      doubts.addEntry(mayBe: node.texts)
      return nil
    }
    // All parts are read even if the name is wrong, so that all errors are reported together.
    let ensure = members["ensure"].map { choice($0, User.Ensure.self) } ?? .present
    let grants = members["grants"].map { self.grants($0) } ?? []
    let connectionLimit = members["connectionLimit"].flatMap { self.connectionLimit($0) }
    let validUntil = members["validUntil"].flatMap { self.validUntil($0) }
    let memberOf = members["memberOf"].map { self.memberOf($0) } ?? []
    let passwordFrom = members["passwordFrom"].flatMap { object($0, kind: "Secret", nameKey: "secret") }
    let renamedFrom = members["renamedFrom"].flatMap { formerName($0, of: "a user", \.reservedAsRole) }
    let rotate = members["rotate"].flatMap { rotation($0) }
    if ensure == .absent { checkAbsent(members) }
    let name = entryName(members, of: "a user", in: node, known: Self.userKeys, &doubts)
    if let name { check(name) }
    if case .time(let time) = validUntil, let place = members["validUntil"]?.place, ensure != .absent {
      let who = name.map { "user \(quoted($0.value.text))" } ?? "this user"
      expiries.append(DeclaredExpiry(time: time, warning: place.problem("in the past: \(who) cannot log in")))
    }
    return DeclaredUser(
      name: name, ensure: ensure, grants: grants, connectionLimit: connectionLimit, validUntil: validUntil,
      memberOf: memberOf, passwordFrom: ensure == .absent ? nil : passwordFrom,
      renamedFrom: ensure == .absent ? nil : renamedFrom, rotate: ensure == .absent ? nil : rotate)
  }

  /// Refuses a name that no role may have, and warns of one that `pg_hba.conf` would misread. The name still counts as
  /// known, so that references to it are checked.
  private mutating func check(_ name: Located<PostgresName>) {
    if let reason = name.value.reservedAsRole {
      problems.error(
        name.place, "no user can be called \(quoted(name.value.text)): \(reason)", hint: "choose another name")
    } else {
      warnOfKeyword(name)
    }
  }

  /// Refuses passwords and removes them, however their key is spelled. Their text is never shown.
  private mutating func refusePasswords(_ node: YAMLNode) -> YAMLNode {
    guard case .mapping(let members) = node.content else { return node }
    var others: [YAMLNode.Member] = []
    for member in members {
      let isPassword =
        !Self.userKeys.contains(member.key)
        && (["pass", "pwd"].contains(member.key)
          || Suggestion.nearest(to: member.key, among: ["password", "passwd"]) != nil)
      guard isPassword else {
        others.append(member)
        continue
      }
      problems.error(
        member.place,
        "a password cannot stand in an annotation: annotations are copied into ReplicaSets, audit logs and "
          + "last-applied-configuration",
        hint: "put it into a Secret and write passwordFrom: {secret: NAME, key: KEY}, or leave it out to have one "
          + "generated; take this one for known and change it")
    }
    return YAMLNode(content: .mapping(others), place: node.place)
  }

  private mutating func checkAbsent(_ members: KnownMembers) {
    for key in ["grants", "memberOf", "renamedFrom"] {
      guard let member = members[key] else { continue }
      problems.error(
        member.place, "a user that is to be absent cannot have \(key)",
        hint: "remove \(key), or write ensure: present")
    }
    for key in ["connectionLimit", "validUntil", "passwordFrom", "rotate"] {
      guard let member = members[key] else { continue }
      problems.warn(member.place, "\(key) has no effect on a user that is to be absent", hint: "remove it")
    }
  }

  private mutating func grants(_ node: YAMLNode) -> [(database: Located<PostgresName>, level: DeclaredUser.Level?)] {
    var grants: [(database: Located<PostgresName>, level: DeclaredUser.Level?)] = []
    switch node.content {
    case .null: break
    case .mapping(let members):
      for member in members {
        let database = name(member.key, of: "a database", at: member.place)
        // If a grant's level is refused, its database is checked all the same.
        let level = choice(member.value, DeclaredUser.Level.self)
        if let database { grants.append((database, level)) }
      }
    case .scalar, .sequence:
      problems.error(
        node.place, "this is \(node.kind); expected a mapping from database to owner, write or read",
        hint: "write grants: {DATABASE: read}")
      mayBeOwned.add(node.texts)
    }
    return grants
  }

  private mutating func memberOf(_ node: YAMLNode) -> [Located<PostgresName>] {
    var roles: [Located<PostgresName>] = []
    for element in elements(node, expected: "a list of roles") {
      if case .null = element.content {
        problems.error(element.place, "an entry is empty; expected a role", hint: "remove it")
      } else if let role = name(element, of: "a role") {
        roles.append(role)
      }
    }
    refuseDuplicates(roles, of: "role")
    return roles
  }

  private mutating func validUntil(_ node: YAMLNode) -> Expiry? {
    let expected = "a time with its zone, such as 2027-01-01T00:00:00Z"
    guard let text = text(node, expected: expected) else { return nil }
    guard let expiry = Expiry(text) else {
      problems.error(
        node.place, "\(quoted(text)) is no time on the calendar with a zone", hint: "write \(expected), or infinity")
      return nil
    }
    return expiry
  }
}
