package import Declarations

/// Amounts of CPU and memory; nil: not set.
package struct ResourceAmounts: Equatable, Sendable {
  package var cpu: ResourceQuantity?
  package var memory: ResourceQuantity?
}
