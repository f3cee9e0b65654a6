import NIOCore
import NIOWebSocket

/// The frames of a WebSocket that forwards one port (`v4.channel.k8s.io`; Kubernetes, cri/streaming/portforward). A message begins with the number
/// of its channel: 0 for data, 1 for the server's error. The first two bytes of either channel are the port's number.
struct ForwardedFrames {
  static let protocolName = "v4.channel.k8s.io"
  /// No more of an error's text is kept.
  private static let maximumErrorBytes = 1024

  /// What is to be done about a frame.
  enum Step: Equatable {
    case nothing
    /// Pass these bytes on.
    case bytes(ByteBuffer)
    /// Send this frame.
    case answer(WebSocketFrame)
    /// The server has ended the connection.
    case end
  }

  /// The channel of the message that is arriving, which may have several frames.
  private var channel: UInt8?
  /// How many bytes of the port's number have not come yet, for each channel.
  private var missing = [2, 2]
  private var errorBytes: [UInt8] = []

  /// The server's error; nil where it has sent none.
  var error: String? { errorBytes.isEmpty ? nil : String(decoding: errorBytes, as: UTF8.self) }

  mutating func take(_ frame: WebSocketFrame) -> Step {
    var data = frame.unmaskedData
    switch frame.opcode {
    case .ping: return .answer(WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: data))
    case .connectionClose: return .end
    case .binary, .text: channel = data.readInteger()
    case .continuation: break
    default: return .nothing
    }
    guard let channel = channel.map(Int.init), channel < missing.count else { return .nothing }
    let number = min(missing[channel], data.readableBytes)
    missing[channel] -= number
    data.moveReaderIndex(forwardBy: number)
    guard data.readableBytes > 0 else { return .nothing }
    if channel == 0 { return .bytes(data.slice()) }
    errorBytes += data.readableBytesView.prefix(Self.maximumErrorBytes - errorBytes.count)
    return .nothing
  }

  /// The frame that carries these bytes to the port.
  static func data(_ bytes: ByteBuffer) -> WebSocketFrame {
    var message = ByteBuffer(bytes: [0])
    message.writeImmutableBuffer(bytes)
    return WebSocketFrame(fin: true, opcode: .binary, maskKey: .random(), data: message)
  }

  static var close: WebSocketFrame {
    WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: ByteBuffer())
  }
}
