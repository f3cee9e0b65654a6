public import DatabaseSpec

/// One step of a plan: it is done wholly or not at all, unless it is a script that says otherwise.
public struct Step: Equatable, Sendable {
  /// What is run.
  public enum Work: Equatable, Sendable {
    /// By the superuser, in one transaction.
    case transaction([SQLStatement])
    /// By the superuser, outside of any transaction (CREATE DATABASE; PostgreSQL docs say so of each such command).
    case alone(SQLStatement)
    /// By the owner of the database, on a connection logged in as the owner.
    case script(ScriptRun)
  }

  /// The item that fails when the step does.
  public var item: Item
  /// The items without which the step is not tried.
  public var requires: [Item]
  /// The database that it runs in.
  public var database: PostgresName
  /// What is run there.
  public var work: Work
  /// What it does, in a few words for people, such as `create role`.
  public var title: String
  /// What it does that to, and how.
  public var details: [Detail]
  /// Whether it only keeps Postern's own records, and so is not worth a line.
  public var isBookkeeping: Bool

  /// A step of these parts.
  public init(
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
  public var summary: String {
    details.reduce(into: title) { line, detail in line += " \(detail.key)=\(detail.value)" }
  }

  /// The SQL of the step, redacted, as `postern plan` prints it.
  public var lines: [String] {
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
public struct Detail: Equatable, Sendable {
  /// The key, a word.
  public var key: String
  /// The value, as it is.
  public var value: String

  /// `key=value`.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// A script that is to run.
public struct ScriptRun: Equatable, Sendable {
  /// What it is recorded as, in its database.
  public var name: String
  /// SHA-256 of its bytes, in lower-case hexadecimal.
  public var sha256: String
  /// The role that it runs as.
  public var owner: PostgresName
  /// Whether it runs in one transaction with the row that records it.
  public var isTransaction: Bool
  /// After how many seconds it is ended; 0 for never.
  public var timeout: Int
  /// Whether no word of it is to be told: its text came from a Secret.
  public var isConfidential = false
  /// Its statements, in order.
  public var statements: [ScriptStatement]
}
