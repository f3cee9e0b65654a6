import NIOCore
import NIOPosix

/// The connections of an event loop that have answers to send. They are sent together, when all that the loop found to
/// be read has been answered: the client, which a first answer wakes, is awake for the others then, and the code that
/// answers is not evicted by the code that sends. It is its thread's own (unchecked: nothing else can come by it).
final class Outbox: @unchecked Sendable {
  private static let ofThread = ThreadSpecificVariable<Outbox>()

  private var waiting: [ConnectionHandler] = []

  /// The outbox of the event loop that this is called on.
  static var current: Outbox {
    if let outbox = ofThread.currentValue { return outbox }
    let outbox = Outbox()
    ofThread.currentValue = outbox
    return outbox
  }

  /// Has a connection send what it will have written, at the end of this turn of its event loop.
  func add(_ connection: ConnectionHandler, on eventLoop: any EventLoop) {
    waiting.append(connection)
    if waiting.count == 1 { eventLoop.assumeIsolated().execute { self.send() } }
  }

  /// Has all of them send now.
  func send() {
    var connections: [ConnectionHandler] = []
    swap(&connections, &waiting)
    for connection in connections { connection.send() }
  }
}
