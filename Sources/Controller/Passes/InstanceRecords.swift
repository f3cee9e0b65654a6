import Synchronization

/// What is known of all instances while this replica leads.
final class InstanceRecords: Sendable {
  struct Record: Sendable {
    /// The state after the last pass; nil where that did not come to its end.
    var state: Customer.State?
    /// Whether its Pods must still be told of an update.
    var isOwed = false
    /// Its Secrets that the API server has refused.
    var guarded: Set<String> = []
    /// The question about its Service that the last pass found answered well.
    var answeredService: Int?
    /// Whether a password of it turns.
    var rotates = false
    /// What of its declaration was not carried out, as it was last logged.
    var problems: Set<Notice> = []
    /// What its Pods have, as was last found.
    var found: Provisioned.Reason?
  }

  private let records = Mutex<[CustomerKey: Record]>([:])

  /// What is known of one instance.
  subscript(key: CustomerKey) -> Record { records.withLock { $0[key] ?? Record() } }

  /// Changes what is known of one instance.
  /// - Returns: how many instances there are in each state, if that has changed.
  func change(_ key: CustomerKey, _ change: (inout Record) -> Void) -> [String: Int]? {
    records.withLock { records in
      var record = records[key] ?? Record()
      let before = record.word
      change(&record)
      records[key] = record.isEmpty ? nil : record
      guard record.word != before else { return nil }
      return records.values.reduce(into: [:]) { counts, record in
        if let word = record.word { counts[word, default: 0] += 1 }
      }
    }
  }

  /// Forgets everything.
  /// - Returns: the customers of whom something was known.
  func clear() -> [CustomerKey] {
    records.withLock { records in
      defer { records = [:] }
      return Array(records.keys)
    }
  }

  /// The values of `postern_instances`.
  static let words =
    Customer.State.allCases.filter { $0 != .complete }.map(\.rawValue) + [
      "provisioned", "failing", "pending", "unreachable", "uninjected",
    ]
}

extension InstanceRecords.Record {
  fileprivate var isEmpty: Bool {
    state == nil && found == nil && !isOwed && !rotates && answeredService == nil && guarded.isEmpty
      && problems.isEmpty
  }

  /// The state that it counts as. What is written may not have reached Postgres yet.
  fileprivate var word: String? {
    guard state == .complete else { return state?.rawValue }
    return switch found {
    case .converged, .standby: "provisioned"
    case .failing: "failing"
    case .unreachable: "unreachable"
    case .notInjected: "uninjected"
    case .pending, nil: "pending"
    }
  }
}
