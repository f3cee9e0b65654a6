/// What ``KubernetesClient/listAndWatch(_:as:_:)`` tells.
package enum Change<Item: Sendable>: Sendable {
  /// What is there is told anew. What the consumer has from before stays until ``listed``.
  case listing
  /// It is there: new, changed, or as it was.
  case present(Item)
  /// All that is there has been told since the last ``listing``; whatever else the consumer has is gone.
  case listed
  /// It is gone; as it was last.
  case deleted(Item)
}

extension Change: Equatable where Item: Equatable {}
