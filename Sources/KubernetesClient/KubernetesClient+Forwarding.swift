import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A port of a Pod.
package struct PodPort: Equatable, Sendable {
  package var namespace: String
  package var pod: String
  package var port: Int

  package init(namespace: String, pod: String, port: Int) {
    self.namespace = namespace
    self.pod = pod
    self.port = port
  }
}

/// Where a forwarded port is reached on this machine.
package struct ForwardedPort: Sendable {
  /// The folder of a Unix socket that only this user can reach: libpq's `host`.
  package let folder: String
  /// The number in the socket's name: libpq's `port`.
  package let port: Int
}

extension KubernetesClient {
  /// Forwards a Pod's port while `work` runs. Every connection to the socket gets a WebSocket of its own, which needs
  /// the rights to `get` and `create` `pods/portforward` (before Kubernetes 1.35, `get` alone).
  /// - Parameter failed: is told why a connection could not be forwarded, or was cut off.
  package func forwarding<Value: Sendable>(
    _ target: PodPort, failed: @escaping @Sendable (KubernetesError) -> Void,
    _ work: (ForwardedPort) async -> Value
  ) async throws(ConfigurationError) -> Value {
    let folder = try SocketFolder()
    defer { folder.remove() }
    let server: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>
    do {
      server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(unixDomainSocketPath: folder.socket) { channel in
          channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
        }
    } catch {
      throw ConfigurationError(
        place: folder.socket, reason: "it cannot be listened at: \(error)", hint: "name another folder in TMPDIR")
    }
    let accepting = Task {
      try? await server.executeThenClose { connections in
        try await withThrowingDiscardingTaskGroup { group in
          for try await connection in connections {
            group.addTask { await self.forward(connection, to: target, failed) }
          }
        }
      }
    }
    let value = await work(ForwardedPort(folder: folder.path, port: SocketFolder.port))
    accepting.cancel()
    await accepting.value
    return value
  }

  /// Which side of a connection has ended.
  private enum End {
    case ofClient
    /// With the server's error; nil where it has sent none.
    case ofPod(String?)
  }

  /// Forwards one connection until the Pod's side ends it, as it does when the client's has ended.
  private func forward(
    _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, to target: PodPort,
    _ failed: @Sendable (KubernetesError) -> Void
  ) async {
    var call = Call(
      "portforward", .GET, .pods, namespace: target.namespace, name: target.pod, subresource: "portforward")
    call.query = [("ports", String(target.port))]
    do {
      try await connection.executeThenClose { fromClient, toClient in
        do {
          try check(call, named: target.pod, in: target.namespace)
          let socket = try await transport.webSocket(call, protocol: ForwardedFrames.protocolName)
          let error = try await socket.executeThenClose { fromPod, toPod in
            try await withThrowingTaskGroup(of: End.self) { group in
              group.addTask {
                // Where the Pod's side has gone, what it has sent before is still to be read.
                do {
                  for try await bytes in fromClient { try await toPod.write(ForwardedFrames.data(bytes)) }
                  try await toPod.write(ForwardedFrames.close)
                } catch {}
                return .ofClient
              }
              group.addTask {
                var frames = ForwardedFrames()
                do {
                  reading: for try await frame in fromPod {
                    switch frames.take(frame) {
                    case .nothing: break
                    case .bytes(let bytes): try await toClient.write(bytes)
                    case .answer(let frame): try await toPod.write(frame)
                    case .end: break reading
                    }
                  }
                } catch {
                  guard frames.error != nil else { throw error }
                }
                return .ofPod(frames.error)
              }
              defer { group.cancelAll() }
              // The client may end its side and still wait for what the Pod has to say.
              while let end = try await group.next() {
                if case .ofPod(let error) = end { return error }
              }
              return nil
            }
          }
          if let error { throw transport.error(call, .notForwarded(reason: error)) }
          // A channel that is closed drops what it has not sent yet.
          try? await connection.channel.writeAndFlush(ByteBuffer()).get()
        } catch let error as KubernetesError where !Task.isCancelled {
          // It is told before the client sees the end, because the client's own end ends everything.
          failed(error)
        }
      }
    } catch {
      // One of the two sides has gone, which the other learns from its own connection.
    }
  }
}
