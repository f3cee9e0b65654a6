/// A queue in which the owners of keys take turns, so that an owner of many keys does not delay the others.
struct FairLine<Key: Sendable>: Sendable {
  /// Owners with keys, in the order of their turns.
  private var turns = Line<String>()
  /// The waiting keys of each owner.
  private var keys: [String: Line<Key>] = [:]
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ key: Key, of owner: String) {
    if keys[owner] == nil { turns.append(owner) }
    keys[owner, default: Line()].append(key)
    count += 1
  }

  /// - Parameter passed: an owner who is passed over, and keeps the turn.
  mutating func removeFirst(passing passed: String? = nil) -> Key? {
    guard var owner = turns.removeFirst() else { return nil }
    if owner == passed {
      let other = turns.removeFirst()
      turns.insertFirst(owner)
      guard let other else { return nil }
      owner = other
    }
    guard let key = keys[owner]?.removeFirst() else { return nil }
    count -= 1
    if keys[owner]?.isEmpty == true { keys[owner] = nil } else { turns.append(owner) }
    return key
  }
}

/// A queue that takes as long for the last element as for the first, however many there are.
private struct Line<Element: Sendable>: Sendable {
  private var elements: [Element] = []
  /// Those before it have been removed.
  private var next = 0

  var isEmpty: Bool { next == elements.count }

  mutating func append(_ element: Element) { elements.append(element) }

  /// Gives back the element that was removed last, or before the last.
  mutating func insertFirst(_ element: Element) {
    if next > 0 {
      next -= 1
      elements[next] = element
    } else {
      elements.insert(element, at: 0)
    }
  }

  mutating func removeFirst() -> Element? {
    guard next < elements.count else { return nil }
    let element = elements[next]
    next += 1
    if next > 64, next * 2 > elements.count {
      elements.removeFirst(next)
      next = 0
    }
    return element
  }
}
