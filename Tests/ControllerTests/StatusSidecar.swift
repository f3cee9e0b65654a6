import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A sidecar's status port for tests: plain HTTP on this machine.
final class StatusSidecar: Sendable {
  private let answer = Mutex<(code: Int, body: String)>((200, ""))
  private let isDripping = Mutex(false)
  private let log = Mutex<[String?]>([])
  private let channel = Mutex<(any Channel)?>(nil)

  var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }
  /// The `Authorization` header of each question so far.
  var tokens: [String?] { log.withLock { $0 } }

  /// Starts one.
  static func start() async throws -> StatusSidecar {
    let sidecar = StatusSidecar()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(sidecar))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    sidecar.channel.withLock { $0 = channel }
    return sidecar
  }

  func stop() async { try? await channel.withLock { $0 }?.close() }

  /// From now on gives this answer.
  func answers(_ body: String, code: Int = 200) { answer.withLock { $0 = (code, body) } }

  /// From now on begins an answer, sends a byte of it now and then, and never ends it.
  func drips() { isDripping.withLock { $0 = true } }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let sidecar: StatusSidecar
    init(_ sidecar: StatusSidecar) { self.sidecar = sidecar }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .head(let head) = unwrapInboundIn(data) else { return }
      let token = head.headers.first(name: "Authorization")
      sidecar.log.withLock { $0.append(token) }
      if sidecar.isDripping.withLock({ $0 }) {
        let channel = context.channel
        context.writeAndFlush(
          wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: ["Content-Length": "100000"]))),
          promise: nil)
        context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(300)) { task in
          guard channel.isActive else { return task.cancel() }
          channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: " "))), promise: nil)
        }
        return
      }
      let (code, body) = sidecar.answer.withLock { $0 }
      let status = HTTPResponseStatus(statusCode: code)
      let headers: HTTPHeaders = ["Content-Length": String(body.utf8.count), "Connection": "close"]
      context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      context.close(promise: nil)
    }
  }
}
