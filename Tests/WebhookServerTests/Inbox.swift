import NIOCore
import NIOTLS
import Synchronization

/// What a test client has received and the test has not yet taken.
final class Inbox: Sendable {
  struct State {
    var bytes: [UInt8] = []
    var isReady = false
    var isClosed = false
    var reads: Bool
    var alpn: String?

    /// Takes a whole response off the front, if there is one.
    mutating func takeResponse(isHead: Bool) throws -> Client.Response? {
      guard let head = head() else { return nil }
      let lines = String(decoding: bytes[..<head], as: UTF8.self).split(separator: "\r\n")
      let words = lines[0].split(separator: " ")
      guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
        throw Client.Failure.closedBefore("a status line: \(lines[0])")
      }
      let fields = lines.dropFirst().map { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        return (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
      }
      var response = Client.Response(
        status: status, fields: Dictionary(fields) { $0 + ", " + $1 }, body: [])
      let length = isHead || status == 100 ? 0 : Int(response.fields["content-length"] ?? "") ?? 0
      guard bytes.count >= head + 4 + length else { return nil }
      response.body = Array(bytes[(head + 4)..<(head + 4 + length)])
      bytes.removeFirst(head + 4 + length)
      return response
    }

    /// Where the empty line is.
    private func head() -> Int? {
      guard bytes.count >= 4 else { return nil }
      return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }
  }

  private let state: Mutex<State>

  init(reads: Bool) { state = Mutex(State(reads: reads)) }

  var isClosed: Bool { state.withLock { $0.isClosed } }
  var alpn: String? { state.withLock { $0.alpn } }
  var reads: Bool { state.withLock { $0.reads } }

  func startReading() { state.withLock { $0.reads = true } }
  func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

  /// Waits until `found` returns a value. Fails if the connection closes before, or after a time that only a failure
  /// can take.
  @discardableResult
  func wait<Value: Sendable>(_ what: String, _ found: (inout State) throws -> Value?) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let (value, isClosed) = try state.withLock { state in (try found(&state), state.isClosed) }
      if let value { return value }
      if isClosed { throw Client.Failure.closedBefore(what) }
      try await Task.sleep(for: .milliseconds(1))
    }
    throw Client.Failure.timedOut(what)
  }
}

/// Fills an inbox, at the end of the client's pipeline.
final class InboxHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let inbox: Inbox
  private var isReady = false

  init(_ inbox: Inbox) { self.inbox = inbox }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let alpn)? = event as? TLSUserEvent {
      isReady = true
      inbox.change {
        $0.isReady = true
        $0.alpn = alpn
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    inbox.change { $0.bytes.append(contentsOf: buffer.readableBytesView) }
  }

  func read(context: ChannelHandlerContext) {
    if !isReady || inbox.reads { context.read() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    inbox.change { $0.isClosed = true }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
