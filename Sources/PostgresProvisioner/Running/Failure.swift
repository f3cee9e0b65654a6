import LibPQ
import Provisioning

/// An item that failed while the server was read or changed.
struct Failure {
  var item: Item
  var problem: ItemProblem
  /// Whether another session changed the same object at the same time, so that it may be enough to read again. Errors
  /// of a script never count as this.
  var isRace = false
  /// Whether a connection ended, perhaps because Postgres ended.
  var isDisconnection = false

  init(_ item: Item, _ error: PostgresError, place: String? = nil, hint suggestion: String? = nil) {
    self.item = item
    let prefix = place.map { "\($0): " } ?? ""
    var message = prefix + error.message
    if let detail = error.detailWithoutRows { message += " (\(detail))" }
    let holders = error.lockHolders.map { ": the lock is held by \($0)" } ?? ""
    message += holders
    let advice = Self.advice(item, error)
    var hint = error.hint ?? suggestion
    if error.isOfUnpinnedFunction, !item.isScript {
      hint =
        "the server called a function of this database, such as an event trigger's, which finds nothing by an "
        + "unqualified name while Postern is at work: ALTER FUNCTION … SET search_path"
    }
    // Postern's own statements raise none.
    let isRefused = error.isServer(SQLState.raiseException) && !item.isScript
    let refusal =
      isRefused
      ? "a function of this database, such as an event trigger's, refuses that: let it pass what the superuser does"
      : nil
    hint = hint ?? refusal
    problem = ItemProblem(
      item: item.description, message: Self.oneLine(message), sqlState: error.sqlState,
      hint: (advice ?? hint).map(Self.oneLine))
    if item.isScript || error.context != nil, let sqlState = error.sqlState {
      problem.told = .init(
        message: "\(prefix)\(Self.cause(sqlState))\(holders); \(Self.wordsPlace)",
        hint: advice ?? suggestion ?? refusal)
    }
    isDisconnection = error.isDisconnection
    if item.isScript { return }
    isRace =
      error.isServer(
        SQLState.uniqueViolation, SQLState.duplicateDatabase, SQLState.duplicateObject, SQLState.undefinedObject,
        SQLState.invalidCatalogName, SQLState.deadlockDetected, SQLState.serializationFailure)
      || error.isServer(SQLState.internalError) && error.message.utf8.starts(with: "tuple concurrently".utf8)
  }

  private static func cause(_ sqlState: String) -> String {
    "SQLSTATE \(sqlState)\(SQLState.condition(sqlState).map { ", \($0)" } ?? "")"
  }

  private static let wordsPlace = "the server's words are in the sidecar's log"

  /// What anybody may see of a login that the server refused: not the words of a function that runs at logins.
  static func told(ofLogin error: PostgresError) -> String {
    guard error.context != nil, let sqlState = error.sqlState else { return error.description }
    return "\(cause(sqlState)), in a function that runs at a login; \(wordsPlace)"
  }

  private static func oneLine(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
  }
}

extension Item {
  fileprivate var isScript: Bool { if case .script = self { true } else { false } }
}

extension PostgresError {
  /// The error without what the server quotes of statements and rows. The SQLSTATE still shows the kind of error.
  var withoutWords: PostgresError {
    guard let sqlState else { return self }
    var error = self
    error.message =
      "the server refuses this statement (SQLSTATE \(sqlState)); its words are not shown: the script is a Secret's"
    error.detail = nil
    error.hint = nil
    return error
  }

  /// Whether rows, or a trigger that looks at them, are not as they must be.
  var isOfRows: Bool {
    ["23", "P0"].contains { sqlState?.utf8.starts(with: $0.utf8) == true }
  }

  /// Whether a function did not find an object that it names. Postern's own statements call no such functions.
  fileprivate var isOfUnpinnedFunction: Bool {
    guard let context,
      context.utf8.starts(with: "PL/pgSQL function".utf8) || context.utf8.starts(with: "SQL function".utf8)
    else { return false }
    return isServer(
      SQLState.undefinedTable, SQLState.undefinedFunction, SQLState.undefinedObject, SQLState.invalidSchemaName)
  }

  /// Whether the connection ended; otherwise a statement or a login was refused.
  var isDisconnection: Bool {
    guard sqlState != nil else { return kind == .connection }
    return isServer(SQLState.adminShutdown, SQLState.crashShutdown, SQLState.cannotConnectNow)
  }
}
