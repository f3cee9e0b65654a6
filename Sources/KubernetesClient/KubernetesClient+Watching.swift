import KubernetesAPI
import Logging

extension KubernetesClient {
  /// What happens to the objects of a selection after a resource version, which a list or an earlier event gave. Begun
  /// once: ``listAndWatch(_:_:)`` tries again. Ending the task ends it.
  package func watch(_ selection: Selection, from resourceVersion: String) async throws(KubernetesError) -> WatchEvents
  {
    let timeout = transport.settings.watchTimeout * Double.random(in: 0.75...1)
    var call = selection.call("watch")
    if selection.metadataOnly { call.accept = MetadataOnly.object }
    call.isRetried = false
    call.query += [
      ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
      ("timeoutSeconds", String(max(1, timeout.components.seconds))),
    ]
    return WatchEvents(call: call, transport: transport, body: try await transport.stream(call))
  }

  /// Lists a selection, then tells each change, until the task is cancelled. It goes on after whatever breaks, with
  /// growing random waits; where it cannot go on from where it was, it lists again.
  /// - Parameter consume: gets ``Change/replaced(_:)`` first, from when on the caller knows all objects. It is called
  ///   for one change after the other; the next one waits for it.
  package func listAndWatch(_ selection: Selection, _ consume: @Sendable (Change) async -> Void) async {
    var backoff = Backoff(transport.settings)
    while true {
      do throws(KubernetesError) {
        let list = try await list(selection)
        await consume(.replaced(list.items))
        try await follow(selection, from: list.resourceVersion, &backoff, consume)
      } catch {
        if error.isCancelled { return }
        logger.warning(error.isExpired ? "listing again" : "listing again after an error", error)
        guard await wait(&backoff, after: error) else { return }
      }
    }
  }

  /// Watches, again and again, as long as it can go on from the last event.
  private func follow(
    _ selection: Selection, from resourceVersion: String, _ backoff: inout Backoff,
    _ consume: (Change) async -> Void
  ) async throws(KubernetesError) {
    var version = resourceVersion
    while true {
      let start = transport.time.now()
      var cut: KubernetesError?
      do throws(KubernetesError) {
        var events = try await watch(selection, from: version).makeAsyncIterator()
        while let event = try await events.next() {
          backoff.reset()
          switch event {
          case .added(let object), .modified(let object):
            version = object.resourceVersion
            await consume(.changed(object))
          case .deleted(let object):
            version = object.resourceVersion
            await consume(.deleted(object))
          case .bookmark(let resourceVersion): version = resourceVersion
          }
        }
      } catch {
        guard error.isTransient else { throw error }
        logger.warning("watching again after an error", error)
        cut = error
      }
      // Ended in time, it goes on at once. Ended at once, again and again, it must not spin.
      if transport.time.now() - start > .seconds(10) { backoff.reset() }
      guard await wait(&backoff, after: cut) else {
        throw transport.error(selection.call("watch"), .cancelled)
      }
    }
  }

  /// - Returns: whether the task goes on.
  private func wait(_ backoff: inout Backoff, after error: KubernetesError?) async -> Bool {
    (try? await transport.time.sleep(backoff.next(after: error?.retryAfter))) != nil
  }
}

extension Logger {
  fileprivate func warning(_ message: Message, _ error: KubernetesError) {
    warning(message, metadata: ["error": "\(error)"])
  }
}
