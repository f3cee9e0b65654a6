import Synchronization

/// Whether the user has asked the command to end.
final class Interruption: Sendable {
  private let flag = Atomic(false)

  func happened() {
    flag.store(true, ordering: .relaxed)
  }

  var isOver: Bool { flag.load(ordering: .relaxed) }
}
