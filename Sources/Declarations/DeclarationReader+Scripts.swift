import DatabaseSpec

extension DeclarationReader {
  private static let scriptKeys = ["name", "sql", "configMap", "secret", "rerun", "transaction", "timeout"]
  private static let expectedContent = "exactly one of sql, configMap and secret"

  /// Reads the `scripts` of a database. Its name is nil where it could not be read.
  mutating func scripts(_ node: YAMLNode, of database: PostgresName?) -> [Script] {
    var scripts: [Script] = []
    var names: [Located<String>] = []
    let isList = if case .sequence = node.content { true } else { false }
    for element in elements(node, expected: "a list of scripts") {
      if !isList, case .scalar = element.content { continue }
      guard let members = members(element, known: Self.scriptKeys, expected: "a script") else { continue }
      let content = content(members, at: element.place)
      let rerun = members["rerun"].flatMap { choice($0, Script.Rerun.self) } ?? .never
      let transaction = members["transaction"].flatMap { bool($0) } ?? true
      let timeout = members["timeout"].flatMap { self.timeout($0) } ?? Script.defaultTimeout
      let name = scriptName(members, at: element.place)
      if let name { names.append(name) }
      for content in content {
        let script = Script(
          name: name?.value ?? "", content: content, rerun: rerun, transaction: transaction, timeout: timeout)
        if case .inline = content, let sql = members["sql"] {
          inlineScripts.append(DeclaredScript(database: database, script: script, place: sql.place.path))
        }
        if name != nil { scripts.append(script) }
      }
    }
    if names.count > 1 { refuseRepeated(names) }
    return scripts
  }

  /// A duration in seconds, minutes or hours (`90`, `90s`, `10m`, `2h`), as seconds; 0 means no limit.
  private mutating func timeout(_ node: YAMLNode) -> Int? {
    let expected = "a time such as 90s, 10m or 2h, or 0 for none"
    guard let text = text(node, expected: expected) else { return nil }
    let unit = ["s": 1, "m": 60, "h": 3600][text.suffix(1)]
    let digits = unit == nil ? text[...] : text.dropLast()
    guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(digits), number * (unit ?? 1) <= Script.maximumTimeout
    else {
      problems.error(
        node.place, "\(quoted(text)) is no timeout of at most a week; expected \(expected)", hint: "write 30m")
      return nil
    }
    return number * (unit ?? 1)
  }

  private mutating func scriptName(_ members: KnownMembers, at place: Place) -> Located<String>? {
    guard let node = members["name"] else {
      problems.error(
        place, "a script has no name, by which it is known to have run", hint: "add \"name: 001-tables\"")
      return nil
    }
    return line(node, expected: "the name of a script").map { Located(value: $0, place: node.place) }
  }

  private mutating func refuseRepeated(_ names: [Located<String>]) {
    var places: [[UInt8]: Place] = [:]
    for name in names {
      guard let first = places.updateValue(name.place, forKey: Array(name.value.utf8)) else { continue }
      problems.error(
        name.place, "script \(quoted(name.value)) is declared twice: here and at \(first.short)",
        hint: "rename one of them")
    }
  }

  /// The content of the script: exactly one, if it is valid. Each one that is given is checked.
  private mutating func content(_ members: KnownMembers, at place: Place) -> [Script.Content] {
    let sources = ["sql", "configMap", "secret"].filter { members[$0] != nil }
    if sources.isEmpty {
      problems.error(place, "a script has no content; expected \(Self.expectedContent)", hint: "add \"sql: |\"")
    } else if sources.count > 1 {
      problems.error(
        place, "a script has \(sources.joined(separator: " and ")); expected \(Self.expectedContent)", hint: "keep one")
    }
    var contents: [Script.Content] = []
    if let sql = members["sql"].flatMap({ sql($0) }) { contents.append(sql) }
    if let key = members["configMap"].flatMap({ object($0, kind: "ConfigMap", nameKey: "name") }) {
      contents.append(.configMap(key))
    }
    if let key = members["secret"].flatMap({ object($0, kind: "Secret", nameKey: "name") }) {
      contents.append(.secret(key))
    }
    return contents
  }

  private mutating func sql(_ node: YAMLNode) -> Script.Content? {
    guard let sql = text(node, expected: "SQL") else { return nil }
    guard sql.unicodeScalars.contains(where: { !$0.isWhiteSpace }) else {
      problems.error(node.place, "the script is empty; expected SQL", hint: "write the SQL, or remove the script")
      return nil
    }
    guard !sql.contains(ascii: "\0") else {
      problems.error(node.place, "the script holds a NUL byte, which no SQL text may", hint: "remove it")
      return nil
    }
    return .inline(sql)
  }
}
