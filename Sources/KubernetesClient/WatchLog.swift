import KubernetesAPI
import Linux
import Synchronization

/// Records for each watch of a client whether it works, and since when not.
final class WatchLog: Sendable {
  private struct Entry {
    let resource: String
    /// When it last worked, by the client's clock; when it began, if it has never worked.
    var at: Duration
    /// The same in seconds since 1970; nil if it has never worked.
    var wallTime: Int?
    /// Nil while it works. A silent watch works: nothing has happened to its objects.
    var failure: String?
    /// Whether others go on without it.
    var isLeftOut = false
  }

  /// By the name of the selection.
  private let entries = Mutex<[String: Entry]>([:])

  func begin(_ selection: Selection, at now: Duration) {
    let entry = Entry(resource: selection.resource.plural, at: now, wallTime: nil, failure: "it has not begun")
    entries.withLock { $0[selection.name] = entry }
  }

  /// Forgets a watch that has ended.
  /// - Returns: whether it was the resource's last.
  func end(_ selection: Selection) -> Bool {
    entries.withLock { entries in
      entries[selection.name] = nil
      return !entries.values.contains { $0.resource == selection.resource.plural }
    }
  }

  /// Records that a list or a watch was answered, or that an event arrived.
  /// - Returns: if the time in whole seconds has changed, the earliest of the times at which the resource's watches
  ///   last worked, in seconds since 1970; else nil.
  func worked(_ selection: Selection, at now: Duration) -> Int? {
    let wallTime = Int(SystemClock.wallMilliseconds / 1000)
    return entries.withLock { entries in
      guard var entry = entries[selection.name] else { return nil }
      let isNews = entry.wallTime != wallTime
      (entry.at, entry.wallTime, entry.failure, entry.isLeftOut) = (now, wallTime, nil, false)
      entries[selection.name] = entry
      guard isNews else { return nil }
      return entries.values.filter { $0.resource == entry.resource }.compactMap(\.wallTime).min()
    }
  }

  func failed(_ selection: Selection, _ reason: String, isLeftOut: Bool = false) {
    entries.withLock { entries in
      guard var entry = entries[selection.name] else { return }
      (entry.failure, entry.isLeftOut) = (reason, isLeftOut)
      entries[selection.name] = entry
    }
  }

  var isAnyWorking: Bool { entries.withLock { Self.isAnyWorking($0) } }

  func isAnyWorking(besides selection: Selection) -> Bool {
    entries.withLock { $0.contains { $0.key != selection.name && $0.value.failure == nil } }
  }

  private static func isAnyWorking(_ entries: [String: Entry]) -> Bool {
    entries.values.contains { $0.failure == nil }
  }

  /// A line for each watch that has not worked for at least `limit`, with the reason; without those that are left out, as
  /// long as another works.
  func failing(for limit: Duration, at now: Duration) -> [String] {
    entries.withLock { entries in
      let isAnyWorking = Self.isAnyWorking(entries)
      return entries.sorted { $0.key < $1.key }.compactMap { name, entry in
        guard let failure = entry.failure, now - entry.at > limit, !entry.isLeftOut || !isAnyWorking else { return nil }
        return "the watch of \(name) has not worked for \((now - entry.at).components.seconds) s: \(failure)"
      }
    }
  }
}
