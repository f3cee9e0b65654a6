/// What a script for an empty data folder says of users and databases, as far as its statements are simple.
struct InitScript {
  private(set) var users: [String] = []
  /// Databases, with the owner where one is named.
  private(set) var databases: [(name: String, owner: String?)] = []
  /// Names with variables whose values are not known.
  private(set) var unknown: [String] = []
  private(set) var hasPasswords = false
  /// Whether it does something else.
  private(set) var hasMore = false
  /// Whether it has commands of psql or of a shell.
  private(set) var isForPsql = false

  private let variables: [String: String]

  /// - Parameter variables: of the container that runs it.
  init(_ text: String, _ variables: [String: String]) {
    self.variables = variables
    let isShell = text.hasPrefix("#!")
    isForPsql = isShell || text.contains(/(?m)^\s*\\/)
    let sql = text.replacing(/(?m)--.*$/, with: "")
    for statement in sql.split(separator: ";") { take(statement) }
    hasMore = hasMore || isShell
  }

  private mutating func take(_ statement: Substring) {
    let name = /(?:"([^"]+)"|'?([A-Za-z_$][A-Za-z0-9_${}-]*)'?)/
    if let match = statement.firstMatch(of: /(?i)\bCREATE\s+(?:USER|ROLE)\s+/) {
      if let found = statement[match.range.upperBound...].prefixMatch(of: name) {
        add(found.output.1 ?? found.output.2, to: \.users)
      }
      if statement.contains(/(?i)\bPASSWORD\s+'/) { hasPasswords = true }
    } else if let match = statement.firstMatch(of: /(?i)\bCREATE\s+DATABASE\s+/) {
      let rest = statement[match.range.upperBound...]
      guard let found = rest.prefixMatch(of: name), let database = value(found.output.1 ?? found.output.2) else {
        return
      }
      let owner = rest.firstMatch(of: /(?i)\bOWNER\s*=?\s*/).flatMap {
        rest[$0.range.upperBound...].prefixMatch(of: name)
      }
      databases.append((database, owner.flatMap { value($0.output.1 ?? $0.output.2) }))
    } else if let match = statement.firstMatch(of: /(?i)\bALTER\s+DATABASE\s+/),
      let to = statement.firstMatch(of: /(?i)\bOWNER\s+TO\s+/)
    {
      setOwner(
        statement[match.range.upperBound...].prefixMatch(of: name).flatMap { $0.output.1 ?? $0.output.2 },
        statement[to.range.upperBound...].prefixMatch(of: name).flatMap { $0.output.1 ?? $0.output.2 }, overrides: true)
    } else if let match = statement.firstMatch(of: /(?i)\bGRANT\s+ALL\s+(?:PRIVILEGES\s+)?ON\s+DATABASE\s+/),
      let to = statement.firstMatch(of: /(?i)\bTO\s+/)
    {
      setOwner(
        statement[match.range.upperBound...].prefixMatch(of: name).flatMap { $0.output.1 ?? $0.output.2 },
        statement[to.range.upperBound...].prefixMatch(of: name).flatMap { $0.output.1 ?? $0.output.2 }, overrides: false
      )
    } else if statement.contains(where: { !$0.isWhitespace }) {
      hasMore = true
    }
  }

  private mutating func setOwner(_ database: Substring?, _ owner: Substring?, overrides: Bool) {
    guard let database = value(database), let owner = value(owner),
      let index = databases.firstIndex(where: { $0.name == database })
    else { return }
    if overrides || databases[index].owner == nil { databases[index].owner = owner }
  }

  private mutating func add(_ name: Substring?, to list: WritableKeyPath<InitScript, [String]>) {
    guard let name = value(name), !self[keyPath: list].contains(name) else { return }
    self[keyPath: list].append(name)
  }

  /// A name with its variables replaced; nil where they are not known.
  private mutating func value(_ name: Substring?) -> String? {
    guard let name else { return nil }
    guard name.hasPrefix("$") else { return String(name) }
    let variable = name.filter { !"${}".contains($0) }
    if let value = variables[String(variable)] { return value }
    if !unknown.contains(String(name)) { unknown.append(String(name)) }
    return nil
  }
}
