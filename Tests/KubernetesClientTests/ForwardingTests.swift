import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import KubernetesClient

/// A Pod's port on this machine, over a server that speaks as a kubelet does.
@Suite struct ForwardingTests {
  private let target = PodPort(namespace: "shop", pod: "acme-0", port: 5432)

  /// A server of 127.0.0.1 that sends back what it gets.
  private func echo() async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
  }

  /// Sends bytes to the forwarded port, and reads as many.
  private func exchange(_ sent: [UInt8], _ port: ForwardedPort) async throws -> [UInt8] {
    let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(unixDomainSocketPath: "\(port.folder)/.s.PGSQL.\(port.port)") { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await connection.executeThenClose { input, output in
      async let writing: Void = output.write(ByteBuffer(bytes: sent))
      var received: [UInt8] = []
      for try await bytes in input {
        received += bytes.readableBytesView
        if received.count >= sent.count { break }
      }
      try? await writing
      return received
    }
  }

  @Test func bytesGoBothWaysOnSeveralConnectionsAtOnce() async throws {
    let server = try await echo()
    let port = server.localAddress?.port ?? 0
    let asked = Mutex<[String]>([])
    let forwarding = FakePortForward { uri, token in
      asked.withLock { $0.append("\(uri) \(token ?? "")") }
      return .port(port)
    }
    try await talking({ _, _ in .cut }, forwarding: forwarding) { talk in
      let failures = Mutex<[String]>([])
      let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
      let answers = try await talk.client.forwarding(
        target, failed: { error in failures.withLock { $0.append(error.description) } }
      ) { port -> [[UInt8]] in
        let mode = (try? FileManager.default.attributesOfItem(atPath: port.folder))?[.posixPermissions] as? Int
        #expect(mode == 0o700)
        async let first = try? exchange(large, port)
        async let second = try? exchange([1, 2, 3], port)
        let answers = [await first ?? [], await second ?? []]
        return answers + [Array(port.folder.utf8)]
      }
      #expect(answers[0] == large && answers[1] == [1, 2, 3])
      #expect(failures.withLock { $0 } == [])
      #expect(!FileManager.default.fileExists(atPath: String(decoding: answers[2], as: UTF8.self)))
    }
    let wanted = "/api/v1/namespaces/shop/pods/acme-0/portforward?ports=5432 Bearer s3cr3t"
    #expect(asked.withLock { Set($0) } == [wanted])
    try await server.close()
  }

  /// The errors of one connection.
  private func failures(_ answer: FakeServer.Answer, forwarding: FakePortForward? = nil) async throws
    -> [KubernetesError]
  {
    let failures = Mutex<[KubernetesError]>([])
    try await talking({ _, _ in answer }, forwarding: forwarding) { talk in
      try await talk.client.forwarding(target, failed: { error in failures.withLock { $0.append(error) } }) { port in
        #expect((try? await exchange([1], port)) ?? [] == [])
        _ = try? await eventually { failures.withLock { !$0.isEmpty } }
      }
    }
    return failures.withLock { $0 }
  }

  @Test func aRefusalIsToldWithItsWords() async throws {
    let message = #"User \"x\" cannot create resource \"pods/portforward\""#
    let told = try await failures(.status(403, "Forbidden", message))
    #expect(told.map(\.code) == [403] && told[0].description.contains("cannot create resource"), "\(told)")
    #expect(told[0].description.contains("/api/v1/namespaces/shop/pods/acme-0/portforward"))
    #expect(!told[0].description.contains("s3cr3t"))
  }

  @Test func anAnswerWithoutAStatusIsToldByItsCode() async throws {
    let told = try await failures(.json(502, "<html>"))
    #expect(told.map(\.code) == [502], "\(told)")
  }

  @Test func aConnectionThatIsCutBeforeItIsOpenIsTold() async throws {
    let told = try await failures(.cut)
    #expect(told.count == 1, "\(told)")
  }

  @Test func theKubeletsErrorIsTold() async throws {
    let text = "error forwarding port 5432 to pod acme-0, uid : connection refused"
    let told = try await failures(.cut, forwarding: FakePortForward { _, _ in .error(text) })
    #expect(told.map(\.cause) == [.notForwarded(reason: text)])
  }

  @Test func aServerThatIsNotTrustedGetsNoToken() async throws {
    let asked = Mutex(0)
    let forwarding = FakePortForward { _, _ in
      asked.withLock { $0 += 1 }
      return .error("x")
    }
    let failures = Mutex<[KubernetesError]>([])
    try await talking({ _, _ in .cut }, forwarding: forwarding, cluster: { $0.tls.trustRoots = .default }) { talk in
      try await talk.client.forwarding(target, failed: { error in failures.withLock { $0.append(error) } }) { port in
        _ = try? await exchange([1], port)
        _ = try? await eventually { failures.withLock { !$0.isEmpty } }
      }
    }
    let causes = failures.withLock { $0.map(\.cause) }
    guard case .untrusted? = causes.first else { return #expect(Bool(false), "\(causes)") }
    #expect(asked.withLock { $0 } == 0)
  }
}
