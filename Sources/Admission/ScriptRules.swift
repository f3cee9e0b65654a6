import PostgresParser

/// Statements that a script must not contain, or that its author may not have intended.
enum ScriptRule: Equatable {
  /// It is refused: the reason, and what to do instead.
  case refused(String)
  /// It leads to a warning.
  case warned(String)

  /// Nil for any other statement. A script runs as the database's owner, so most statements that are refused here would
  /// fail there. They are refused before a script is half done.
  init?(_ statement: SQLWords) {
    let words = statement.words
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
      guard let power = words.first(where: { Self.powers.contains($0) }) else { return nil }
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

  private static let powers: Set = ["superuser", "replication", "bypassrls", "createrole", "createdb"]
}
