/// Why a text is no YAML, or more of it than is read. It never contains the text, which may hold passwords.
package struct YAMLError: Error, Equatable {
  /// What kind of problem it is.
  package enum Kind: Sendable {
    /// The text breaks YAML's grammar (YAML 1.1, chapters 4 to 9).
    case syntax
    /// The text has a character that YAML does not allow (YAML 1.1, 4.1).
    case character
    /// An alias has no anchor above it.
    case undefinedAlias
    /// There is a second document where one is expected.
    case secondDocument
    /// There are more values, or they are nested deeper, than the reader was told to take.
    case tooMany, tooDeep
    /// Memory is exhausted.
    case memory
  }

  package var kind: Kind
  /// What is wrong, in libyaml's words where it found the problem.
  package var problem: String
  /// What libyaml was doing, such as `while parsing a block mapping`.
  package var context: String?
  /// Where the problem is.
  package var mark: YAMLMark

  package init(_ kind: Kind, _ problem: String, context: String? = nil, at mark: YAMLMark) {
    self.kind = kind
    self.problem = problem
    self.context = context
    self.mark = mark
  }
}
