/// The memory that bodies of unanswered requests, and answers that clients leave unread, may take together. A value that has
/// no clock of its own.
///
/// Small bodies are not counted, because there is room for one on every connection. A part of the capacity is reserved
/// for bodies of medium size. When there is no room, what has moved most slowly so far loses its own to what moves faster.
/// What began less than `patience` ago loses its room only where its address has more than a third of the capacity, and
/// the newcomer's has not: an honest client sends its largest body, which has a third, within that time; but whoever begins
/// anew all the time is always young.
struct BodyRoom {
  /// What takes room.
  struct Key: Hashable {
    enum Kind {
      /// The body of a request.
      case body
      /// Answers that were written, and not read.
      case answer
    }

    let connection: ObjectIdentifier
    let kind: Kind
  }

  enum Verdict: Equatable {
    case taken
    /// The room is given, and these have lost theirs for it.
    case takenFrom([Key])
    case refused
  }

  private struct Share {
    var bytes: Int
    let address: String
    let beginning: Duration
    var isUnfinished = true
  }

  private let capacity: Int
  /// The bytes that bodies above `mediumBytes` must leave free for smaller ones.
  private let reserve: Int
  private let mediumBytes: Int
  private let patience: Duration
  private var shares: [Key: Share] = [:]
  private var bytesOfAddress: [String: Int] = [:]
  /// The bytes that are in use.
  private(set) var taken = 0

  init(capacity: Int, reserve: Int, mediumBytes: Int, patience: Duration) {
    self.capacity = capacity
    self.reserve = reserve
    self.mediumBytes = mediumBytes
    self.patience = patience
  }

  /// Takes room for `bytes` more bytes. What is refused keeps what it has until it is released.
  /// - Parameters:
  ///   - address: the client's.
  ///   - now: the time on a clock that never goes back.
  mutating func take(_ bytes: Int, for key: Key, of address: String, now: Duration) -> Verdict {
    let total = (shares[key]?.bytes ?? 0) + bytes
    let bound = total > mediumBytes ? capacity - reserve : capacity
    var leavers: [Key] = []
    var missing = taken + bytes - bound
    if missing > 0 {
      let own = shares[key].map { speed($0, now) } ?? .infinity
      let isModest = !isGreedy(address, with: bytes)
      let others = shares.filter { other in
        guard other.value.isUnfinished, other.key.connection != key.connection else { return false }
        return speed(other.value, now) < own
          || isModest && other.value.address != address && isGreedy(other.value.address, with: 0)
      }
      // Of several that are as fast, the largest, so that few have to go.
      let order = others.map { (key: $0.key, speed: speed($0.value, now), bytes: $0.value.bytes) }
        .sorted { ($0.speed, $1.bytes) < ($1.speed, $0.bytes) }
      for leaver in order where missing > 0 {
        leavers.append(leaver.key)
        missing -= leaver.bytes
      }
      guard missing <= 0 else { return .refused }
    }
    for id in leavers { release(id) }
    shares[key, default: Share(bytes: 0, address: address, beginning: now)].bytes += bytes
    taken += bytes
    bytesOfAddress[address, default: 0] += bytes
    return leavers.isEmpty ? .taken : .takenFrom(leavers)
  }

  /// A body has arrived completely, so it no longer loses its room to others.
  mutating func finish(_ key: Key) { shares[key]?.isUnfinished = false }

  /// Frees the room of what is no longer kept. Does nothing for what was never counted.
  mutating func release(_ key: Key) {
    guard let share = shares.removeValue(forKey: key) else { return }
    taken -= share.bytes
    let left = bytesOfAddress[share.address, default: 0] - share.bytes
    bytesOfAddress[share.address] = left == 0 ? nil : left
  }

  /// Whether an address has more than a third of the room, with as many bytes more.
  private func isGreedy(_ address: String, with bytes: Int) -> Bool {
    bytesOfAddress[address, default: 0] + bytes > capacity / 3
  }

  /// Bytes per second; infinite for what began less than `patience` ago.
  private func speed(_ share: Share, _ now: Duration) -> Double {
    let age = now - share.beginning
    return age < patience ? .infinity : Double(share.bytes) / (age / .seconds(1))
  }
}
