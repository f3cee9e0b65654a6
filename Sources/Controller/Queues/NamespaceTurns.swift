/// When each namespace had its last turn, so that the one that has waited longest comes next.
struct NamespaceTurns: Sendable {
  /// Beyond this number, all are forgotten.
  private static let maximum = 10_000

  private var turns: [String: Int] = [:]
  private var last = 0

  /// The number of a namespace's last turn: less for an earlier one, 0 where it has had none.
  subscript(namespace: String) -> Int { turns[namespace] ?? 0 }

  /// A namespace has its turn.
  mutating func take(_ namespace: String) {
    last += 1
    if turns.count > Self.maximum { turns = [:] }
    turns[namespace] = last
  }
}
