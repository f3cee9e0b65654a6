/// SQL that runs once in a database, as the database's owner.
package struct Script: Equatable, Sendable {
  /// When it runs again.
  package enum Rerun: String, CaseIterable, Sendable {
    case never
    /// When its content changes.
    case onChange = "on-change"
  }

  /// The place of its text.
  package enum Content: Equatable, Sendable {
    /// In the declaration.
    case inline(String)
    /// In a ConfigMap of the Pod's namespace.
    case configMap(ObjectKey)
    /// In a Secret of the Pod's namespace.
    case secret(ObjectKey)
    /// In a file beside `spec.json`. `sha256` is the hash of its bytes, in lower-case hexadecimal.
    case file(name: String, sha256: String)
  }

  /// The name under which its database records it, with the hash of its content.
  package var name: String
  /// The place of its text.
  package var content: Content
  /// When it runs again.
  package var rerun: Rerun
  /// Whether it runs in one transaction with the row that records it.
  package var transaction: Bool
  /// The most seconds that it may run; 0 for no limit.
  package var timeout: Int
  /// Whether the text of a file came from a Secret. Then no word of it is shown, whatever happens.
  package var isConfidential = false

  /// Ten minutes, where none is declared.
  package static let defaultTimeout = 600
  /// A week.
  package static let maximumTimeout = 604_800

  /// A script with these values.
  package init(
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
package struct ObjectKey: Hashable, Sendable {
  /// The object's `metadata.name`, in the Pod's namespace.
  package var name: String
  /// The key under `data`.
  package var key: String

  /// The key `key` of the object `name`.
  package init(name: String, key: String) {
    self.name = name
    self.key = key
  }
}
