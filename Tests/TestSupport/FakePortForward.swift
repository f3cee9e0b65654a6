import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// What a kubelet does with a WebSocket for a Pod's port (Kubernetes, cri/streaming/portforward/websocket.go): each of
/// two channels begins with the port's number, then the first carries the connection, and the second an error.
package struct FakePortForward: Sendable {
  package enum Answer: Sendable {
    /// Connects to this port of 127.0.0.1.
    case port(Int)
    /// Sends an error.
    case error(String)
  }

  /// What becomes of a request for a path and its query with a header `Authorization`; nil where it is answered as any other.
  let answer: @Sendable (_ uri: String, _ token: String?) -> Answer?

  package init(_ answer: @escaping @Sendable (_ uri: String, _ token: String?) -> Answer?) {
    self.answer = answer
  }

  var upgrader: NIOWebSocketServerUpgrader {
    NIOWebSocketServerUpgrader(
      maxFrameSize: 1 << 24,
      shouldUpgrade: { channel, head in
        let isWanted =
          head.headers.first(name: "Sec-WebSocket-Protocol") == "v4.channel.k8s.io"
          && answer(head.uri, head.headers.first(name: "Authorization")) != nil
        return channel.eventLoop.makeSucceededFuture(isWanted ? ["Sec-WebSocket-Protocol": "v4.channel.k8s.io"] : nil)
      },
      upgradePipelineHandler: { channel, head in
        channel.eventLoop.makeCompletedFuture {
          let socket = try NIOAsyncChannel<WebSocketFrame, WebSocketFrame>(wrappingChannelSynchronously: channel)
          let answer = answer(head.uri, head.headers.first(name: "Authorization"))
          Task { try? await Self.serve(socket, answer) }
        }
      })
  }

  private static func message(_ channel: UInt8, _ bytes: ByteBuffer) -> WebSocketFrame {
    var data = ByteBuffer(bytes: [channel])
    data.writeImmutableBuffer(bytes)
    return WebSocketFrame(fin: true, opcode: .binary, data: data)
  }

  private static func serve(_ socket: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, _ answer: Answer?) async throws {
    try await socket.executeThenClose { frames, out in
      for channel: UInt8 in [0, 1] { try await out.write(message(channel, ByteBuffer(bytes: [0x38, 0x15]))) }
      switch answer {
      case nil: break
      case .error(let text):
        try await out.write(message(1, ByteBuffer(string: text)))
        try await out.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer()))
        // What is closed before all is read takes back what was sent (RFC 1122 §4.2.2.13).
        for try await _ in frames {}
      case .port(let port):
        let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
              try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
          }
        try await server.executeThenClose { fromServer, toServer in
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
              for try await bytes in fromServer { try await out.write(message(0, bytes)) }
            }
            group.addTask {
              for try await frame in frames {
                if frame.opcode == .connectionClose { break }
                var data = frame.unmaskedData
                guard frame.opcode == .binary, data.readInteger(as: UInt8.self) == 0 else { continue }
                try await toServer.write(data)
              }
            }
            try await group.next()
            group.cancelAll()
          }
        }
      }
    }
  }
}
