/// Where the sidecar's status is asked for.
package enum StatusPortChoice: Equatable, Sendable {
  /// Nowhere: the readiness probe runs a program in the container.
  case none
  /// At this port.
  case number(Int)
}
