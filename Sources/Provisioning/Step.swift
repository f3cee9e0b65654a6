package import DatabaseSpec

/// One step of a plan: it is done wholly or not at all, unless it is a script that says otherwise.
package struct Step: Equatable, Sendable {
  /// What is run.
  package enum Work: Equatable, Sendable {
    /// By the superuser, in one transaction.
    case transaction([SQLStatement])
    /// By the superuser, outside of any transaction (CREATE DATABASE; PostgreSQL docs say so of each such command).
    case alone(SQLStatement)
    /// By the owner of the database, on a connection logged in as the owner.
    case script(ScriptRun)
  }

  /// The item that fails when the step does.
  package var item: Item
  /// The items without which the step is not tried.
  package var requires: [Item]
  /// The database that it runs in.
  package var database: PostgresName
  /// What is run there.
  package var work: Work
  /// What it does, in a few words for people, such as `create role`.
  package var title: String
  /// What it does that to, and how.
  package var details: [Detail]
  /// Whether it only keeps Postern's own records, and so is not worth a line.
  package var isBookkeeping: Bool

  /// A step of these parts.
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

  /// The step in one line, such as `create role name=shop`.
  package var summary: String {
    details.reduce(into: title) { line, detail in line += " \(detail.key)=\(detail.value)" }
  }

  /// The SQL of the step, redacted, as `postern plan` prints it.
  package var lines: [String] {
    let heading = "-- \(summary) (database \(database.text))"
    switch work {
    case .transaction(let statements):
      return [heading, "BEGIN;"] + statements.map { "\($0);" } + ["COMMIT;"]
    case .alone(let statement):
      return [heading, "\(statement);"]
    case .script(let run):
      return [heading, "-- \(run.statements.count) statements as \(run.owner.text)"]
    }
  }
}

/// A key and a value of a log line.
package struct Detail: Equatable, Sendable {
  /// The key, a word.
  package var key: String
  /// The value, as it is.
  package var value: String

  /// `key=value`.
  package init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// A script that is to run.
package struct ScriptRun: Equatable, Sendable {
  /// What it is recorded as, in its database.
  package var name: String
  /// SHA-256 of its bytes, in lower-case hexadecimal.
  package var sha256: String
  /// The role that it runs as.
  package var owner: PostgresName
  /// Whether it runs in one transaction with the row that records it.
  package var isTransaction: Bool
  /// After how many seconds it is ended; 0 for never.
  package var timeout: Int
  /// Whether no word of it is to be told: its text came from a Secret.
  package var isConfidential = false
  /// Its statements, in order.
  package var statements: [ScriptStatement]
}
