import Foundation
package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization

/// An API server for tests: HTTP/1.1 over TLS. The test's script gives the answers.
package final class FakeServer: Sendable {
  package struct Request: Sendable {
    package var method: HTTPMethod
    /// The path, without the query.
    package var path: String
    /// The query's parameters, decoded.
    package var query: [String: String]
    package var headers: HTTPHeaders
    package var body = ""
    /// The serial number of the client's certificate.
    package var certificate: [UInt8]?
    /// The TCP connection that it came on.
    package var connection: ObjectIdentifier
    package var token: String? { headers.first(name: "Authorization") }
  }

  package enum Answer: Sendable {
    case json(Int, String, [(String, String)] = [])
    /// Sends the head. The test sends the body.
    case stream(@Sendable (Feed) -> Void)
    /// Closes the connection without an answer.
    case cut
    /// Never answers.
    case silence

    /// A `Status`.
    package static func status(_ code: Int, _ reason: String, _ message: String, _ headers: [(String, String)] = [])
      -> Answer
    {
      .json(
        code, #"{"kind":"Status","code":\#(code),"status":"Failure","reason":"\#(reason)","message":"\#(message)"}"#,
        headers)
    }
  }

  /// A body that is sent in pieces.
  package struct Feed: Sendable {
    package let channel: any Channel

    package func send(_ text: String) {
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
    }
    package func end() { channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil) }
    package func cut() { channel.close(promise: nil) }
    package var isClosed: Bool { !channel.isActive }
  }

  package typealias Script = @Sendable (_ number: Int, _ request: Request) -> Answer

  private let log = Mutex<[Request]>([])
  private let script: Script
  private let channel = Mutex<(any Channel)?>(nil)

  /// All requests so far.
  package var requests: [Request] { log.withLock { $0 } }
  package var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

  private init(script: @escaping Script) { self.script = script }

  /// Starts one; `script` gets each request with its number, from 0.
  package static func start(
    _ pair: Certificates.Pair, host: String = "127.0.0.1", forwarding: FakePortForward? = nil, script: @escaping Script
  ) async throws -> FakeServer {
    let server = FakeServer(script: script)
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(pair.certificateFile).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: pair.privateKeyFile, format: .pem)))
    tls.trustRoots = .file(try authority.get().authorityFile)
    tls.certificateVerification = .optionalVerification
    let context = try NIOSSLContext(configuration: tls)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(NIOSSLServerHandler(context: context))
          // Without pipelining assistance it also reads while it answers, and so sees the client close.
          // What is asked to upgrade goes on without the handler of requests.
          let handler = Handler(server)
          let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
          try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: forwarding.map { forwarding in
              (
                upgraders: [forwarding.upgrader],
                completionHandler: { $0.pipeline.syncOperations.removeHandler(bound.value, promise: nil) }
              )
            })
          try pipeline.addHandler(handler)
        }
      }
      .bind(host: host, port: 0).get()
    server.channel.withLock { $0 = channel }
    return server
  }

  package func stop() async { try? await channel.withLock { $0 }?.close() }

  fileprivate func answer(_ request: Request) -> Answer {
    let number = log.withLock { log in
      log.append(request)
      return log.count - 1
    }
    return script(number, request)
  }
}

private final class Handler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let server: FakeServer
  private var request: FakeServer.Request?

  init(_ server: FakeServer) { self.server = server }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      let parts = head.uri.split(separator: "?", maxSplits: 1)
      let pairs = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { pair in
        let sides = pair.split(separator: "=", maxSplits: 1)
        return (String(sides[0]), (sides.count > 1 ? String(sides[1]) : "").removingPercentEncoding ?? "")
      }
      request = FakeServer.Request(
        method: head.method, path: String(parts[0]), query: Dictionary(uniqueKeysWithValues: pairs),
        headers: head.headers,
        certificate: (try? context.pipeline.syncOperations.nioSSL_peerCertificate())?.serialNumber,
        connection: ObjectIdentifier(context.channel))
    case .body(let bytes): request?.body += String(buffer: bytes)
    case .end:
      guard let request else { return }
      self.request = nil
      send(server.answer(request), context)
    }
  }

  private func send(_ answer: FakeServer.Answer, _ context: ChannelHandlerContext) {
    switch answer {
    case .json(let code, let body, let headers):
      var fields = HTTPHeaders(headers)
      fields.add(name: "Content-Length", value: String(body.utf8.count))
      write(.head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: code), headers: fields)), context)
      write(.body(.byteBuffer(ByteBuffer(string: body))), context)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    case .stream(let feed):
      let fields: HTTPHeaders = ["Transfer-Encoding": "chunked"]
      write(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)), context)
      context.flush()
      feed(FakeServer.Feed(channel: context.channel))
    case .cut: context.close(promise: nil)
    case .silence: break
    }
  }

  private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(part), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A request for a WebSocket that is not opened is then answered as any other.
    if !(error is NIOWebSocketUpgradeError) { context.close(promise: nil) }
  }
}
