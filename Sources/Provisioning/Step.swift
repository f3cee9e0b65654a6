package import DatabaseSpec

/// One step of a plan. It is done completely or not at all, except a script that is declared without a transaction.
package struct Step: Equatable, Sendable {
  /// What the step runs.
  package enum Work: Equatable, Sendable {
    /// Run by the superuser in one transaction.
    case transaction([SQLStatement])
    /// Run by the superuser outside of a transaction (CREATE DATABASE and other commands for which the PostgreSQL docs
    /// require it).
    case alone(SQLStatement)
    /// Run on a connection of the database's owner.
    case script(ScriptRun)
  }

  /// The item that fails if the step fails.
  package var item: Item
  /// The items that must have succeeded; otherwise the step is not tried.
  package var requires: [Item]
  /// The database in which it runs.
  package var database: PostgresName
  /// What the step runs.
  package var work: Work
  /// What it does, in a few words for people, such as `create role`.
  package var title: String
  /// The objects and settings of the step.
  package var details: [Detail]
  /// Whether it only changes Postern's own records, so that it needs no log line.
  package var isBookkeeping: Bool

  /// A step with these values.
  package init(
    _ title: String, _ details: [Detail] = [], for item: Item, requires: [Item] = [], in database: PostgresName,
    _ work: Work, isBookkeeping: Bool = false
  ) {
    self.item = item
    self.requires = requires
    self.database = database
    self.work = work
    self.title = title
    self.details = details
    self.isBookkeeping = isBookkeeping
  }

  /// Whether it must be the first that a session does (TimescaleDB docs, "Upgrade").
  package var needsOwnSession: Bool {
    if case .extension = item, case .alone = work { true } else { false }
  }

  /// The step in one line, such as `create role name=shop`.
  package var summary: String {
    details.reduce(into: title) { line, detail in line += " \(detail.key)=\(detail.value)" }
  }

  /// The SQL of the step, redacted, as `postern plan` prints it. A name may hold what ends a line, and so the comment.
  package var lines: [String] {
    let heading = SQLText.comment("\(summary) (database \(database.text))")
    switch work {
    case .transaction(let statements):
      return [heading, "BEGIN;"] + statements.map { "\($0);" } + ["COMMIT;"]
    case .alone(let statement):
      return [heading, "\(statement);"]
    case .script(let run):
      return [heading, SQLText.comment("\(run.statements.count) statements as \(run.owner.text)")]
    }
  }
}

/// A key and a value in a log line.
package struct Detail: Equatable, Sendable {
  /// The key, a word.
  package var key: String
  /// The value, unchanged.
  package var value: String

  /// `key=value`.
  package init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// A script that must run.
package struct ScriptRun: Equatable, Sendable {
  /// The name under which its database records it.
  package var name: String
  /// SHA-256 of its bytes, in lower-case hexadecimal.
  package var sha256: String
  /// The role that it runs as.
  package var owner: PostgresName
  /// Whether it runs in one transaction with the row that records it.
  package var isTransaction: Bool
  /// The most seconds that it may run; 0 for no limit.
  package var timeout: Int
  /// Whether no word of it may be shown, because its text came from a Secret.
  package var isConfidential = false
  /// Its statements, in order.
  package var statements: [ScriptStatement]
}
