package import DatabaseSpec

/// The parameters by which a server shows or logs what a session sends, and the SQL that turns them off for a session
/// before it begins (PostgreSQL docs §20.8, and ALTER ROLE … IN DATABASE … SET).
package enum StatementLogging {
  /// A parameter, and the value with which nothing is shown.
  package struct Option: Equatable, Sendable {
    /// The parameter's name.
    package let name: String
    /// The value.
    package let value: String
  }

  /// A parameter without a meaning of its own, which marks the others as set by Postern.
  package static let mark = "postern.statement_logging"

  /// All of them. An error's own message may quote the statement, and so may what the server says of a session that it ends, so
  /// neither is logged; Postern reports them.
  package static let off: [Option] = [
    Option(name: "log_statement", value: "none"), Option(name: "log_min_error_statement", value: "panic"),
    Option(name: "log_min_messages", value: "panic"), Option(name: "log_min_duration_statement", value: "-1"),
    Option(name: "log_min_duration_sample", value: "-1"), Option(name: "log_duration", value: "off"),
    Option(name: "log_transaction_sample_rate", value: "0"), Option(name: "debug_print_parse", value: "off"),
    Option(name: "debug_print_rewritten", value: "off"), Option(name: "debug_print_plan", value: "off"),
    Option(name: "track_activities", value: "off"),
    // Of modules, where they are loaded: elsewhere the names mean nothing.
    Option(name: "pg_stat_statements.track", value: "none"), Option(name: "auto_explain.log_min_duration", value: "-1"),
    Option(name: "pgaudit.log", value: "none"), Option(name: "pg_stat_monitor.pgsm_track", value: "none"),
  ]

  /// Turns all of them off for the rest of the present transaction.
  package static let offInTransaction = off.map { "SET LOCAL \($0.name) = \(SQLText.literal($0.value))" }
    .joined(separator: "; ")

  /// Those of a role's settings in a database by which the server may show or log something. Nothing that is set
  /// elsewhere goes before them.
  package static func hindrances(_ settings: [RoleSetting]) -> [String] {
    settings.filter { setting in off.contains { setting.isOf($0.name) } && !isOff(setting) }.map({ $0.name })
  }

  /// Of a role's settings in a database, what ``begin(_:for:in:)`` has set, and a process that was killed has left; nil
  /// where nothing is left. What has another value is somebody else's.
  package static func leftOver(_ settings: [RoleSetting]) -> [Option]? {
    guard settings.contains(where: { $0.isOf(mark) }) else { return nil }
    return off.filter { option in settings.contains { $0.isOf(option.name) && (isOff($0) || isOffByBefore($0)) } }
  }

  private static func isOff(_ setting: RoleSetting) -> Bool {
    off.contains { setting.isOf($0.name) && setting.value.utf8.elementsEqual($0.value.utf8) }
  }

  /// Sidecars of before let the server log what it says of a session that it ends.
  private static func isOffByBefore(_ setting: RoleSetting) -> Bool {
    setting.isOf("log_min_messages") && setting.value.utf8.elementsEqual("fatal".utf8)
  }

  /// Those that are not set for a role in a database.
  package static func unset(_ settings: [RoleSetting]) -> [Option] {
    off.filter { option in !settings.contains { $0.isOf(option.name) } }
  }

  /// Turns parameters off for sessions of a role in a database that begin from now on, and sets the mark.
  package static func begin(_ options: [Option], for role: PostgresName, in database: PostgresName) -> [String] {
    let options = [Option(name: mark, value: "off")] + options
    return options.map { "\(alter(role, database)) SET \($0.name) = \(SQLText.literal($0.value))" }
  }

  /// Resets what ``begin(_:for:in:)`` has set.
  package static func end(_ options: [Option], for role: PostgresName, in database: PostgresName) -> [String] {
    (options.map({ $0.name }) + [mark]).map { "\(alter(role, database)) RESET \($0)" }
  }

  private static func alter(_ role: PostgresName, _ database: PostgresName) -> String {
    "ALTER ROLE \(id(role)) IN DATABASE \(id(database))"
  }
}
