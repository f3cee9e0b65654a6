internal import CLinux

/// A limit to what libraries in C allocate, which report where they cannot. Swift itself would end the process.
package enum MemoryLimit {
  private nonisolated(unsafe) static var isInUse = false

  /// From now on ``hold(further:_:)`` limits. The limit is the process's, so this is for programs with one thread.
  package static func use() { unsafe isInUse = true }

  /// Calls `body`, in which allocations fail that need more than so many further bytes. It must allocate nothing in Swift.
  package static func hold<Value>(further bytes: Int, _ body: () -> Value) -> Value {
    guard unsafe isInUse else { return body() }
    let before = postern_limit_memory(UInt64(bytes))
    defer { postern_end_memory_limit(before) }
    return body()
  }
}
