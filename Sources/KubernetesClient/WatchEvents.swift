import AsyncHTTPClient
import JSONBytes
import KubernetesAPI

/// One event of a watch.
struct WatchEvent<Item: Sendable>: Sendable {
  /// What happened to an object.
  enum Content: Sendable {
    /// The object is new, or has begun to match the selectors.
    case added(Item)
    /// It changed.
    case modified(Item)
    /// The object is gone, or no longer matches the selectors. This is its last state.
    case deleted(Item)
  }

  /// Nil where there is nothing to report: a bookmark, or an object that cannot be read.
  var content: Content?
  /// The resource version from which a watch continues after this event.
  var resourceVersion: String
}

extension WatchEvent.Content: Equatable where Item: Equatable {}
extension WatchEvent: Equatable where Item: Equatable {}

/// The events of one watch, until the API server ends it. Throws where the connection breaks, and where the API server
/// reports an error; ``KubernetesError/isExpired`` where the resource version is too old.
struct WatchEvents<Item: Sendable>: AsyncSequence, Sendable {
  typealias Element = WatchEvent<Item>
  typealias Failure = KubernetesError

  let call: Call
  let selection: Selection
  let client: KubernetesClient
  let read: ObjectReader<Item>
  let body: HTTPClientResponse.Body

  /// An iterator over the events. It can be made only once.
  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      events: self, body: body.makeAsyncIterator(),
      splitter: LineSplitter(limit: client.transport.settings.maximumObjectBytes))
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    let events: WatchEvents
    var body: HTTPClientResponse.Body.AsyncIterator
    var splitter: LineSplitter

    /// The next event; nil where the API server has ended the watch.
    mutating func next() async throws(KubernetesError) -> WatchEvent<Item>? {
      while true {
        switch splitter.takeLine() {
        case .whole(let line): return try events.event(line)
        case .tooLong(let count):
          events.client.skipped(events.selection, "an event of \(count) bytes", "it is too large")
          continue
        case nil: break
        }
        do {
          guard let piece = try await body.next() else { break }
          splitter.append(piece)
        } catch {
          throw events.error(thrown: error)
        }
      }
      guard !Task.isCancelled else { throw events.client.transport.error(events.call, .cancelled) }
      return nil
    }
  }

  private func error(thrown error: any Error) -> KubernetesError { client.transport.error(call, thrown: error) }

  private func notUnderstood(_ reason: String) -> KubernetesError {
    client.transport.error(call, .notUnderstood(reason: reason))
  }

  private func event(_ line: [UInt8]) throws(KubernetesError) -> WatchEvent<Item> {
    let type: String
    let object: [UInt8]
    let header: ObjectHeader
    do throws(JSONError) {
      let parts = try Self.parts(line)
      (type, object) = (parts.type ?? "", parts.object ?? [])
      header = try ObjectHeader(object)
    } catch {
      throw notUnderstood(error.message)
    }
    var event = WatchEvent<Item>(content: nil, resourceVersion: header.resourceVersion)
    switch type {
    case "BOOKMARK": return event
    case "ERROR":
      guard let status = (try? JSONValue(parsing: object)).flatMap({ Status($0) }) else { break }
      throw client.transport.error(call, .refused(status))
    case "ADDED", "MODIFIED", "DELETED":
      do throws(JSONError) {
        let item = try read(object)
        event.content = type == "ADDED" ? .added(item) : type == "MODIFIED" ? .modified(item) : .deleted(item)
      } catch {
        client.skipped(selection, header: object, error)
      }
      return event
    default: break
    }
    throw notUnderstood("an event of type \"\(type)\"")
  }

  /// `type` and `object` of an event.
  private static func parts(_ line: [UInt8]) throws(JSONError) -> (type: String?, object: [UInt8]?) {
    var reader = JSONReader(line)
    var type: String?
    var object: [UInt8]?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "type") {
        type = reader.text(try reader.string())
      } else if reader.matches(key, "object") {
        object = Array(line[try reader.value().range])
      } else {
        try reader.skip()
      }
    }
    try reader.end()
    return (type, object)
  }
}
