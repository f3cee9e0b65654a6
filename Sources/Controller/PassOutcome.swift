/// How the work on an instance came out. What the queue does next with it, and what is counted, follow from it.
enum PassOutcome: String, Sendable {
  /// All was as it should be.
  case unchanged
  /// Something was written.
  case changed
  /// Something failed; it is tried again.
  case failed = "error"
  /// Scripts are being looked at; there is another pass when they are.
  case waiting
  /// There is no room for scripts to be looked at; it is tried again.
  case crowded
  /// This replica leads no more; the next leader looks at every instance.
  case stopped

  /// What the queue is to do with the instance.
  var next: WorkQueue<CustomerKey>.Result {
    switch self {
    case .unchanged, .waiting, .stopped: .done
    case .changed: .changed
    case .failed, .crowded: .failed
    }
  }
}
