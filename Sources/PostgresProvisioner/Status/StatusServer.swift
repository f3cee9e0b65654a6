import Linux
import PlainHTTP

/// Answers requests at the status port. It never waits: the thread calls it when there is something to do, while it
/// waits for something else.
final class StatusServer {
  /// The answer to a request; nil where the request may wait and should be answered later.
  typealias Answer = (RequestHead, _ mayWait: Bool) -> PlainResponse?

  /// The most open connections. Beyond them, the oldest is closed for a new one.
  static let maximumConnections = 16
  /// How long a request may take to arrive, and an answer to be read, in milliseconds.
  static let patience = 5000

  private struct Connection {
    let socket: Int32
    var deadline: Int64
    var input: [UInt8] = []
    /// The request whose answer must wait.
    var question: RequestHead?
    var output: [UInt8] = []
    var sent = 0
    var isOver = false

    var isAnswered: Bool { !output.isEmpty }
  }

  private let port: TCPPort
  /// How long an answer may wait, in milliseconds.
  private let waiting: Int
  private let answer: Answer
  private var connections: [Connection] = []

  /// A server that has no connections yet.
  init(_ port: TCPPort, waiting: Int, answer: @escaping Answer) {
    self.port = port
    self.waiting = waiting
    self.answer = answer
  }

  deinit {
    for connection in connections { port.close(connection.socket) }
  }

  /// Handles everything that can be done now.
  func serve() {
    let now = SystemClock.monotonicMilliseconds
    // A limit, so that the thread soon returns to what it waits for.
    for _ in 0..<(2 * Self.maximumConnections) {
      guard let socket = port.accept() else { break }
      if connections.count == Self.maximumConnections { makeRoom() }
      connections.append(Connection(socket: socket, deadline: now + Int64(Self.patience)))
      // A small request has usually arrived already, so its connection can be closed at once.
      advance(&connections[connections.count - 1], now)
      closeThoseThatAreOver()
    }
    for index in connections.indices { advance(&connections[index], now) }
    closeThoseThatAreOver()
    setTimer(now)
  }

  /// The status has changed: answers the requests that wait for that.
  func statusChanged() {
    let now = SystemClock.monotonicMilliseconds
    var isAny = false
    for index in connections.indices {
      guard let question = connections[index].question, let response = answer(question, true) else { continue }
      isAny = true
      respond(response, &connections[index], now)
    }
    guard isAny else { return }
    closeThoseThatAreOver()
    setTimer(now)
  }

  private func makeRoom() {
    let index = connections.firstIndex { $0.question == nil } ?? 0
    if let question = connections[index].question, let response = answer(question, false) {
      respond(response, &connections[index], SystemClock.monotonicMilliseconds)
    }
    port.close(connections.remove(at: index).socket)
  }

  private func closeThoseThatAreOver() {
    for connection in connections where connection.isOver { port.close(connection.socket) }
    connections.removeAll { $0.isOver }
  }

  private func setTimer(_ now: Int64) {
    port.wake(afterMilliseconds: connections.map { $0.deadline }.min().map { Int(clamping: $0 - now) })
  }

  private func advance(_ connection: inout Connection, _ now: Int64) {
    guard !connection.isOver else { return }
    if connection.isAnswered {
      send(&connection)
    } else if connection.question != nil {
      awaitAnswer(&connection, now)
    } else {
      read(&connection, now)
    }
    if now >= connection.deadline { connection.isOver = true }
  }

  private func read(_ connection: inout Connection, _ now: Int64) {
    switch port.receive(connection.socket, atMost: RequestHead.maximumBytes + 1 - connection.input.count) {
    case .nothingYet: return
    case .ended: connection.isOver = true
    case .bytes(let bytes):
      connection.input += bytes
      switch RequestHead.read(connection.input) {
      case .incomplete: return
      case .refused(let status): respond(PlainResponse(status), &connection, now)
      case .complete(let head):
        connection.question = head
        connection.input = []
        guard let response = answer(head, true) else {
          connection.deadline = now + Int64(waiting)
          return port.expect(.end, on: connection.socket)
        }
        respond(response, &connection, now)
      }
    }
  }

  private func awaitAnswer(_ connection: inout Connection, _ now: Int64) {
    // Bytes after a request are ignored.
    let isGone = port.receive(connection.socket, atMost: 64) == .ended
    guard isGone || now >= connection.deadline, let question = connection.question else { return }
    if let response = answer(question, false) { respond(response, &connection, now) } else { connection.isOver = true }
  }

  private func respond(_ response: PlainResponse, _ connection: inout Connection, _ now: Int64) {
    connection.output = response.bytes(hasBody: connection.question?.method != .head)
    connection.question = nil
    connection.deadline = now + Int64(Self.patience)
    send(&connection)
    if !connection.isOver { port.expect(.room, on: connection.socket) }
  }

  private func send(_ connection: inout Connection) {
    guard let sent = port.send(connection.socket, connection.output[connection.sent...]) else {
      connection.isOver = true
      return
    }
    connection.sent += sent
    guard connection.sent == connection.output.count else { return }
    connection.isOver = true
    // If bytes are left unread, closing the connection would discard the answer.
    _ = port.receive(connection.socket, atMost: RequestHead.maximumBytes)
  }
}
