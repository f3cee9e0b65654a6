import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Synchronization

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
    for note in ClusterAccess.notes(on: cluster.forbidden) { console.error(note) }
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

  /// Prints the table, then each row again when it has changed, until the task is cancelled.
  func watch(_ first: SeenCluster, on console: Console) async {
    let state = Watched(first)
    let (news, notify) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    await withTaskGroup(of: Void.self) { group in
      for resource in SeenCluster.resources where !first.forbidden.contains(resource) {
        let selection = SeenCluster.selection(resource, namespace: access.namespace, customer: customer)
        group.addTask {
          await access.client.listAndWatch(selection, as: SeenCluster.reader(resource)) { change in
            state.cluster.withLock { $0.take(change, of: resource) }
            if case .listing = change { return }
            notify.yield()
          }
        }
      }
      group.addTask {
        var last: [CustomerName: CustomerRow] = [:]
        for row in first.rows() { last[row.name] = row }
        for await _ in news {
          // What changes together is shown together.
          guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return }
          let rows = state.cluster.withLock { $0.rows() }
          let changed = rows.filter { last[$0.name] != $0 }
          for line in table(changed).lines(hasHeading: false) { console.print(line) }
          for name in Set(last.keys).subtracting(rows.map(\.name)).sorted() {
            console.error("\(name.namespace)/\(name.customer) is gone")
          }
          last = Dictionary(rows.map { ($0.name, $0) }) { $1 }
        }
      }
      await group.waitForAll()
    }
  }
}

/// What watches have seen so far.
private final class Watched: Sendable {
  let cluster: Mutex<SeenCluster>

  init(_ first: SeenCluster) { cluster = Mutex(first) }
}
