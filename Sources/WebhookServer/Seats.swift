import NIOCore

/// All connections of a port that have a place, and the choice of who gets one. A value; ``ServerState`` guards it.
struct Seats {
  enum Admission: Equatable {
    case served
    /// There is no place: each of its requests is answered with 429.
    case surplus
    case refused
  }

  private struct Entry {
    let seat: Seat
    let isSurplus: Bool
    /// Whether it was asked to leave or is being closed, so that its place is free.
    var isLeaving = false
  }

  /// A connection that was chosen to leave, and what it did when it was chosen.
  struct Leaver {
    let seat: Seat
    let activity: ConnectionPolicy.Activity

    func ask() { seat.ask(.ofConnection(activity)) }
  }

  private let policy: ConnectionPolicy
  private let maximumSurplus: Int
  private var entries: [ObjectIdentifier: Entry] = [:]
  /// How many connections are served and not leaving: in all, and by address.
  private var count = 0
  private var counts: [String: Int] = [:]
  private var surplusCount = 0

  init(_ policy: ConnectionPolicy, maximumSurplus: Int) {
    self.policy = policy
    self.maximumSurplus = maximumSurplus
  }

  subscript(_ id: ObjectIdentifier) -> Seat? { entries[id]?.seat }
  var isEmpty: Bool { entries.isEmpty }
  var channels: [any Channel] { entries.values.map(\.seat.channel) }
  /// Whether more than half of the places are taken.
  var isCrowded: Bool { policy.isCrowded(count) }

  /// Gives a newcomer a place, and if necessary takes another connection's. If the count is still above the maximum
  /// because a connection that was asked has stayed, it asks two.
  mutating func admit(_ seat: Seat, now: NIODeadline) -> (Admission, [Leaver]) {
    // Connections that were asked to leave are gone within milliseconds. This bound holds if their event loop is busy
    // for longer.
    guard entries.count < 2 * policy.maximum + maximumSurplus else { return (.refused, []) }
    var leavers: [Leaver] = []
    while count >= policy.maximum, leavers.count < 2, let leaver = leaver(for: seat.address, now: now) {
      leavers.append(leaver)
    }
    if leavers.isEmpty, count >= policy.maximum {
      guard surplusCount < maximumSurplus else { return (.refused, []) }
      surplusCount += 1
      entries[ObjectIdentifier(seat)] = Entry(seat: seat, isSurplus: true)
      return (.surplus, [])
    }
    entries[ObjectIdentifier(seat)] = Entry(seat: seat, isSurplus: false)
    change(seat.address, by: 1)
    return (.served, leavers)
  }

  /// The connection is being closed: its place is free.
  mutating func leave(_ seat: Seat) {
    guard let entry = entries[ObjectIdentifier(seat)], !entry.isLeaving, !entry.isSurplus else { return }
    entries[ObjectIdentifier(seat)]?.isLeaving = true
    change(seat.address, by: -1)
  }

  /// The connection was asked to leave, has received a request meanwhile, and stays.
  mutating func stay(_ seat: Seat) {
    guard let entry = entries[ObjectIdentifier(seat)], entry.isLeaving else { return }
    entries[ObjectIdentifier(seat)]?.isLeaving = false
    change(seat.address, by: 1)
  }

  /// The connection is closed.
  mutating func remove(_ seat: Seat) {
    guard let entry = entries.removeValue(forKey: ObjectIdentifier(seat)) else { return }
    if entry.isSurplus { surplusCount -= 1 } else if !entry.isLeaving { change(seat.address, by: -1) }
  }

  private mutating func leaver(for address: String, now: NIODeadline) -> Leaver? {
    let isOfMany = counts[address, default: 0] >= policy.share
    let candidates = entries.values.filter { !$0.isSurplus && !$0.isLeaving }.map { entry in
      let (activity, since) = entry.seat.activity
      return (seat: entry.seat, activity: activity, duration: Duration.nanoseconds(max(0, (now - since).nanoseconds)))
    }
    let occupants = candidates.map { candidate in
      ConnectionPolicy.Occupant(
        activity: candidate.activity, duration: candidate.duration,
        isOfMany: counts[candidate.seat.address, default: 0] > policy.share,
        isOfNewcomer: candidate.seat.address == address)
    }
    guard let index = policy.leaver(occupants, forOneOfMany: isOfMany) else { return nil }
    leave(candidates[index].seat)
    return Leaver(seat: candidates[index].seat, activity: candidates[index].activity)
  }

  private mutating func change(_ address: String, by difference: Int) {
    count += difference
    let ofAddress = counts[address, default: 0] + difference
    counts[address] = ofAddress == 0 ? nil : ofAddress
  }
}
