import DatabaseSpec

/// A place: an annotation, the way to a part of its value, a line and a column.
struct Place: Equatable {
  var annotation: String
  var path = ValuePath.root
  var line: Int?
  var column: Int?

  func problem(_ reason: String, hint: String? = nil) -> DeclarationProblem {
    DeclarationProblem(
      annotation: annotation, path: path.text, line: line, column: column, reason: reason, hint: hint)
  }

  /// The place of a member: the same line and column, and a longer path.
  func member(_ key: String) -> Self {
    Self(annotation: annotation, path: .member(key, of: path), line: line, column: column)
  }

  func element(_ index: Int) -> Self {
    Self(annotation: annotation, path: .element(index, of: path), line: line, column: column)
  }

  func at(line: Int?, column: Int?) -> Self {
    Self(annotation: annotation, path: path, line: line, column: column)
  }

  /// The place for a message about another place in the same annotation: `[0].name (line 1)`.
  var short: String {
    (path == .root ? annotation : path.text) + (line.map { " (line \($0))" } ?? "")
  }
}

/// The way to a part of an annotation's value. Each part of a declaration has one, and few are shown: so the text is put
/// together where it is shown.
indirect enum ValuePath: Equatable, Sendable {
  case root
  case member(String, of: ValuePath)
  case element(Int, of: ValuePath)

  /// For people and programs: `[2].grants.orders`; empty for the whole.
  var text: String {
    switch self {
    case .root: return ""
    case .element(let index, let outer): return "\(outer.text)[\(index)]"
    case .member(let key, let outer):
      let isShort = !key.isEmpty && key.utf8.count <= PostgresName.maximumBytes
      let isPlain = isShort && key.utf8.allSatisfy(\.isOfName)
      return outer.text + (isPlain ? ".\(key)" : "[\(quoted(key))]")
    }
  }

  /// The same way into another entry of a list, where it leads into the first.
  func moved(to entry: Int) -> Self {
    switch self {
    case .root, .member(_, of: .root): self
    case .element(let index, of: .root): .element(index == 0 ? entry : index, of: .root)
    case .member(let key, let outer): .member(key, of: outer.moved(to: entry))
    case .element(let index, let outer): .element(index, of: outer.moved(to: entry))
    }
  }
}
