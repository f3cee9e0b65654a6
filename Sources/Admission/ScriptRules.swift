import Contract

/// Statements that a script must not contain, or that its author may not have intended.
enum ScriptRule: Equatable {
  /// It is refused: the reason, and what to do instead.
  case refused(String)
  /// It leads to a warning.
  case warned(String)

  /// Nil for any other statement. A script runs as the database's owner, so most statements that are refused here would
  /// fail there. They are refused before a script is half done.
  /// - Parameters:
  ///   - words: as in `ScriptStatement.words`.
  ///   - isTransaction: whether the script runs in one transaction.
  init?(_ words: [String], isTransaction: Bool) {
    if let beyond = Self.beyondOwner(words) {
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
    case ("create", "role"), ("create", "user"), ("create", "group"), ("alter", "role"), ("alter", "user"),
      ("alter", "group"):
      guard let power = Self.power(in: words) else { return nil }
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

  /// Why the owner of a database may not run a statement, and what to do instead (PostgreSQL docs, each command, "Notes").
  /// What gives a role more rights is refused for that.
  private static func beyondOwner(_ words: [String]) -> String? {
    switch (words.first, words.dropFirst().first) {
    case ("create", "database"): "makes a database, which the owner may not: declare it in \(AnnotationKey.databases)"
    case ("create", "role"), ("create", "user"), ("create", "group"):
      words.dropFirst(2).first == "mapping" || power(in: words) != nil
        ? nil : "makes a role, which the owner may not: declare it in \(AnnotationKey.users)"
    case ("create", "tablespace"), ("drop", "tablespace"):
      "changes tablespaces, which a superuser alone may: do it by hand"
    case ("create", "event"): "makes an event trigger, which a superuser alone may: do it by hand"
    case ("create", "publication")
    where zip(zip(words, words.dropFirst()), words.dropFirst(2)).contains { $0 == ("for", "all") && $1 == "tables" }:
      "publishes all tables, which a superuser alone may: name the tables, or do it by hand"
    case ("set", "session") where words.dropFirst(2).first == "authorization" && words.dropFirst(3).first != "default":
      "becomes another user, which a superuser alone may: take it out"
    default: nil
    }
  }

  /// The first option of a role that reaches beyond its database. Behind SET, RESET and RENAME are no options, and the names
  /// of roles are none either: the statement's own, and those in lists.
  private static func power(in words: [String]) -> String? {
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
    case "create", "drop":
      rest.drop { $0 == "unique" }.starts(with: ["index", "concurrently"])
    case "reindex":
      ["database", "system", "schema"].contains(rest.first) || rest.dropFirst().first == "concurrently"
    case "alter": rest.first == "table" && rest.contains("detach") && rest.last == "concurrently"
    default: false
    }
  }

  private static let powers: Set = ["superuser", "replication", "bypassrls", "createrole", "createdb"]
}
