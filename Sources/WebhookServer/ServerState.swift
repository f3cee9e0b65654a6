import NIOCore
import Synchronization

/// What all connections of a server share: their count and list, the bytes they hold, and whether the server is going.
final class ServerState: Sendable {
  private struct Connections {
    var open: [ObjectIdentifier: any Channel] = [:]
    var quiescing = false
    var whenEmpty: CheckedContinuation<Void, Never>?
  }

  /// Whether a connection is served.
  enum Admission {
    case served
    /// Each request is told to come again.
    case surplus
    case refused
  }

  private let maximumConnections: Int
  private let maximumSurplusConnections: Int
  private let maximumBufferedBytes: Int
  private let connections = Mutex(Connections())
  private let bufferedBytes = Atomic(0)
  private let draining = Atomic(false)

  init(maximumConnections: Int, maximumSurplusConnections: Int, maximumBufferedBytes: Int) {
    self.maximumConnections = maximumConnections
    self.maximumSurplusConnections = maximumSurplusConnections
    self.maximumBufferedBytes = maximumBufferedBytes
  }

  /// Set once shutdown began: not ready, and no answer keeps its connection alive.
  var isDraining: Bool {
    get { draining.load(ordering: .relaxed) }
    set { draining.store(newValue, ordering: .relaxed) }
  }

  /// Set once no further request is waited for.
  var isQuiescing: Bool { connections.withLock { $0.quiescing } }

  /// Notes a connection, unless there are too many.
  func add(_ channel: any Channel) -> Admission {
    connections.withLock { connections in
      let count = connections.open.count
      guard count < maximumConnections + maximumSurplusConnections else { return .refused }
      connections.open[ObjectIdentifier(channel)] = channel
      return count < maximumConnections ? .served : .surplus
    }
  }

  /// Forgets a connection that is closed.
  func remove(_ channel: any Channel) {
    let waiting = connections.withLock { connections in
      connections.open[ObjectIdentifier(channel)] = nil
      guard connections.open.isEmpty else { return nil as CheckedContinuation<Void, Never>? }
      defer { connections.whenEmpty = nil }
      return connections.whenEmpty
    }
    waiting?.resume()
  }

  /// Asks every connection to end after what is in flight, and waits until all have. To be called once.
  func quiesce() async {
    let open = connections.withLock { connections in
      connections.quiescing = true
      return Array(connections.open.values)
    }
    for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    await withCheckedContinuation { continuation in
      let isEmpty = connections.withLock { connections in
        if !connections.open.isEmpty { connections.whenEmpty = continuation }
        return connections.open.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }

  /// Takes room for bytes of a body that is not answered yet, unless too many are held already.
  func reserve(_ count: Int) -> Bool {
    let held = bufferedBytes.wrappingAdd(count, ordering: .relaxed).newValue
    guard held > maximumBufferedBytes else { return true }
    release(count)
    return false
  }

  /// Gives room back.
  func release(_ count: Int) {
    bufferedBytes.wrappingSubtract(count, ordering: .relaxed)
  }
}
