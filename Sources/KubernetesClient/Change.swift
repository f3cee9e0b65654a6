package import JSONBytes

/// What ``KubernetesClient/listAndWatch(_:_:)`` tells.
package enum Change: Equatable, Sendable {
  /// These are all objects now; what the consumer has beside them is gone. They bear no `apiVersion` and `kind`.
  case replaced([JSONValue])
  /// It is new, or changed.
  case changed(JSONValue)
  /// It is gone; as it was last.
  case deleted(JSONValue)
}
