import AsyncHTTPClient
import JSONBytes
import KubernetesAPI
import Logging
import NIOCore
import Synchronization

extension KubernetesClient {
  /// The end of one page of a list.
  private enum Page: Sendable {
    case whole(resourceVersion: String, more: String?, objects: Int)
    /// The page has more bytes than a page may have.
    case tooLarge
  }

  /// Lists all objects of a selection. An object that cannot be read is left out, logged and counted.
  package func list<Item: Sendable>(
    _ selection: Selection,
    as read: ObjectReader<Item> = ObjectReader<JSONValue>.tree
  ) async throws(KubernetesError) -> ObjectList<Item> {
    let items = Items<Item>()
    let version = try await tell(selection, as: read) { items.take($0) }
    return ObjectList(items: items.all, resourceVersion: version)
  }

  /// Reports the objects of a selection as they arrive, page by page. If a page's token expires, it begins again, with
  /// everything in one page. Between ``Change/listing`` and ``Change/listed`` each object is reported once, also where a
  /// page has to be read again.
  /// - Returns: the resource version from which a watch continues.
  func tell<Item: Sendable>(
    _ selection: Selection, as read: ObjectReader<Item>,
    _ consume: @escaping @Sendable (Change<Item>) async -> Void
  ) async throws(KubernetesError) -> String {
    var token: String?
    var limit = selection.changesOnly ? 1 : transport.settings.pageSize
    let reported = Reported()
    while true {
      var call = selection.call("list")
      if limit > 0 { call.query.append(("limit", String(limit))) }
      if let token { call.query.append(("continue", token)) }
      let page: Page
      do throws(KubernetesError) {
        page = try await self.page(
          call, of: selection, isFirst: token == nil, isDivisible: limit > 1, reported, read, consume)
      } catch {
        guard error.isExpired, token != nil else { throw error }
        (token, limit) = (nil, 0)
        continue
      }
      switch page {
      case .tooLarge: limit = max(1, limit / 2)
      case .whole(let version, let more, let objects):
        reported.end(objects)
        token = selection.changesOnly ? nil : more
        guard token != nil else {
          await consume(.listed)
          return version
        }
      }
    }
  }

  private func page<Item: Sendable>(
    _ call: Call, of selection: Selection, isFirst: Bool, isDivisible: Bool, _ reported: Reported,
    _ read: ObjectReader<Item>, _ consume: @escaping @Sendable (Change<Item>) async -> Void
  ) async throws(KubernetesError) -> Page {
    try check(call, in: selection.namespace)
    return try await transport.consume(call) { [self] body in
      if isFirst {
        reported.begin()
        await consume(.listing)
      }
      var splitter = ListSplitter(limit: transport.settings.maximumObjectBytes)
      var (bytes, objects) = (0, 0)
      for try await piece in body {
        bytes += piece.readableBytes
        if isDivisible, bytes > transport.settings.maximumPageBytes { return .tooLarge }
        for found in splitter.take(piece) where !selection.changesOnly {
          objects += 1
          guard reported.isNew(objects) else { continue }
          if let item = item(found, selection, read) { await consume(.present(item)) }
        }
      }
      guard let frame = splitter.whole.flatMap({ try? JSONValue(parsing: $0) }), frame["items"] != nil,
        let version = frame["metadata"]?["resourceVersion"]?.string
      else { throw transport.error(call, .notUnderstood(reason: "it is no list")) }
      let more = frame["metadata"]?["continue"]?.string
      return .whole(resourceVersion: version, more: more?.isEmpty == false ? more : nil, objects: objects)
    }
  }

  private func item<Item: Sendable>(_ found: ListSplitter.Found, _ selection: Selection, _ read: ObjectReader<Item>)
    -> Item?
  {
    switch found {
    case .tooLong(let count): skipped(selection, "an object of \(count) bytes", "it is too large")
    case .object(let bytes):
      do throws(JSONError) { return try read(bytes) } catch { skipped(selection, header: bytes, error) }
    }
    return nil
  }

  /// Logs and counts an object that could not be read; the others can be.
  func skipped(_ selection: Selection, header bytes: [UInt8], _ error: JSONError) {
    let header = try? ObjectHeader(bytes)
    skipped(selection, header.map { "\($0.namespace)/\($0.name)" } ?? "an object without a name", error.message)
  }

  func skipped(_ selection: Selection, _ object: String, _ reason: String) {
    transport.metrics.skipped(selection.resource.plural)
    logger.warning(
      "an object is skipped",
      metadata: ["resource": "\(selection.resource.plural)", "object": "\(object)", "error": "\(reason)"])
  }
}

/// How many objects were reported from the beginning of a page on. A page that is read again begins with the same objects in
/// the same order, since its token names the state of the cluster, and so does what follows a smaller page:
/// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
private final class Reported: Sendable {
  private let count = Mutex(0)

  /// The list begins.
  func begin() { count.withLock { $0 = 0 } }

  /// A page of so many objects was read to its end, and the next one begins behind it.
  func end(_ objects: Int) { count.withLock { $0 = max(0, $0 - objects) } }

  /// Whether the object with this number in its page, from one, was not reported yet. It counts as reported then.
  func isNew(_ number: Int) -> Bool {
    count.withLock { count in
      guard number > count else { return false }
      count = number
      return true
    }
  }
}

/// Collects the objects that a list reports.
private final class Items<Item: Sendable>: Sendable {
  private let items = Mutex<[Item]>([])
  var all: [Item] { items.withLock { $0 } }

  func take(_ change: Change<Item>) {
    items.withLock { items in
      switch change {
      case .listing: items = []
      case .present(let item): items.append(item)
      case .listed, .deleted: break
      }
    }
  }
}
