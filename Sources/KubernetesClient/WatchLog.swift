import KubernetesAPI
import Linux
import Synchronization

/// How the watches of a client are: since when each has not worked.
final class WatchLog: Sendable {
  private struct Entry {
    let resource: String
    /// When it last worked, by the client's clock; when it began, where it never did.
    var at: Duration
    /// The same in seconds since 1970; nil where it never worked.
    var wallTime: Int?
    /// Nil while it works: a watch from which nothing comes is one to which nothing happens.
    var failure: String?
  }

  /// By the name of the selection.
  private let entries = Mutex<[String: Entry]>([:])

  func begin(_ selection: Selection, at now: Duration) {
    let entry = Entry(resource: selection.resource.plural, at: now, wallTime: nil, failure: "it has not begun")
    entries.withLock { $0[selection.name] = entry }
  }

  func end(_ selection: Selection) { entries.withLock { $0[selection.name] = nil } }

  /// A list or a watch was answered, or something came.
  /// - Returns: where that is news, when the resource's watch that is behind the others last worked, in seconds since 1970.
  func worked(_ selection: Selection, at now: Duration) -> Int? {
    let wallTime = Int(SystemClock.wallMilliseconds / 1000)
    return entries.withLock { entries in
      guard var entry = entries[selection.name] else { return nil }
      let isNews = entry.wallTime != wallTime
      (entry.at, entry.wallTime, entry.failure) = (now, wallTime, nil)
      entries[selection.name] = entry
      guard isNews else { return nil }
      return entries.values.filter { $0.resource == entry.resource }.compactMap(\.wallTime).min()
    }
  }

  func failed(_ selection: Selection, _ reason: String) {
    entries.withLock { entries in
      guard var entry = entries[selection.name] else { return }
      entry.failure = reason
      entries[selection.name] = entry
    }
  }

  var isAnyWorking: Bool { entries.withLock { $0.values.contains { $0.failure == nil } } }

  /// A line for each watch that has not worked for so long, and why.
  func failing(for limit: Duration, at now: Duration) -> [String] {
    entries.withLock { entries in
      entries.sorted { $0.key < $1.key }.compactMap { name, entry in
        guard let failure = entry.failure, now - entry.at > limit else { return nil }
        return "the watch of \(name) has not worked for \((now - entry.at).components.seconds) s: \(failure)"
      }
    }
  }
}
