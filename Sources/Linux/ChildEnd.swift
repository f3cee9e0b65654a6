internal import CLinux

/// How a program has ended.
package enum ChildEnd: Equatable, Sendable {
  /// By itself, with an exit status.
  case exited(Int32)
  /// By a signal.
  case killed(Int32)

  init(code: Int32) {
    let signal = Int(code) - POSTERN_SIGNALLED
    self = signal >= 0 ? .killed(Int32(signal)) : .exited(code)
  }

  /// Its exit status; 128 and the signal's number where a signal ended it, as in a shell.
  package var status: Int32 {
    switch self {
    case .exited(let status): status
    case .killed(let signal): 128 + signal
    }
  }

  /// For people, such as `it ended with 3`.
  package var message: String {
    switch self {
    case .exited(let status): "it ended with \(status)"
    case .killed(let signal): "it was ended by signal \(signal)"
    }
  }
}
