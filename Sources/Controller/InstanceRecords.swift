import Synchronization

/// What is known of all instances while this replica leads.
final class InstanceRecords: Sendable {
  struct Record: Sendable {
    /// How the last pass left it; nil where it came to no end.
    var state: Customer.State?
    /// Whether its Pods are still to be told of an update.
    var isOwed = false
    /// What its Pods were found to hold.
    var found: Provisioned.Reason?
  }

  private let records = Mutex<[CustomerKey: Record]>([:])

  /// What is known of one.
  subscript(key: CustomerKey) -> Record { records.withLock { $0[key] ?? Record() } }

  /// Changes what is known of one.
  /// - Returns: how many there are of each kind, where that has changed.
  func change(_ key: CustomerKey, _ change: (inout Record) -> Void) -> [String: Int]? {
    records.withLock { records in
      var record = records[key] ?? Record()
      let before = record.word
      change(&record)
      records[key] = record.state == nil && record.found == nil && !record.isOwed ? nil : record
      guard record.word != before else { return nil }
      return records.values.reduce(into: [:]) { counts, record in
        if let word = record.word { counts[word, default: 0] += 1 }
      }
    }
  }

  /// Forgets all.
  /// - Returns: of whom something was known.
  func clear() -> [CustomerKey] {
    records.withLock { records in
      defer { records = [:] }
      return Array(records.keys)
    }
  }

  /// The values of `postern_instances`.
  static let words =
    Customer.State.allCases.filter { $0 != .complete }.map(\.rawValue) + [
      "provisioned", "failing", "pending", "unreachable",
    ]
}

extension InstanceRecords.Record {
  /// What it counts as: what is written is not yet what Postgres holds.
  fileprivate var word: String? {
    guard state == .complete else { return state?.rawValue }
    return switch found {
    case .converged, .standby: "provisioned"
    case .failing: "failing"
    case .unreachable: "unreachable"
    case .pending, nil: "pending"
    }
  }
}
