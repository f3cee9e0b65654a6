package import KubernetesAPI
import Logging
import Synchronization

extension KubernetesClient {
  /// What happens to the objects of a selection after a resource version, which a list or an earlier event gave. Begun
  /// once: ``listAndWatch(_:as:_:)`` tries again. Ending the task ends it.
  func watch<Item: Sendable>(
    _ selection: Selection, from resourceVersion: String, as read: ObjectReader<Item>
  ) async throws(KubernetesError) -> WatchEvents<Item> {
    let timeout = transport.settings.watchTimeout * Double.random(in: 0.75...1)
    var call = selection.call("watch")
    call.isRetried = false
    call.query += [
      ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
      ("timeoutSeconds", String(max(1, timeout.components.seconds))),
    ]
    return WatchEvents(
      call: call, selection: selection, client: self, read: read, body: try await transport.stream(call))
  }

  /// Lists a selection, then tells each change, until the task is cancelled. It goes on after whatever breaks, with
  /// growing random waits; where it cannot go on from where it was, it lists again. An object that cannot be read is
  /// skipped, logged and counted.
  /// - Parameters:
  ///   - read: what is kept of an object.
  ///   - consume: is called for one change after the other; the next one waits for it.
  package func listAndWatch<Item: Sendable>(
    _ selection: Selection, as read: ObjectReader<Item>,
    _ consume: @escaping @Sendable (Change<Item>) async -> Void
  ) async {
    watches.begin(selection, at: transport.time.now())
    defer { watches.end(selection) }
    var backoff = Backoff(transport.settings)
    while true {
      do throws(KubernetesError) {
        let version = try await tell(selection, as: read, consume)
        worked(selection)
        try await follow(selection, from: version, as: read, &backoff, consume)
      } catch {
        if error.isCancelled { return }
        watches.failed(selection, error.description)
        logger.warning(error.isExpired ? "listing again" : "listing again after an error", error)
        guard await wait(&backoff, after: error) else { return }
      }
    }
  }

  /// Tells of one object, by name, whenever it changes, until the task is cancelled; nil: there is none.
  package func watchOne<Item: Sendable>(
    _ resource: Resource, _ name: String, in namespace: String? = nil, as read: ObjectReader<Item>,
    _ consume: @escaping @Sendable (Item?) -> Void
  ) async {
    let selection = Selection(resource, namespace: namespace, fieldSelector: "metadata.name=\(name)")
    let isThere = Mutex(false)
    await listAndWatch(selection, as: read) { change in
      switch change {
      case .listing: isThere.withLock { $0 = false }
      case .present(let object):
        isThere.withLock { $0 = true }
        consume(object)
      case .listed: if !isThere.withLock({ $0 }) { consume(nil) }
      case .deleted: consume(nil)
      }
    }
  }

  /// Watches, again and again, as long as it can go on from the last event.
  private func follow<Item: Sendable>(
    _ selection: Selection, from resourceVersion: String, as read: ObjectReader<Item>,
    _ backoff: inout Backoff, _ consume: (Change<Item>) async -> Void
  ) async throws(KubernetesError) {
    var version = resourceVersion
    while true {
      let start = transport.time.now()
      var cut: KubernetesError?
      do throws(KubernetesError) {
        var events = try await watch(selection, from: version, as: read).makeAsyncIterator()
        worked(selection)
        while let event = try await events.next() {
          backoff.reset()
          worked(selection)
          version = event.resourceVersion
          switch event.content {
          case .added(let item), .modified(let item): await consume(.present(item))
          case .deleted(let item): await consume(.deleted(item))
          case .none: break
          }
        }
      } catch {
        watches.failed(selection, error.description)
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

  private func worked(_ selection: Selection) {
    if let oldest = watches.worked(selection, at: transport.time.now()) {
      transport.metrics.watchWorked(selection.resource.plural, at: oldest)
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
