/// The memory that the bodies of unanswered requests may take together. A value that has no clock of its own.
///
/// Small bodies are not counted, because there is room for one on every connection. A part of the capacity is reserved
/// for bodies of medium size. When there is no room, the bodies that have arrived most slowly so far lose theirs to one
/// that arrives faster. A body that began less than `patience` ago never loses its room, because an honest client sends
/// its largest body within that time.
struct BodyRoom {
  enum Verdict: Equatable {
    case taken
    /// The room is given, and these bodies have lost theirs for it.
    case takenFrom([ObjectIdentifier])
    case refused
  }

  private struct Share {
    var bytes: Int
    let beginning: Duration
    var isUnfinished = true
  }

  private let capacity: Int
  /// The bytes that bodies above `mediumBytes` must leave free for smaller ones.
  private let reserve: Int
  private let mediumBytes: Int
  private let patience: Duration
  private var shares: [ObjectIdentifier: Share] = [:]
  /// The bytes that are in use.
  private(set) var taken = 0

  init(capacity: Int, reserve: Int, mediumBytes: Int, patience: Duration) {
    self.capacity = capacity
    self.reserve = reserve
    self.mediumBytes = mediumBytes
    self.patience = patience
  }

  /// Takes room for `bytes` more bytes of a body. A body that is refused keeps what it has until it is released.
  /// - Parameter now: the time on a clock that never goes back.
  mutating func take(_ bytes: Int, for body: ObjectIdentifier, now: Duration) -> Verdict {
    let total = (shares[body]?.bytes ?? 0) + bytes
    let bound = total > mediumBytes ? capacity - reserve : capacity
    var leavers: [ObjectIdentifier] = []
    var missing = taken + bytes - bound
    if missing > 0 {
      let own = shares[body].map { speed($0, now) } ?? .infinity
      let slower = shares.filter { $0.value.isUnfinished && speed($0.value, now) < own }
      for (id, share) in slower.sorted(by: { speed($0.value, now) < speed($1.value, now) }) where missing > 0 {
        leavers.append(id)
        missing -= share.bytes
      }
      guard missing <= 0 else { return .refused }
    }
    for id in leavers { release(id) }
    shares[body, default: Share(bytes: 0, beginning: now)].bytes += bytes
    taken += bytes
    return leavers.isEmpty ? .taken : .takenFrom(leavers)
  }

  /// The body has arrived completely, so it no longer loses its room to others.
  mutating func finish(_ body: ObjectIdentifier) { shares[body]?.isUnfinished = false }

  /// Frees the room of a body that is no longer kept. Does nothing for a body that was never counted.
  mutating func release(_ body: ObjectIdentifier) {
    if let share = shares.removeValue(forKey: body) { taken -= share.bytes }
  }

  /// Bytes per second; infinite for a body that began less than `patience` ago.
  private func speed(_ share: Share, _ now: Duration) -> Double {
    let age = now - share.beginning
    return age < patience ? .infinity : Double(share.bytes) / (age / .seconds(1))
  }
}
