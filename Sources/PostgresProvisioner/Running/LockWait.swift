/// How long a statement has been running, and who holds the lock that it may be waiting for.
struct LockWait {
  /// For how many seconds or so the server has been executing it.
  var ticks = 0
  /// Who holds the lock, each in words.
  var holders: [String] = []

  /// Whether to ask who holds the lock: often at first, because a statement waits only a few seconds, and seldom later.
  var asksForHolders: Bool { ticks <= 6 || ticks.isMultiple(of: 10) }
}
