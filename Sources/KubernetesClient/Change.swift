/// What ``KubernetesClient/listAndWatch(_:as:_:)`` reports.
package enum Change<Item: Sendable>: Sendable {
  /// A new list begins. The consumer keeps what it has until ``listed``.
  case listing
  /// The object exists: it is new, changed, or unchanged since the last list.
  case present(Item)
  /// The list is complete. Every object that was not reported since the last ``listing`` is gone.
  case listed
  /// The object is gone. This is its last state.
  case deleted(Item)
}

extension Change: Equatable where Item: Equatable {}
