/// Where the sidecar's status can be read.
package enum StatusPortChoice: Equatable, Sendable {
  /// At no port: the readiness probe runs a program in the container.
  case none
  /// At this port.
  case number(Int)
}
