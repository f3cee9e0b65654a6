import Synchronization

/// Whether the user has asked for the end.
final class Interruption: Sendable {
  private let flag = Atomic(false)

  func happened() {
    flag.store(true, ordering: .relaxed)
  }

  var isOver: Bool { flag.load(ordering: .relaxed) }
}
