/// The options of the statements that `createuser` and `createdb` send.
extension ProgramArguments {
  /// Of CREATE USER, and whether all are read for sure.
  var userOptions: (sql: String, isRead: Bool) {
    let plain: Set = ["superuser", "createdb", "createrole", "login", "inherit", "replication", "bypassrls"]
    var isRead = true
    var sql = ""
    for (name, value) in options {
      switch name {
      case "connection-limit":
        if let limit = Int(value.text) { sql += " CONNECTION LIMIT \(limit)" } else { isRead = false }
      case "member-of", "role": sql += " IN ROLE \(Self.quoted(value.text))"
      case "with-member": sql += " ROLE \(Self.quoted(value.text))"
      case "with-admin": sql += " ADMIN \(Self.quoted(value.text))"
      case "valid-until": sql += " VALID UNTIL \(Self.literal(value.text))"
      case "pwprompt": sql += " PASSWORD ''"
      default:
        // `no-login` is NOLOGIN.
        let word = name.hasPrefix("no-") ? name.dropFirst(3) : name[...]
        if plain.contains(String(word)) { sql += (name.hasPrefix("no-") ? " NO" : " ") + word.uppercased() }
      }
    }
    return (sql, isRead)
  }

  /// Of CREATE DATABASE.
  var databaseOptions: String {
    let names: Set = ["owner", "template", "tablespace"]
    let literals: Set = [
      "encoding", "locale", "lc-collate", "lc-ctype", "locale-provider", "icu-locale", "icu-rules", "builtin-locale",
      "strategy",
    ]
    var sql = ""
    for (name, value) in options {
      let word = name.replacing("-", with: "_").uppercased()
      if names.contains(name) { sql += " \(word) \(Self.quoted(value.text))" }
      if literals.contains(name) { sql += " \(word) \(Self.literal(value.text))" }
    }
    return sql
  }

  static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
  static func literal(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}
