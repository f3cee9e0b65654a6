import NIOCore
import NIOPosix

/// A turn of an event loop: first everything that is there is read, then answered, then sent. So the code of each step
/// is already in the processor's cache for the next connection, and the client process that the first answer wakes is
/// awake for the others. Each thread has its own, which no other thread can reach; therefore `@unchecked`.
final class Turn: @unchecked Sendable {
  private static let ofThread = ThreadSpecificVariable<Turn>()

  private var connections: [ConnectionHandler] = []

  /// The turn of the event loop on which this is called.
  static var current: Turn {
    if let turn = ofThread.currentValue { return turn }
    let turn = Turn()
    ofThread.currentValue = turn
    return turn
  }

  /// At the end of the turn, the connection answers the review that it has read, and sends the answer.
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
