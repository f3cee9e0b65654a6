import NIOCore
import Synchronization

/// What all connections of a port share: their places, the room for their bodies, and whether the server stops.
final class ServerState: Sendable {
  private struct Connections {
    var seats: Seats
    var quiescing = false
    var whenEmpty: CheckedContinuation<Void, Never>?
  }

  private let smallBodyBytes: Int
  private let connections: Mutex<Connections>
  private let room: Mutex<BodyRoom>
  private let draining = Atomic(false)

  init(_ configuration: ServerConfiguration, maximumConnections: Int, maximumSurplus: Int) {
    smallBodyBytes = configuration.smallBodyBytes
    let policy = ConnectionPolicy(maximum: maximumConnections, patience: configuration.patience)
    connections = Mutex(Connections(seats: Seats(policy, maximumSurplus: maximumSurplus)))
    room = Mutex(
      BodyRoom(
        capacity: configuration.maximumBufferedBytes, reserve: configuration.maximumBufferedBytes / 6,
        mediumBytes: configuration.largeBodyBytes, patience: configuration.patience))
  }

  /// Set when shutdown begins: the server is not ready, and every answer closes its connection.
  var isDraining: Bool {
    get { draining.load(ordering: .relaxed) }
    set { draining.store(newValue, ordering: .relaxed) }
  }

  /// Set when the server no longer waits for further requests.
  var isQuiescing: Bool { connections.withLock { $0.quiescing } }

  // MARK: Connections

  /// Whether more than half of the places are taken.
  var isCrowded: Bool { connections.withLock { $0.seats.isCrowded } }

  /// Gives a newcomer a place, unless no other connection can be closed for it.
  func admit(_ seat: Seat) -> Seats.Admission {
    let (admission, leavers) = connections.withLock { $0.seats.admit(seat, now: .now()) }
    for leaver in leavers { leaver.ask() }
    return admission
  }

  /// The connection is being closed: its place is free.
  func leave(_ seat: Seat) { connections.withLock { $0.seats.leave(seat) } }

  /// The connection was asked to leave, has received a request meanwhile, and stays.
  func stay(_ seat: Seat) { connections.withLock { $0.seats.stay(seat) } }

  /// Forgets a connection that is closed.
  func remove(_ seat: Seat) {
    let waiting = connections.withLock { connections in
      connections.seats.remove(seat)
      guard connections.seats.isEmpty else { return nil as CheckedContinuation<Void, Never>? }
      defer { connections.whenEmpty = nil }
      return connections.whenEmpty
    }
    waiting?.resume()
  }

  /// Asks every connection to end after its request in flight, and waits until all have ended. May be called once.
  func quiesce() async {
    let channels = connections.withLock { connections in
      connections.quiescing = true
      return connections.seats.channels
    }
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    await withCheckedContinuation { continuation in
      let isEmpty = connections.withLock { connections in
        if !connections.seats.isEmpty { connections.whenEmpty = continuation }
        return connections.seats.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }

  // MARK: Bodies

  /// Takes room for a body that has grown by `bytes` to `total`; false: there is none.
  func takeRoom(_ bytes: Int, of total: Int, for seat: Seat) -> Bool {
    guard total > smallBodyBytes else { return true }
    // When a body outgrows the size that is not counted, all of it is counted.
    let bytes = total - bytes > smallBodyBytes ? bytes : total
    return take(bytes, .body, of: seat)
  }

  private func take(_ bytes: Int, _ kind: BodyRoom.Key.Kind, of seat: Seat) -> Bool {
    let now = Duration.nanoseconds(NIODeadline.now().uptimeNanoseconds)
    switch room.withLock({ $0.take(bytes, for: seat.key(kind), of: seat.address, now: now) }) {
    case .taken: return true
    case .refused: return false
    case .takenFrom(let leavers):
      let asked = connections.withLock { connections in
        leavers.compactMap { key in connections.seats[key.connection].map { ($0, MakeRoom(key.kind)) } }
      }
      for (seat, event) in asked { seat.ask(event) }
      return true
    }
  }

  /// A body of `bytes` bytes has arrived completely: it no longer loses its room to others.
  func finishBody(_ bytes: Int, of seat: Seat) {
    if bytes > smallBodyBytes { room.withLock { $0.finish(seat.key(.body)) } }
  }

  /// Frees the room of a body of `bytes` bytes.
  func giveRoomBack(_ bytes: Int, of seat: Seat) {
    if bytes > smallBodyBytes { room.withLock { $0.release(seat.key(.body)) } }
  }

  // MARK: Answers

  /// Takes room for answers of `bytes` bytes that a client leaves unread; false: there is none.
  func takeRoomForAnswers(_ bytes: Int, of seat: Seat) -> Bool { take(bytes, .answer, of: seat) }

  /// The client has read its answers, or is gone.
  func giveRoomOfAnswersBack(of seat: Seat) { room.withLock { $0.release(seat.key(.answer)) } }
}
