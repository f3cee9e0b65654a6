/// The memory that the bodies of unanswered requests may take together. A value, without a clock of its own.
///
/// Small bodies are not counted: there is room for one on every connection. Of what is counted, a part is kept for bodies
/// of medium size. Where there is no room, the bodies that came slowest until now give up theirs to one that came faster.
/// None does that began within the `patience`: an honest client has sent its largest by then.
struct BodyRoom {
  enum Verdict: Equatable {
    case taken
    /// Taken, because these give up what they hold.
    case takenFrom([ObjectIdentifier])
    case refused
  }

  private struct Share {
    var bytes: Int
    let beginning: Duration
    var isUnfinished = true
  }

  private let capacity: Int
  /// What bodies above `mediumBytes` leave to the others.
  private let reserve: Int
  private let mediumBytes: Int
  private let patience: Duration
  private var shares: [ObjectIdentifier: Share] = [:]
  /// Bytes that are taken.
  private(set) var taken = 0

  init(capacity: Int, reserve: Int, mediumBytes: Int, patience: Duration) {
    self.capacity = capacity
    self.reserve = reserve
    self.mediumBytes = mediumBytes
    self.patience = patience
  }

  /// Takes room for so many bytes more of a body. A body that is refused keeps what it has until it is released.
  /// - Parameter now: on a clock that only goes forward.
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

  /// A body is all there: it is not given up any more.
  mutating func finish(_ body: ObjectIdentifier) { shares[body]?.isUnfinished = false }

  /// A body is no longer kept, or was never counted.
  mutating func release(_ body: ObjectIdentifier) {
    if let share = shares.removeValue(forKey: body) { taken -= share.bytes }
  }

  /// Bytes a second; beyond measure for one that has just begun.
  private func speed(_ share: Share, _ now: Duration) -> Double {
    let age = now - share.beginning
    return age < patience ? .infinity : Double(share.bytes) / (age / .seconds(1))
  }
}
