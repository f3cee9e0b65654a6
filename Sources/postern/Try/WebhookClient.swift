import Admission
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Posts reviews to a webhook as the API server does: HTTP/1.1 over TLS, with a check of the server's name and certificate.
struct WebhookClient {
  let host: String
  let port: Int
  /// The name that the certificate must have.
  let serverName: String
  let context: NIOSSLContext

  init(host: String, port: Int, serverName: String, trusting certificateFile: String) throws(CommandError) {
    self.host = host
    self.port = port
    self.serverName = serverName
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(certificateFile)
    do {
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      throw .refused("\(certificateFile) cannot be used as a certificate: \(error)")
    }
  }

  func post(_ body: [UInt8], to path: AdmissionPath) async throws(CommandError) -> [UInt8] {
    do {
      return try await exchange(body, path)
    } catch let error as CommandError {
      throw error
    } catch {
      throw .refused("the webhook cannot be asked: \(error)")
    }
  }

  private func exchange(_ body: [UInt8], _ path: AdmissionPath) async throws -> [UInt8] {
    let (context, serverName) = (context, serverName)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(5))
      .connect(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: context, serverHostname: serverName))
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
            wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/\(path)?timeout=5s")
      head.headers.add(name: "Host", value: serverName)
      head.headers.add(name: "Content-Type", value: "application/json")
      head.headers.add(name: "Content-Length", value: String(body.count))
      try await outbound.write(.head(head))
      try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body))))
      try await outbound.write(.end(nil))
      var status = HTTPResponseStatus.ok
      var answer: [UInt8] = []
      for try await part in inbound {
        switch part {
        case .head(let head): status = head.status
        case .body(let bytes): answer += Array(bytes.readableBytesView)
        case .end:
          guard status == .ok else {
            throw CommandError.refused("the webhook answered \(status.code) \(status.reasonPhrase)")
          }
          return answer
        }
      }
      throw CommandError.refused("the webhook closed the connection without an answer")
    }
  }
}
