/// What has become of the newest declaration, once nothing more is to be waited for.
enum Ending: Equatable {
  /// Postgres, in all Pods that are wanted, holds it.
  case held
  /// It cannot become so by waiting: Postgres refuses a part of it, or it is no valid declaration.
  case refused

  /// Nil where it is still on its way.
  /// - Parameters:
  ///   - pods: the customer's Pods; none where the controller has not written the newest declaration.
  ///   - declared: the hash of what it has written.
  ///   - isComplete: whether as many Pods are ready as are wanted.
  init?(_ state: CustomerRow.State, pods: [SeenPod], declared: String?, isComplete: Bool) {
    // A condition may still be about the declaration before.
    func isNewest(_ pod: SeenPod) -> Bool {
      pod.condition?.declaration.map { declared?.hasPrefix($0) == true } ?? false
    }
    if [.conflict, .invalid].contains(state)
      || pods.contains(where: { $0.condition?.reason == "Failing" && isNewest($0) })
    {
      self = .refused
    } else if state >= .noService, isComplete, !pods.isEmpty, pods.allSatisfy(isNewest) {
      self = .held
    } else {
      return nil
    }
  }
}

extension Ending {
  /// What a wait for all these customers ends with; nil where one of them is still on its way.
  static func of(_ rows: [CustomerRow]) -> Ending? {
    let endings = rows.compactMap(\.ending)
    guard endings.count == rows.count else { return nil }
    return endings.contains(.refused) ? .refused : .held
  }
}
