import DatabaseSpec

/// Reads YAML values into checked ones and collects all problems. A method that returns nil has added a problem.
struct DeclarationReader {
  var problems = Problems()
  /// The inline scripts that have been read so far.
  var inlineScripts: [DeclaredScript] = []
  /// Until when users may log in.
  var expiries: [DeclaredExpiry] = []
  /// Whether names of users and databases may come from a flat file, which is not available here.
  var hasFlatFile = false
  /// The misspelt annotations, by the key that was meant.
  var misspelt: [String: String] = [:]
  /// Databases that a user may be meant to own, from grants that could not be read.
  var mayBeOwned = Doubts()

  // MARK: Lists and mappings

  /// The elements of a list; none for an empty value. If the value is not a list, what may be meant as its elements.
  mutating func elements(_ node: YAMLNode, expected: String) -> [YAMLNode] {
    switch node.content {
    case .null: return []
    case .sequence(let elements): return elements
    case .scalar, .mapping:
      problems.error(node.place, "this is \(node.kind); expected \(expected)")
      return node.elementsMeant
    }
  }

  /// The members of a mapping by key. An unknown key is an error. A misspelt key is read as the one that was meant, so
  /// that it is not reported as missing.
  mutating func members(_ node: YAMLNode, known: [String], expected: String) -> KnownMembers? {
    guard case .mapping(let members) = node.content else {
      problems.error(node.place, "this is \(node.kind); expected \(expected)")
      return nil
    }
    var result = KnownMembers(capacity: members.count)
    var unknown: [(meant: String, value: YAMLNode)] = []
    for member in members {
      if known.contains(member.key) {
        result.add(member.key, member.value)
      } else {
        let meant = problems.hintsAtErrors ? Suggestion.nearest(to: member.key, among: known) : nil
        problems.error(
          member.place, "unknown key \(quoted(member.key)) in \(expected)",
          hint: Suggestion.hint(nearest: meant, among: known))
        if let meant { unknown.append((meant, member.value)) }
      }
    }
    for (meant, value) in unknown where result[meant] == nil { result.add(meant, value) }
    return result
  }

  /// The name of an entry. If it cannot be read, the texts that may be meant are recorded.
  mutating func entryName(
    _ members: KnownMembers, of what: String, in node: YAMLNode, known: [String], _ doubts: inout Doubts
  ) -> Located<PostgresName>? {
    if let name = requiredName(members, of: what, at: node.place) { return name }
    if let name = members["name"] {
      doubts.addEntry(mayBe: name.texts)
      return nil
    }
    guard case .mapping(let all) = node.content, !all.isEmpty else { return nil }
    doubts.addEntry(mayBe: all.filter { !known.contains($0.key) }.flatMap { [$0.key] + $0.value.texts })
    return nil
  }

  // MARK: Scalars

  /// A scalar's text exactly as written, whatever type YAML would give it: `yes`, `123` and `1.10`.
  mutating func text(_ node: YAMLNode, expected: @autoclosure () -> String) -> String? {
    switch node.content {
    case .scalar(let text, _) where !text.isEmpty: return text
    case .scalar, .null:
      problems.error(node.place, "this is empty; expected \(expected())", hint: "write the value, or remove the key")
    case .sequence, .mapping: problems.error(node.place, "this is \(node.kind); expected \(expected())")
    }
    return nil
  }

  /// A text on one line, such as a locale.
  mutating func line(_ node: YAMLNode, expected: String) -> String? {
    guard let text = text(node, expected: expected) else { return nil }
    guard !text.unicodeScalars.contains(where: \.isControl) else {
      problems.error(node.place, "\(quoted(text)) holds a control character; expected \(expected)")
      return nil
    }
    return text
  }

  /// The name of a user, database, schema or extension.
  mutating func name(_ node: YAMLNode, of what: String) -> Located<PostgresName>? {
    guard let text = text(node, expected: "the name of \(what)") else { return nil }
    return name(text, of: what, at: node.place)
  }

