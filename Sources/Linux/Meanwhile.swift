internal import CLinux

/// What a program with one thread handles while it waits for something else. There is at most one handler, and it must
/// be set before the first wait.
package enum Meanwhile {
  private nonisolated(unsafe) static var watched: (descriptor: Int32, see: () -> Void)?

  /// From now on every wait of this module calls `see` whenever the descriptor can be read. `see` must not wait itself.
  package static func see(to descriptor: Int32, _ see: @escaping () -> Void) { unsafe watched = (descriptor, see) }

  /// The descriptor; -1 where there is none.
  static var descriptor: Int32 { unsafe watched?.descriptor ?? -1 }

  /// Calls the handler.
  static func see() { unsafe watched?.see() }
}
