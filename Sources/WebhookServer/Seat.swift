import NIOCore
import Synchronization

/// A connection's place in the server: what it does, for all threads to see.
final class Seat: Sendable {
  let channel: any Channel
  /// The client's IP address.
  let address: String
  /// Nanoseconds on the clock of `NIODeadline`, and the activity in the last two bits.
  private let published: Atomic<UInt64>

  init(_ channel: any Channel) {
    self.channel = channel
    address = channel.remoteAddress?.ipAddress ?? ""
    published = Atomic(Self.packed(.silent, .now()))
  }

  /// What it does, and since when.
  var activity: (ConnectionPolicy.Activity, since: NIODeadline) {
    let packed = published.load(ordering: .relaxed)
    let activity = ConnectionPolicy.Activity(rawValue: UInt8(truncatingIfNeeded: packed & 3)) ?? .busy
    return (activity, .uptimeNanoseconds(packed >> 2))
  }

  /// Says what it does from now on. A client that says nothing has done so since it connected.
  func publish(_ activity: ConnectionPolicy.Activity, _ now: NIODeadline) {
    if activity == .silent, self.activity.0 == .silent { return }
    published.store(Self.packed(activity, now), ordering: .relaxed)
  }

  /// Asks it to go; from any thread.
  func ask(_ event: MakeRoom) { channel.pipeline.fireUserInboundEventTriggered(event) }

  private static func packed(_ activity: ConnectionPolicy.Activity, _ time: NIODeadline) -> UInt64 {
    time.uptimeNanoseconds << 2 | UInt64(activity.rawValue)
  }
}

/// Asks a connection to go, so that there is room.
enum MakeRoom {
  /// For a newcomer, if it still does what it did when it was chosen.
  case ofConnection(ConnectionPolicy.Activity)
  /// For other bodies, if its own is not all there.
  case ofBody
}