  /// The same from a text.
  mutating func name(_ text: String, of what: String, at place: Place) -> Located<PostgresName>? {
    do throws(PostgresNameError) {
      let name = try PostgresName(text)
      if text.utf8.contains(where: { $0 >= 0x7B }) {
        if text.unicodeScalars.contains(where: \.isInvisible) {
          problems.warn(place, "the name of \(what) has an invisible sign in it: \(quoted(text))")
        }
        if text.hasPlaceholder {
          problems.warn(
            place, "the name of \(what) is a placeholder that nothing has filled in: \(quoted(text))",
            hint: "write the name, or fill it in before")
        }
      }
      if let slip = NameSlip(text) { problems.warn(place, "the name \(quoted(text)) \(slip.reason)", hint: slip.hint) }
      return Located(value: name, place: place)
    } catch {
      problems.error(place, "the name of \(what) \(error.message)", hint: "choose another name")
      return nil
    }
  }

  /// `true` or `false`.
  mutating func bool(_ node: YAMLNode) -> Bool? {
    guard let text = text(node, expected: "true or false") else { return nil }
    return bool(text, at: node.place)
  }

  /// The same from a text.
  mutating func bool(_ text: String, at place: Place) -> Bool? {
    switch text {
    case "true": return true
    case "false": return false
    default:
      problems.error(place, "\(quoted(text)) is neither true nor false", hint: "write true or false")
      return nil
    }
  }

  /// One of a few words.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ node: YAMLNode, _: Choice.Type) -> Choice? {
    let words = Choice.allCases.map(\.rawValue)
    guard let text = text(node, expected: words.joined(separator: " or ")) else { return nil }
    return choice(text, at: node.place)
  }

  /// The same from a text.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ text: String, at place: Place) -> Choice? {
    if let choice = Choice(rawValue: text) { return choice }
    let words = Choice.allCases.map(\.rawValue)
    problems.error(
      place, "\(quoted(text)) is not one of \(words.joined(separator: ", "))",
      hint: Suggestion.didYouMean(text, among: words))
    return nil
  }

  /// A number of sessions (PostgreSQL docs, CREATE ROLE). -1 means any number and becomes nil.
  mutating func connectionLimit(_ node: YAMLNode) -> Int? {
    let expected = "a whole number of sessions, or -1 for any number"
    guard let text = text(node, expected: expected) else { return nil }
    guard let number = Int32(text), number >= -1 else {
      problems.error(node.place, "\(quoted(text)) is no connection limit; expected \(expected)")
      return nil
    }
    if number == 0 {
      problems.warn(node.place, "0 lets nobody but a superuser connect", hint: "write -1 for any number of sessions")
    }
    return number == -1 ? nil : Int(number)
  }

  /// A key of a ConfigMap or Secret, as `{nameKey: NAME, key: KEY}`. No message shows the value, because some users
  /// write the password itself there.
  mutating func object(_ node: YAMLNode, kind: String, nameKey: String) -> ObjectKey? {
    let expected = "a key of a \(kind): {\(nameKey): NAME, key: KEY}"
    guard let members = members(node, known: [nameKey, "key"], expected: expected) else { return nil }
    var parts: [String] = []
    for part in [nameKey, "key"] {
      guard let member = members[part] else {
        problems.error(node.place, "\"\(part)\" is missing; expected \(expected)")
        continue
      }
      let isName = part == nameKey
      let rule = isName ? KubernetesName.subdomainRule : KubernetesName.keyRule
      guard let text = text(member, expected: isName ? "the name of a \(kind)" : "a key of the \(kind)") else {
        continue
      }
      guard isName ? KubernetesName.isSubdomain(text) : KubernetesName.isKey(text) else {
        let what = isName ? "name of a \(kind)" : "key of a \(kind)"
        problems.error(member.place, "this cannot be the \(what); expected \(rule)")
        continue
      }
      parts.append(text)
    }
    return parts.count == 2 ? ObjectKey(name: parts[0], key: parts[1]) : nil
  }

  /// Adds an error for each name that occurred before. Returns whether there was one.
  @discardableResult
  mutating func refuseDuplicates(_ names: [Located<PostgresName>], of what: String) -> Bool {
    var distinct = SmallSet<PostgresName>()
    guard names.count > 1, !names.allSatisfy({ distinct.insert($0.value) }) else { return false }
    var first: [PostgresName: Place] = [:]
    for name in names {
      if let place = first[name.value] {
        problems.error(
          name.place, "\(what) \(quoted(name.value.text)) is declared twice: here and at \(place.short)",
          hint: "remove one of them")
      } else {
        first[name.value] = name.place
      }
    }
    return true
  }
}
