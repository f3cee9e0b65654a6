import NIOCore
import NIOPosix

/// A turn of an event loop: all that it found to be read is read, then answered, then sent. So the code of each step is
/// in the cache for the next connection, and the client, which a first answer wakes, is awake for the others. It is its thread's own (unchecked: nothing else can come by it).
final class Turn: @unchecked Sendable {
  private static let ofThread = ThreadSpecificVariable<Turn>()

  private var connections: [ConnectionHandler] = []

  /// The one of the event loop that this is called on.
  static var current: Turn {
    if let turn = ofThread.currentValue { return turn }
    let turn = Turn()
    ofThread.currentValue = turn
    return turn
  }

  /// Has a connection answer the review that it has read, and send the answer, at the end of the turn.
  func add(_ connection: ConnectionHandler, on eventLoop: any EventLoop) {
    connections.append(connection)
    if connections.count == 1 { eventLoop.assumeIsolated().execute { self.end() } }
  }

  private func end() {
    var connections: [ConnectionHandler] = []
    swap(&connections, &self.connections)
    for connection in connections { connection.answerReview() }
    for connection in connections { connection.endTurn() }
  }
}
