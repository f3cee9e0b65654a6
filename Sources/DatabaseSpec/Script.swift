/// SQL that is run once in a database, as its owner.
public struct Script: Equatable, Sendable {
  /// When it runs again.
  public enum Rerun: String, CaseIterable, Sendable {
    case never
    /// When its content has changed.
    case onChange = "on-change"
  }

  /// Where its text is.
  public enum Content: Equatable, Sendable {
    /// In the declaration.
    case inline(String)
    /// In a ConfigMap of the Pod's namespace.
    case configMap(ObjectKey)
    /// In a Secret of the Pod's namespace.
    case secret(ObjectKey)
    /// In a file beside `spec.json`; `sha256` is that of its bytes, in lower-case hexadecimal.
    case file(name: String, sha256: String)
  }

  /// What it is known by in its database, with the hash of its content.
  public var name: String
  /// Where its text is.
  public var content: Content
  /// When it runs again.
  public var rerun: Rerun
  /// Whether it runs in one transaction with the row that records it.
  public var transaction: Bool
  /// After how many seconds it is ended; 0 for never.
  public var timeout: Int
  /// Whether the text of a file came from a Secret: then no word of it is told, whatever becomes of it.
  public var isConfidential = false

  /// Ten minutes, for a script that does not say.
  public static let defaultTimeout = 600
  /// A week.
  public static let maximumTimeout = 604_800

  /// A script of these parts.
  public init(
    name: String, content: Content, rerun: Rerun = .never, transaction: Bool = true, timeout: Int = defaultTimeout
  ) {
    self.name = name
    self.content = content
    self.rerun = rerun
    self.transaction = transaction
    self.timeout = timeout
  }
}

/// A key of a ConfigMap or Secret, by the object's name.
public struct ObjectKey: Hashable, Sendable {
  /// The object's `metadata.name`, in the Pod's namespace.
  public var name: String
  /// The key under `data`.
  public var key: String

  /// The key `key` of the object `name`.
  public init(name: String, key: String) {
    self.name = name
    self.key = key
  }
}
