import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import TestSupport

/// A test client: a TLS connection on which any bytes can be sent, and from which responses are read.
final class Client: Sendable {
  struct Response: Equatable {
    var status: Int
    /// Names in lower case.
    var fields: [String: String]
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  enum Failure: Error, Equatable {
    case timedOut(String)
    case closedBefore(String)
  }

  private let channel: any Channel
  private let inbox: Inbox

  private init(_ channel: any Channel, _ inbox: Inbox) {
    self.channel = channel
    self.inbox = inbox
  }

  /// Connects to this machine, asks for a server name, and waits for the end of the handshake.
  static func connect(
    _ port: Int, trusting authorityFile: String, serverName: String = "localhost", alpn: [String] = ["http/1.1"],
    version: TLSVersion? = nil, reads: Bool = true
  ) async throws -> Client {
    let tls = try context(trusting: authorityFile, alpn: alpn, version: version)
    return try await connect(port, tls, serverName: serverName, reads: reads)
  }

  /// The TLS context, which many connections can share.
  static func context(
    trusting authorityFile: String, alpn: [String] = ["http/1.1"], version: TLSVersion? = nil,
    presenting pair: Certificates.Pair? = nil
  ) throws -> NIOSSLContext {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(authorityFile)
    tls.applicationProtocols = alpn
    if let pair {
      tls.certificateChain = try NIOSSLCertificate.fromPEMFile(pair.certificateFile).map { .certificate($0) }
      tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: pair.privateKeyFile, format: .pem))
    }
    // Other curves are slow in a debug build.
    tls.curves = [.x25519, .secp256r1]
    if let version { tls.minimumTLSVersion = version }
    tls.maximumTLSVersion = version
    return try NIOSSLContext(configuration: tls)
  }

  /// Connects to this machine, and waits for the end of the handshake.
  static func connect(
    _ port: Int, _ context: NIOSSLContext, serverName: String = "localhost", reads: Bool = true
  ) async throws -> Client {
    let client = try await open(port, reads: reads) { channel in
      try channel.pipeline.syncOperations.addHandler(
        NIOSSLClientHandler(context: context, serverHostname: serverName))
    }
    try await client.inbox.wait("the handshake") { $0.isReady ? true : nil }
    return client
  }

  /// Connects without TLS.
  /// - Parameter address: this machine's address that it connects from.
  static func connectPlain(_ port: Int, from address: String = "127.0.0.1") async throws -> Client {
    try await open(port, from: address, reads: true) { _ in }
  }

  private static func open(
    _ port: Int, from address: String = "127.0.0.1", reads: Bool,
    _ prepare: @escaping @Sendable (any Channel) throws -> Void
  ) async throws -> Client {
    let inbox = Inbox(reads: reads)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(to: SocketAddress(ipAddress: address, port: 0))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try prepare(channel)
          try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    return Client(channel, inbox)
  }

  /// Sends bytes unchanged. If the server has closed the connection, reading shows it.
  func send(_ text: String) { send(Array(text.utf8)) }

  /// Sends bytes unchanged. If the server has closed the connection, reading shows it.
  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  /// The next response. `isHead` says that it answers a HEAD request and has no body.
  func response(isHead: Bool = false) async throws -> Response {
    try await inbox.wait("a response") { try $0.takeResponse(isHead: isHead) }
  }

  /// Sends a request and reads its response.
  func post(_ path: String, _ body: [UInt8], contentType: String = "application/json") async throws -> Response {
    send(Client.post(path, body, contentType: contentType))
    return try await response()
  }

  /// Sends a GET and reads its response.
  func get(_ path: String) async throws -> Response {
    send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return try await response()
  }

  /// The bytes of a POST.
  static func post(_ path: String, _ body: [UInt8], contentType: String = "application/json") -> [UInt8] {
    let head =
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(contentType)\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    return Array(head.utf8) + body
  }

  /// Waits until the server has closed.
  func waitForClose() async throws {
    try await inbox.wait("the server to close") { $0.isClosed ? true : nil }
  }

  var isClosed: Bool { inbox.isClosed }

  /// The protocol that ALPN chose.
  var alpn: String? { inbox.alpn }

  /// Begins to read, if the connection was opened without reading.
  func startReading() {
    inbox.startReading()
    channel.read()
  }

  func tlsVersion() async throws -> TLSVersion? { try await channel.nioSSL_tlsVersion().get() }

  func serverSerial() async throws -> [UInt8]? { try await channel.nioSSL_peerCertificate().get()?.serialNumber }

  func close() async { try? await channel.close() }
}
