import NIOCore
import Synchronization

/// A connection's place in the server. It publishes to all threads what the connection does.
final class Seat: Sendable {
  let channel: any Channel
  /// The client's IP address.
  let address: String
  /// Nanoseconds on the clock of `NIODeadline`, with the activity in the last two bits.
  private let published: Atomic<UInt64>

  init(_ channel: any Channel) {
    self.channel = channel
    address = channel.remoteAddress?.ipAddress ?? ""
    published = Atomic(Self.packed(.silent, .now()))
  }

  /// What the connection does, and since when.
  var activity: (ConnectionPolicy.Activity, since: NIODeadline) {
    let packed = published.load(ordering: .relaxed)
    let activity = ConnectionPolicy.Activity(rawValue: UInt8(truncatingIfNeeded: packed & 3)) ?? .busy
    return (activity, .uptimeNanoseconds(packed >> 2))
  }

  /// Publishes what the connection does from now on. A silent client counts as silent since it connected.
  func publish(_ activity: ConnectionPolicy.Activity, _ now: NIODeadline) {
    if activity == .silent, self.activity.0 == .silent { return }
    published.store(Self.packed(activity, now), ordering: .relaxed)
  }

  /// What takes room for it.
  func key(_ kind: BodyRoom.Key.Kind) -> BodyRoom.Key { .init(connection: ObjectIdentifier(self), kind: kind) }

  /// Asks the connection to make room. May be called from any thread.
  func ask(_ event: MakeRoom) { channel.pipeline.fireUserInboundEventTriggered(event) }

  private static func packed(_ activity: ConnectionPolicy.Activity, _ time: NIODeadline) -> UInt64 {
    time.uptimeNanoseconds << 2 | UInt64(activity.rawValue)
  }
}

/// Asks a connection to make room.
enum MakeRoom {
  /// For a new connection, if this one still does what it did when it was chosen.
  case ofConnection(ConnectionPolicy.Activity)
  /// For others, if this connection's body has not arrived completely.
  case ofBody
  /// For others, if this connection's answers have not been read.
  case ofAnswer

  /// That this kind has lost its room.
  init(_ kind: BodyRoom.Key.Kind) { self = kind == .body ? .ofBody : .ofAnswer }
}
