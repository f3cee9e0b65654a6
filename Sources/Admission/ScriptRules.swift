import Provisioning

/// Statements that a script must not contain, or that its author may not have intended.
enum ScriptRule: Equatable {
  /// It is refused: the reason, and what to do instead.
  case refused(String)
  /// It leads to a warning.
  case warned(String)

  /// Nil for any other statement. A script runs as the database's owner, so most statements that are refused here would
  /// fail there. They are refused before a script is half done.
  /// - Parameter isTransaction: whether the script runs in one transaction.
  init?(_ statement: ScriptStatement, isTransaction: Bool, _ limits: OwnerLimits) {
    let words = statement.words
    if Self.powerGiven(by: words) == nil, let beyond = limits.reason(statement) {
      // An owner that was on the server before may have more rights than Postern gives.
      self = isTransaction && Self.needsNoTransaction(words) ? .refused(beyond) : .warned(beyond)
      return
    }
    if isTransaction, Self.needsNoTransaction(words) {
      self = .refused(
        "cannot run in a transaction; let the script say `transaction: false`, and hold nothing but this")
      return
    }
    switch (words.first, words.dropFirst().first) {
    case ("drop", "database"):
      self = .refused("drops a database; Postern drops none: where it is meant, do it by hand")
    case ("drop", "role"), ("drop", "user"), ("drop", "group"):
      guard !words.dropFirst(2).starts(with: ["mapping"]) else { return nil }
      self = .refused("drops a role; declare the user with `ensure: absent`, so that what it owns is kept")
    case ("drop", "owned"):
      self = .refused("drops all that a role owns; declare the user with `ensure: absent`, so that it is kept")
    case ("alter", "system"):
      self = .refused("changes the whole server's settings; give them to Postgres as arguments or in its configuration")
    case ("create", _), ("alter", _):
      guard let power = Self.powerGiven(by: words) else { return nil }
      self = .refused("gives a role \(power.uppercased()), which reaches beyond this database; take it out")
    case ("copy", _)
    where zip(words, words.dropFirst()).contains(where: { ["from", "to"].contains($0) && $1 == "program" }):
      self = .refused("runs a program on the server; load the rows with INSERT")
    case ("drop", "table"), ("drop", "schema"): self = .warned("drops a \(words[1]) and what is in it")
    case ("truncate", _): self = .warned("empties a table")
    case ("delete", _) where !words.contains("where"): self = .warned("deletes every row of a table")
    default: return nil
    }
  }

  /// The first option that a role is given and that reaches beyond its database. Behind SET, RESET and RENAME are no
  /// options, and the names of roles are none either: the statement's own, and those in lists.
  private static func powerGiven(by words: [String]) -> String? {
    switch (words.first, words.dropFirst().first) {
    case ("create", "role"), ("create", "user"), ("create", "group"), ("alter", "role"), ("alter", "user"),
      ("alter", "group"):
      break
    default: return nil
    }
    let options = words.dropFirst(3).prefix { !["set", "reset", "rename"].contains($0) }
    return zip(options, words.dropFirst(2)).first { option, previous in
      powers.contains(option) && !["role", "user", "group", "admin"].contains(previous)
    }?.0
  }

  /// Whether PostgreSQL refuses the statement in a transaction (PostgreSQL src: `PreventInTransactionBlock`), as far as its
  /// words outside of parentheses show.
  private static func needsNoTransaction(_ words: [String]) -> Bool {
    let rest = words.dropFirst()
    return switch words.first {
    case "vacuum": true
    case "discard": rest.first == "all"
    case "create" where ["database", "tablespace"].contains(rest.first): true
    case "drop" where rest.first == "tablespace": true
    case "create" where rest.first == "subscription": !rest.contains("with")
    case "create", "drop":
      rest.drop { $0 == "unique" }.starts(with: ["index", "concurrently"])
    case "reindex":
      ["database", "system", "schema"].contains(rest.first) || rest.dropFirst().first == "concurrently"
    case "cluster": rest.isEmpty || rest == ["verbose"]
    case "alter" where rest.first == "database": rest.contains("tablespace")
    case "alter": rest.first == "table" && rest.contains("detach") && rest.last == "concurrently"
    default: false
    }
  }

  private static let powers: Set = ["superuser", "replication", "bypassrls", "createrole", "createdb"]
}
