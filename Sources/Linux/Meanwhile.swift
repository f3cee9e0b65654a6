internal import CLinux

/// What the one thread of a program sees to while it waits for something else. There is one such thing at most, and it is
/// set before the first wait.
package enum Meanwhile {
  private nonisolated(unsafe) static var watched: (descriptor: Int32, see: () -> Void)?

  /// From now on every wait of this module calls `see` whenever a descriptor can be read. It must not wait itself.
  package static func see(to descriptor: Int32, _ see: @escaping () -> Void) { unsafe watched = (descriptor, see) }

  /// The descriptor; -1 where there is none.
  static var descriptor: Int32 { unsafe watched?.descriptor ?? -1 }

  /// Sees to it.
  static func see() { unsafe watched?.see() }
}
