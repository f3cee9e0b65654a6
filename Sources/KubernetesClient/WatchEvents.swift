import AsyncHTTPClient
package import JSONBytes
import KubernetesAPI

/// What happened to the objects of a selection.
package enum WatchEvent: Equatable, Sendable {
  /// It is there, or has come to match the selectors.
  case added(JSONValue)
  /// It changed.
  case modified(JSONValue)
  /// It is gone, or matches the selectors no more; as it was last.
  case deleted(JSONValue)
  /// Nothing up to this resource version, from which a watch may go on.
  case bookmark(resourceVersion: String)
}

/// The events of one watch, up to when the API server ends it. Throws where the connection breaks, and where the API
/// server says an error; ``KubernetesError/isExpired`` where the resource version is too old.
package struct WatchEvents: AsyncSequence, Sendable {
  /// What happened.
  package typealias Element = WatchEvent
  /// Why there are no more.
  package typealias Failure = KubernetesError

  let call: Call
  let transport: Transport
  let body: HTTPClientResponse.Body

  /// Reads the events; once.
  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      call: call, transport: transport, body: body.makeAsyncIterator(),
      splitter: LineSplitter(limit: transport.settings.maximumEventBytes))
  }

  /// Reads the events.
  package struct AsyncIterator: AsyncIteratorProtocol {
    let call: Call
    let transport: Transport
    var body: HTTPClientResponse.Body.AsyncIterator
    var splitter: LineSplitter

    /// The next event; nil where the API server has ended the watch.
    package mutating func next() async throws(KubernetesError) -> WatchEvent? {
      while true {
        if let line = splitter.takeLine() { return try event(line) }
        do {
          guard let piece = try await body.next() else { break }
          try splitter.append(piece)
        } catch is LineSplitter.TooLong {
          throw transport.error(call, .notUnderstood(reason: "an event over \(splitter.limit) bytes"))
        } catch {
          throw transport.error(call, thrown: error)
        }
      }
      guard !Task.isCancelled else { throw transport.error(call, .cancelled) }
      return nil
    }

    private func event(_ line: [UInt8]) throws(KubernetesError) -> WatchEvent {
      let value: JSONValue
      do { value = try JSONValue(parsing: line) } catch {
        throw transport.error(call, .notUnderstood(reason: error.message))
      }
      let type = value["type"]?.string ?? ""
      guard let object = value["object"] else { throw transport.error(call, .notUnderstood(reason: "it is no event")) }
      switch type {
      case "ADDED": return .added(object)
      case "MODIFIED": return .modified(object)
      case "DELETED": return .deleted(object)
      case "BOOKMARK": return .bookmark(resourceVersion: object.resourceVersion)
      case "ERROR":
        guard let status = Status(object) else { break }
        throw transport.error(call, .refused(status))
      default: break
      }
      throw transport.error(call, .notUnderstood(reason: "an event of type \"\(type)\""))
    }
  }
}

extension JSONValue {
  /// `metadata.resourceVersion`
  var resourceVersion: String { self["metadata"]?["resourceVersion"]?.string ?? "" }
}
