import KubernetesClient
import Synchronization

extension ClusterAccess {
  /// Looks at what watches see, whenever something has changed, until the look returns false, the time is over, or the
  /// task is cancelled.
  /// - Parameter time: nil: without end.
  func follow(
    _ first: SeenCluster, customer: String?, for time: Duration? = nil, _ look: (SeenCluster) -> Bool
  ) async {
    let state = Watched(first)
    let (news, notify) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    await withTaskGroup(of: Void.self) { group in
      for resource in SeenCluster.resources where !first.forbidden.contains(resource) {
        let selection = SeenCluster.selection(resource, namespace: namespace, customer: customer)
        group.addTask {
          await self.client.listAndWatch(selection, as: SeenCluster.reader(resource)) { change in
            state.cluster.withLock { $0.take(change, of: resource) }
            if case .listing = change { return }
            notify.yield()
          }
        }
      }
      if let time {
        group.addTask {
          try? await Task.sleep(for: time)
          notify.finish()
        }
      }
      for await _ in news {
        // What changes together is seen together.
        guard (try? await Task.sleep(for: .milliseconds(100))) != nil, look(state.cluster.withLock { $0 }) else {
          break
        }
      }
      group.cancelAll()
    }
  }
}

/// What watches have seen so far.
private final class Watched: Sendable {
  let cluster: Mutex<SeenCluster>

  init(_ first: SeenCluster) { cluster = Mutex(first) }
}
