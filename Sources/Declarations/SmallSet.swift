/// A set that compares its elements one by one while they are few, as most declarations' names are, and hashes them when
/// they are many.
struct SmallSet<Element: Hashable> {
  private static var few: Int { 16 }
  /// All elements while they are few.
  private var listed: [Element] = []
  private var hashed: Set<Element> = []

  func contains(_ element: Element) -> Bool {
    hashed.isEmpty ? listed.contains(element) : hashed.contains(element)
  }

  /// Returns whether the element is new.
  mutating func insert(_ element: Element) -> Bool {
    guard hashed.isEmpty else { return hashed.insert(element).inserted }
    guard !listed.contains(element) else { return false }
    listed.append(element)
    if listed.count > Self.few {
      hashed = Set(listed)
      listed = []
    }
    return true
  }
}
