import Contract
import JSONBytes

/// The list of customers, once or again and again.
struct StatusList {
  let access: ClusterAccess
  var customer: String?

  private var hasNamespace: Bool { access.namespace == nil }

  private func cells(_ row: CustomerRow) -> [String] { (hasNamespace ? [row.name.namespace] : []) + row.cells() }

  private func table(_ rows: [CustomerRow]) -> TextTable {
    TextTable(heading: (hasNamespace ? ["NAMESPACE"] : []) + CustomerRow.heading, rows: rows.map(cells))
  }

  /// Prints the rows as a table.
  func print(_ cluster: SeenCluster, on console: Console) {
    let rows = cluster.rows()
    for line in table(rows).lines() where !rows.isEmpty { console.print(line) }
    if rows.isEmpty {
      console.error(
        "no customers \(access.place): label a workload with \(AnnotationKey.customerLabel), or look elsewhere with -n or -A"
      )
    }
    for note in ClusterAccess.notes(on: cluster.forbidden) { console.error("note: \(note)") }
    let outdated = rows.flatMap { row in row.outdated.map { "\(row.name.namespace)/\($0.pod) \($0.version)" } }
    if !outdated.isEmpty {
      let shown = outdated.prefix(20).joined(separator: ", ")
      let more = outdated.count > 20 ? " and \(outdated.count - 20) more" : ""
      console.error("note: sidecars of another version than \(Release.version): \(shown)\(more)")
    }
  }

  static func json(_ cluster: SeenCluster) -> JSONValue {
    .members([
      ("apiVersion", .string(VolumeLayout.apiVersion)), ("kind", .string("CustomerList")),
      ("items", .array(cluster.rows().map(\.json))),
    ])
  }

  /// Prints each row again when it has changed, until the task is cancelled.
  func watch(_ first: SeenCluster, on console: Console) async {
    var last: [CustomerName: CustomerRow] = [:]
    for row in first.rows() { last[row.name] = row }
    await access.follow(first, customer: customer) { cluster in
      let rows = cluster.rows()
      let changed = rows.filter { last[$0.name] != $0 }
      for line in table(changed).lines(hasHeading: false) { console.print(line) }
      for name in Set(last.keys).subtracting(rows.map(\.name)).sorted() {
        console.error("\(name.namespace)/\(name.customer) is gone")
      }
      last = Dictionary(rows.map { ($0.name, $0) }) { $1 }
      return true
    }
  }

  /// Waits until nothing more is to be waited for, or the time is over.
  /// - Returns: what was seen last.
  func wait(_ first: SeenCluster, atMost time: Duration) async throws(CommandError) -> SeenCluster {
    var last = first
    guard first.forbidden.isEmpty else {
      // Without one of them, what is declared now is not known.
      throw CommandError(
        status: .refused,
        lines: ClusterAccess.notes(on: first.forbidden).map { "note: \($0)" } + [
          "error: --wait needs the right to list and watch all of these"
        ])
    }
    guard Ending.of(first.rows()) == nil else { return first }
    await access.follow(first, customer: customer, for: time) { cluster in
      last = cluster
      return Ending.of(cluster.rows()) == nil
    }
    return last
  }
}
