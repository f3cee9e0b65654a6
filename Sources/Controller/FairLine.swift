/// A queue in which the owners of keys take turns, so that an owner of many keys does not delay the others.
struct FairLine<Key: Sendable>: Sendable {
  /// Owners with keys, in the order of their turns. Those before `next` have had theirs.
  private var turns: [String] = []
  private var next = 0
  /// The waiting keys of each owner, with the first one at the end.
  private var keys: [String: [Key]] = [:]
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ key: Key, of owner: String) {
    if keys[owner] == nil { turns.append(owner) }
    keys[owner, default: []].insert(key, at: 0)
    count += 1
  }

  mutating func removeFirst() -> Key? {
    guard next < turns.count else { return nil }
    let owner = turns[next]
    next += 1
    if next > 64, next * 2 > turns.count {
      turns.removeFirst(next)
      next = 0
    }
    guard let key = keys[owner]?.popLast() else { return nil }
    count -= 1
    if keys[owner]?.isEmpty == true { keys[owner] = nil } else { turns.append(owner) }
    return key
  }
}
