import Instances
import Synchronization

/// How many bytes of values a pass may keep, so that one customer's references cannot fill the memory that all share.
final class ByteBudget: Sendable {
  private struct State {
    var left: Int
    /// The bytes of each object. One that is read again, such as with a list that broke off, takes the other's place.
    var taken: [String: Int] = [:]
  }

  private let state: Mutex<State>

  init(_ bytes: Int) { state = Mutex(State(left: bytes)) }

  /// Whether the values have exceeded the budget.
  var isExceeded: Bool { state.withLock { $0.left < 0 } }

  /// Whether the values of this object may be kept.
  func take(_ object: LiveObject) -> Bool {
    let bytes = object.data.values.reduce(0) { $0 + $1.count }
    return state.withLock { state in
      let before = state.taken.updateValue(bytes, forKey: "\(object.kind) \(object.name)") ?? 0
      state.left += before - bytes
      return state.left >= 0
    }
  }
}
