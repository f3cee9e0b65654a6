import DatabaseSpec

/// The options of CREATE ROLE, CREATE USER and ALTER ROLE (PostgreSQL docs, CREATE ROLE), as far as they are about a role's
/// rights. No literal of them is kept but a time, and which variable the password is.
struct RoleOptions: Equatable {
  /// Keywords such as `createdb`.
  private(set) var powers: [String] = []
  private(set) var canLogIn: Bool?
  private(set) var connectionLimit: Int?
  private(set) var validUntil: String?
  /// Roles of which it becomes a member.
  private(set) var memberOf: [String] = []
  /// Roles that become its members.
  private(set) var members: [String] = []
  private(set) var hasPassword = false
  /// The variable of the script that is the password, where it is nothing else.
  private(set) var passwordVariable: String?
  /// Whether VALID UNTIL has a time that only a server can read.
  private(set) var hasOtherTime = false
  /// Whether something in it is none of these options.
  private(set) var hasMore = false

  init(_ words: some Sequence<SQLWord>) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      switch word.keyword {
      case "with"?, "encrypted"?, "unencrypted"?: break
      case "login"?: canLogIn = true
      case "nologin"?: canLogIn = false
      case let power? where Self.known.contains(power): powers.append(power)
      case "connection"? where rest.first == .word("limit"):
        rest.removeFirst()
        connectionLimit = Self.limit(&rest)
      case "valid"? where rest.first == .word("until"):
        rest.removeFirst()
        takeTime(rest.popFirst())
      case "password"?:
        // Whatever it is, it is not kept.
        let password = rest.popFirst()
        if password != .word("null") { hasPassword = true }
        passwordVariable = password?.literal.flatMap(ScriptVariable.reference)
      case "sysid"?: _ = rest.popFirst()
      case "in"? where rest.first == .word("role") || rest.first == .word("group"):
        rest.removeFirst()
        memberOf += Self.names(&rest)
      case "role"?, "user"?, "admin"?: members += Self.names(&rest)
      default: hasMore = true
      }
    }
  }

  /// The options with the names of other roles replaced; a name for which there is none is left out.
  func naming(_ name: (String) -> String?) -> Self {
    var options = self
    (options.memberOf, options.members) = (memberOf.compactMap(name), members.compactMap(name))
    return options
  }

  static let known: Set = [
    "superuser", "nosuperuser", "createdb", "nocreatedb", "createrole", "nocreaterole", "inherit", "noinherit",
    "replication", "noreplication", "bypassrls", "nobypassrls", "createuser", "nocreateuser",
  ]

  private static func limit(_ rest: inout ArraySlice<SQLWord>) -> Int? {
    if rest.first == .sign("-") {
      rest.removeFirst()
      _ = rest.popFirst()
      return nil
    }
    guard case .number(let text)? = rest.popFirst() else { return nil }
    return Int(text)
  }

  private mutating func takeTime(_ word: SQLWord?) {
    guard let text = word?.literal else { return hasOtherTime = true }
    if Expiry(text) != nil { validUntil = text } else { hasOtherTime = true }
  }

  private static func names(_ rest: inout ArraySlice<SQLWord>) -> [String] {
    var names: [String] = []
    while let name = rest.first?.identifier {
      rest.removeFirst()
      names.append(name)
      guard rest.first == .sign(",") else { break }
      rest.removeFirst()
    }
    return names
  }
}
