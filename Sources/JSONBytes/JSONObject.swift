/// The members of a JSON object, in order. Keys are compared by their bytes, as in Kubernetes; Swift's `==` on strings
/// treats canonically equivalent strings as equal.
package struct JSONObject: Equatable, Sendable {
  /// One member.
  package struct Member: Sendable {
    /// Its key, unescaped.
    package let key: String
    /// Its value.
    package var value: JSONValue
  }

  /// All members, in order.
  package private(set) var members: [Member] = []
  /// The index of each member, once there are many. With few members it is faster to look at each.
  private var places: [KeyBytes: Int] = [:]

  /// From this number of members on, ``places`` is used.
  private static let manyMembers = 16

  /// An object without members.
  package init() {}

  /// A member's value. Setting it keeps the member's place; setting nil removes the member.
  package subscript(key: String) -> JSONValue? {
    get { index(of: key).map { members[$0].value } }
    set {
      switch (index(of: key), newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil):
        members.remove(at: index)
        places = [:]
        indexMembers()
      case (nil, let value?):
        members.append(Member(key: key, value: value))
        if places.isEmpty { indexMembers() } else { places[KeyBytes(key)] = members.count - 1 }
      case (nil, nil): break
      }
    }
  }

  private mutating func indexMembers() {
    guard members.count >= Self.manyMembers else { return }
    for (index, member) in members.enumerated() { places[KeyBytes(member.key)] = index }
  }

  private func index(of key: String) -> Int? {
    places.isEmpty ? members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) } : places[KeyBytes(key)]
  }

  /// Whether both have the same members, in any order.
  package static func == (left: Self, right: Self) -> Bool {
    left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }
}

/// A key as its bytes.
private struct KeyBytes: Hashable {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
