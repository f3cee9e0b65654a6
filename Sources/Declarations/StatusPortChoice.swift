import Contract

/// Where the sidecar's status can be read.
package enum StatusPortChoice: Equatable, Sendable {
  /// At no port: the readiness probe runs a program in the container.
  case none
  /// At this port.
  case number(Int)

  /// Nil for what is neither `none` nor a port that a process without rights can open.
  package init?(_ text: String) {
    if text == StatusPort.none {
      self = .none
    } else if let number = UInt16(text), number >= 1024 {
      self = .number(Int(number))
    } else {
      return nil
    }
  }
}
