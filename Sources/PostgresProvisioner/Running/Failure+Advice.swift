import DatabaseSpec
import LibPQ
import Provisioning

extension Failure {
  /// What to do where the server's own hint would mislead, or is missing.
  static func advice(_ item: Item, _ error: PostgresError) -> String? {
    if error.isServer(SQLState.untranslatableCharacter) {
      return
        "a name or text is not to be written in the database's encoding: take ASCII for it, or UTF8 for the database"
    }
    if error.isOfFullServer { return "raise max_connections, or end sessions: it is done when one is free" }
    // Postern's own statements name no other tables than those of its records.
    if error.isServer(SQLState.undefinedTable, SQLState.undefinedColumn), error.context == nil {
      switch item {
      case .server:
        return
          "the schema postern in postgres is not as Postern made it: put back what is missing, or ALTER SCHEMA postern "
          + "RENAME TO postern_old, so that it is made anew; all roles then count as found, not as made by Postern"
      case .database(let name):
        return
          "the schema postern in \(name.text) is not as Postern made it: put back what is missing; in a new one no "
          + "script would be known to have run"
      default: break
      }
    }
    switch item {
    case .server, .database: return error.libraryAdvice
    case .script:
      if error.isServer(SQLState.insufficientPrivilege) {
        return
          "scripts run as the database's owner, who is no superuser: declare users, memberOf, grants, extensions and "
          + "schemas; what is another role's, a superuser has to give to the owner; where the owner has a setting `role` "
          + "(ALTER ROLE … SET role), that role's rights count"
      }
      if error.isServer(SQLState.invalidSchemaName) {
        return
          "declare the schema, or name one that is there and that the owner may use: what is made without a schema's name "
          + "goes to the first such of its search_path"
      }
      if error.isServer(SQLState.unsafeNewEnumValue) {
        return
          "let a script of its own, before this one, add the value: the server lets nobody use it before it is committed"
      }
      guard error.isServer(SQLState.activeSQLTransaction, SQLState.invalidTransactionTermination) else { return nil }
      return "let the script say `transaction: false`, and hold nothing but this"
    case .membership(let member, let role):
      guard error.isServer(SQLState.invalidGrantOperation) else { return nil }
      return
        "\(role.text) is a member of \(member.text) already, maybe by way of others: REVOKE "
        + "\(SQLText.identifier(member)) FROM \(SQLText.identifier(role)), or take \(role.text) out of memberOf"
    case .extension(let name, let database):
      guard let named = quotedName(in: error.message) else { return nil }
      // The server suggests CREATE EXTENSION … CASCADE, which a declaration cannot express.
      if error.isServer(SQLState.undefinedObject), error.message.utf8.starts(with: "required extension".utf8) {
        return "declare the extension \(named) in \(database.text) as well, before \(name.text)"
      }
      if error.isServer(SQLState.invalidSchemaName) {
        return "declare the schema \(named) in \(database.text) as well"
      }
      if error.isServer(SQLState.invalidParameterValue) {
        return "declare a version that pg_extension_update_paths('\(name.text)') leads to from the present one, or none"
      }
      return nil
    default: return nil
    }
  }

  /// What to do where the owner of a script is not let in.
  /// - Parameters:
  ///   - user: the owner, where it is declared.
  ///   - database: the database that it owns.
  static func loginAdvice(_ error: PostgresError, _ user: User?, in database: PostgresName, hasPassword: Bool)
    -> String?
  {
    guard error.context == nil else {
      return "scripts run as the owner: what runs at its login, such as an event trigger's function, must let it in"
    }
    guard hasPassword else { return "the owner's password is not in the volume yet: scripts run as the owner" }
    if error.isServer(SQLState.tooManyConnections), !error.isOfFullServer {
      return "scripts run as the owner: its connectionLimit, and that of \(database.text), must leave it a session"
    }
    if error.isServer(SQLState.invalidPassword), user?.validUntil != nil {
      return "scripts run as the owner, whose password is good up to its validUntil only"
    }
    if error.isServer(SQLState.invalidAuthorization) {
      return "scripts run as the owner: pg_hba.conf must let it in from loopback"
    }
    return nil
  }

  /// The text between the first two double quotes.
  private static func quotedName(in text: String) -> String? {
    let parts = text.utf8.split(separator: UInt8(ascii: "\""), maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? String(decoding: parts[1], as: UTF8.self) : nil
  }
}

extension PostgresError {
  /// Whether the server has no connection left; otherwise it is a role's or a database's own limit.
  var isOfFullServer: Bool {
    context == nil && isServer(SQLState.tooManyConnections) && !says("too many connections for")
  }

  /// The server's DETAIL, if it names objects or sessions. With other classes of SQLSTATE it quotes rows, which only
  /// the customer may see.
  var detailWithoutRows: String? {
    guard let detail, let sqlState else { return nil }
    let tellable = ["0A", "25", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"]
    return tellable.contains { sqlState.utf8.starts(with: $0.utf8) } ? detail : nil
  }
}
