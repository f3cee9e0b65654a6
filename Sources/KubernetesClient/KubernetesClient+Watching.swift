package import KubernetesAPI
import Logging
import Synchronization

extension KubernetesClient {
  /// Watches the objects of a selection from a resource version on, which came from a list or an earlier event. It does
  /// not retry; ``listAndWatch(_:as:_:)`` does. It ends when its task is cancelled.
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

  /// Lists a selection, then reports each change, until the task is cancelled. After a failure it continues, with
  /// growing random waits. Where it cannot continue from the last event, it lists again. An object that cannot be read
  /// is skipped, logged and counted.
  /// - Parameters:
  ///   - read: makes of an object what is kept of it.
  ///   - leftOut: called when the API server begins to forbid it, or has failed it for a while in which others worked. Given
  ///     only where others can do without this watch: it is then tried seldom, told of once, and no failure as long as
  ///     another works.
  ///   - consume: called for one change after another; the next one waits for it.
  package func listAndWatch<Item: Sendable>(
    _ selection: Selection, as read: ObjectReader<Item>, leftOut: (@Sendable () -> Void)? = nil,
    _ consume: @escaping @Sendable (Change<Item>) async -> Void
  ) async {
    watches.begin(selection, at: transport.time.now())
    defer { if watches.end(selection) { transport.metrics.watchesEnded(selection.resource.plural) } }
    var backoff = Backoff(transport.settings)
    var (isLeftOut, seldom) = (false, Backoff(transport.settings, maximum: transport.settings.maximumLeftOutDelay))
    /// Since when it has failed while others worked.
    var failing: Duration?
    while true {
      let start = transport.time.now()
      var listed: Duration?
      do throws(KubernetesError) {
        let version = try await tell(selection, as: read, consume)
        listed = transport.time.now()
        worked(selection)
        try await follow(selection, from: version, as: read, &backoff, consume)
      } catch {
        if error.isCancelled { return }
        let now = transport.time.now()
        failing = watches.isAnyWorking(besides: selection) ? listed == nil ? failing ?? start : now : nil
        // That it may be listed does not say that it may be watched.
        let wasLeftOut = isLeftOut && listed.map { now - $0 <= Self.lasting } ?? true
        let lasts = failing.map { now - $0 >= transport.settings.watchPatience } ?? false
        isLeftOut = leftOut != nil && (error.isForbidden || lasts)
        watches.failed(selection, error.description, isLeftOut: isLeftOut)
        guard isLeftOut else {
          logger.warning(error.isExpired ? "listing again" : "listing again after an error", error)
          guard await wait(&backoff, after: error) else { return }
          continue
        }
        if !wasLeftOut {
          seldom.reset()
          logger.warning("this is left out until it can be watched; all else goes on", error)
          leftOut?()
        }
        guard await wait(&seldom, after: error) else { return }
      }
    }
  }

  /// Reports one object, given by name, whenever it changes, until the task is cancelled; nil: it does not exist.
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

  /// A watch that ends after more time than this has worked.
  private static let lasting = Duration.seconds(10)

  /// After how many errors of the API server in a row, at one version, a watch does not continue from there.
  private static let maximumErrors = 4

  /// Watches again and again, as long as it can continue from the last event.
  private func follow<Item: Sendable>(
    _ selection: Selection, from resourceVersion: String, as read: ObjectReader<Item>,
    _ backoff: inout Backoff, _ consume: (Change<Item>) async -> Void
  ) async throws(KubernetesError) {
    var version = resourceVersion
    var errors = 0
    while true {
      let start = transport.time.now()
      var cut: KubernetesError?
      do throws(KubernetesError) {
        var events = try await watch(selection, from: version, as: read).makeAsyncIterator()
        worked(selection)
        while let event = try await events.next() {
          backoff.reset()
          errors = 0
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
        // One event that the API server cannot read may stand after this version: then it says so each time.
        if error.code == 500 { errors += 1 }
        guard error.isTransient, errors <= Self.maximumErrors else { throw error }
        logger.warning("watching again after an error", error)
        cut = error
      }
      // After a watch that lasted, continue at once. Watches that end immediately must not make a busy loop.
      if transport.time.now() - start > Self.lasting { backoff.reset() }
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

  /// What is to be watched is tried again soon, whatever the answer asks for: a proxy may ask for an hour.
  /// - Returns: false where the task is cancelled.
  private func wait(_ backoff: inout Backoff, after error: KubernetesError?) async -> Bool {
    let asked = error?.retryAfter.map { min($0, transport.settings.maximumRetryDelay) }
    return (try? await transport.time.sleep(backoff.next(after: asked))) != nil
  }
}

extension Logger {
  fileprivate func warning(_ message: Message, _ error: KubernetesError) {
    warning(message, metadata: ["error": "\(error)"])
  }
}
