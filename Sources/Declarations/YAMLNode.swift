/// A value in an annotation's YAML, without tags, with aliases resolved, and with its place. A class, because it is handed
/// on, and copies would retain every part of it.
final class YAMLNode {
  enum Content {
    /// An empty value, `~` or `null`.
    case null
    /// A scalar's text, and whether it is written without quotes.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Member])
  }

  struct Member {
    let key: String
    /// The place of the key.
    let place: Place
    let value: YAMLNode
  }

  let content: Content
  let place: Place

  init(content: Content, place: Place) {
    self.content = content
    self.place = place
  }

  /// The kind of value, for messages. It never contains the text, which may be a password.
  var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// For a value that is not a list, the list that may be meant: one entry, or a mapping from names to entries. A value
  /// after a name that is not a mapping is left out, because it may be a password.
  var elementsMeant: [YAMLNode] {
    switch content {
    case .null, .sequence: return []
    case .scalar: return [self]
    case .mapping(let members):
      guard !members.contains(where: { $0.key == "name" }) else { return [self] }
      return members.map { member in
        let name = YAMLNode(content: .scalar(member.key, isPlain: false), place: member.place)
        guard case .mapping(let others) = member.value.content else { return name }
        let named = Member(key: "name", place: member.place, value: name)
        return YAMLNode(content: .mapping([named] + others), place: member.place)
      }
    }
  }
}

/// The values of a mapping by those of its keys that are known. They are a dozen at most, so they are found by looking at
/// each.
struct KnownMembers {
  private var members: [(key: String, value: YAMLNode)] = []

  init(capacity: Int) {
    members.reserveCapacity(capacity)
  }

  subscript(key: String) -> YAMLNode? { members.first { $0.key == key }?.value }

  /// Adds the value of a key that is not there yet.
  mutating func add(_ key: String, _ value: YAMLNode) { members.append((key, value)) }
}
