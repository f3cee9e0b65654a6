import DatabaseSpec
import LibPQ
import Provisioning

extension Failure {
  /// What to do where the server's own hint would mislead, or is missing.
  static func advice(_ item: Item, _ error: PostgresError) -> String? {
    switch item {
    case .script:
      guard error.isServer(SQLState.activeSQLTransaction) else { return nil }
      return "let the script say `transaction: false`, and hold nothing but this"
    case .extension(let name, let database):
      // The server says CREATE EXTENSION … CASCADE, which nobody can declare.
      guard error.isServer(SQLState.undefinedObject), let needed = quotedName(in: error.message) else { return nil }
      return "declare the extension \(needed) in \(database.text) as well, before \(name.text)"
    default: return nil
    }
  }

  /// What stands between the first double quotes.
  private static func quotedName(in text: String) -> String? {
    let parts = text.utf8.split(separator: UInt8(ascii: "\""), maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? String(decoding: parts[1], as: UTF8.self) : nil
  }
}

extension PostgresError {
  /// The server's DETAIL, if it names objects or sessions. With other classes of SQLSTATE it quotes rows, which only
  /// the customer may see.
  var detailWithoutRows: String? {
    guard let detail, let sqlState else { return nil }
    let tellable = ["0A", "25", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"]
    return tellable.contains { sqlState.utf8.starts(with: $0.utf8) } ? detail : nil
  }
}
