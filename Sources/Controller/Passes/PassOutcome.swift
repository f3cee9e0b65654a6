/// The result of a pass over an instance. The queue's next action and the metrics follow from it.
enum PassOutcome: String, Sendable {
  /// Everything was as it should be.
  case unchanged
  /// Something was written.
  case changed
  /// Something failed. It will be tried again.
  case failed = "error"
  /// Scripts are being checked. Another pass runs when their verdicts are known.
  case waiting
  /// There is no room to check scripts now. It will be tried again.
  case crowded
  /// This replica no longer leads. The next leader checks every instance.
  case stopped

  /// What the queue must do with the instance.
  var next: WorkQueue<CustomerKey>.Result {
    switch self {
    case .unchanged, .changed, .waiting, .stopped: .done
    case .failed, .crowded: .failed
    }
  }
}
