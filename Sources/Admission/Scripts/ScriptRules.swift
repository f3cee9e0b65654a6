import Declarations
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
    let power = Self.powerGiven(by: statement)
    if power == nil, let beyond = limits.reason(statement) {
      // An owner that was on the server before may have more rights than Postern gives.
      self = isTransaction && Self.needsNoTransaction(statement) ? .refused(beyond) : .warned(beyond)
      return
    }
    if isTransaction, Self.needsNoTransaction(statement) {
      self = .refused(
        "cannot run in a transaction; let the script say `transaction: false`, and hold nothing but this")
      return
    }
    switch (words.first, words.dropFirst().first) {
    case ("drop", "database"):
      self = .refused("drops a database; Postern drops none: where it is meant, do it by hand")
    case ("drop", "role"), ("drop", "user"), ("drop", "group"):
      guard !statement.isOfUserMapping else { return nil }
      self = .refused("drops a role; declare the user with `ensure: absent`, so that what it owns is kept")
    case ("drop", "owned"):
      self = .refused("drops all that a role owns; declare the user with `ensure: absent`, so that it is kept")
    case ("alter", "system"):
      self = .refused("changes the whole server's settings; give them to Postgres as arguments or in its configuration")
    case ("create", _), ("alter", _):
      guard let power else { return nil }
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
  /// options, and names are none either: the statement's own, those in lists, and a database's.
  private static func powerGiven(by statement: ScriptStatement) -> String? {
    guard ["create", "alter"].contains(statement.words.first), statement.words.count > 3,
      ["role", "user", "group"].contains(statement.words[1]), !statement.isOfUserMapping
    else { return nil }
    let words = statement.tokens.map(\.text)
    let options = words.indices.dropFirst(3).prefix { !["set", "reset", "rename"].contains(words[$0]) }
    return options.first {
      powers.contains(words[$0]) && ($0 == 3 || !beforeNames.contains(words[$0 - 1]))
    }.map { words[$0] }
  }

  /// Whether PostgreSQL refuses the statement in a transaction (PostgreSQL src: `PreventInTransactionBlock`), as far as the
  /// statement alone shows.
  private static func needsNoTransaction(_ statement: ScriptStatement) -> Bool {
    let words = statement.words
    let rest = words.dropFirst()
    return switch words.first {
    case "vacuum": true
    case "discard": rest.first == "all"
    case "create" where ["database", "tablespace"].contains(rest.first): true
    case "drop" where rest.first == "tablespace": true
    case "create" where rest.first == "subscription":
      statement.option("create_slot") ?? statement.option("connect") ?? true
    case "alter" where rest.first == "subscription":
      rest.dropFirst(2).first == "refresh"
        || rest.dropFirst(3).first == "publication" && statement.option("refresh") ?? true
    case "create", "drop":
      rest.drop { $0 == "unique" }.starts(with: ["index", "concurrently"])
    case "reindex":
      ["database", "system", "schema"].contains(rest.first)
        || rest.dropFirst().first == "concurrently" || statement.option("concurrently") ?? false
    case "cluster": rest.isEmpty || rest == ["verbose"]
    case "alter" where rest.first == "database": rest.contains("tablespace")
    case "alter": rest.first == "table" && rest.contains("detach") && rest.last == "concurrently"
    default: false
    }
  }

  /// What names of roles and databases stand behind.
  private static let beforeNames: Set = ["role", "user", "group", "admin", "database", ","]
  private static let powers: Set = ["superuser", "replication", "bypassrls", "createrole", "createdb"]
}

extension ScriptStatement {
  /// Whether it is about a user mapping of a foreign server, and not about a user who is called `mapping`.
  var isOfUserMapping: Bool {
    words.count > 3 && words[1] == "user" && words[2] == "mapping" && ["for", "if"].contains(words[3])
  }

  /// The last value that an option in parentheses has; nil where there is none of this name. Without a value it is on.
  fileprivate func option(_ name: String) -> Bool? {
    guard let first = tokens.first,
      let index = tokens.indices.dropFirst().last(where: {
        tokens[$0].text == name && ["(", ","].contains(tokens[$0 - 1].text)
      })
    else { return nil }
    guard let value = tokens[(index + 1)...].first(where: { $0.text != "=" }) else { return true }
    let text = self.text.utf8.dropFirst(value.start - first.start).drop {
      $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "\"")
    }
    let word = String(decoding: text.prefix(while: \.isOfName), as: UTF8.self).lowercased()
    return !["false", "off", "0"].contains(word)
  }
}
