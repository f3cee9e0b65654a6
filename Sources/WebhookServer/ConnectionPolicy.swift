/// Who may be connected when there is room for some connections only. Pure: what is known of each connection goes in.
///
/// - As long as there is room, everybody is taken.
/// - When there is none, the newcomer is taken and another goes: one that owes something (its first request, the rest of
///   one, the reading of an answer, its closing) before one that is idle after a request was answered; of each, the one that has
///   waited longest. What began within the `patience` is left alone, as long as there is anybody else: honest clients need
///   milliseconds for a handshake or a request. A request that is all there is never given up.
/// - No address is limited as long as there is room, because a whole cluster's API server may be one address (behind a
///   proxy, or with one replica). When there is none, an address that has more than a quarter of the connections gives up
///   idle ones first; and for its own newcomers it gives up its own, or those that owe something.
struct ConnectionPolicy {
  /// What a connection does, as far as it matters here.
  enum Activity: UInt8 {
    /// No request has begun; the handshake is done or not.
    case silent
    /// Idle after a request was answered.
    case idle
    /// The client has begun a request, has an answer to read, or is to close.
    case owing
    /// A request is all there.
    case busy
  }

  /// One connection that has its place.
  struct Occupant {
    let activity: Activity
    /// How long it has been so.
    let duration: Duration
    /// Its address has more than a quarter of the places.
    let isOfMany: Bool
    /// Its address is the newcomer's.
    let isOfNewcomer: Bool
  }

  let maximum: Int
  let patience: Duration

  /// How many connections one address may have when others need the room.
  var share: Int { max(1, maximum / 4) }

  /// Whether one that has said nothing for a while must go.
  func isCrowded(_ count: Int) -> Bool { count > maximum / 2 }

  /// Which of the occupants goes for a newcomer; nil: none, and the newcomer must come again.
  /// - Parameter isOfMany: the newcomer's address has its share already.
  func leaver<Occupants: Collection<Occupant>>(_ occupants: Occupants, forOneOfMany isOfMany: Bool) -> Occupants.Index?
  {
    var best: (index: Occupants.Index, rank: Int, duration: Duration)?
    for index in occupants.indices {
      let occupant = occupants[index]
      guard let rank = rank(occupant, forOneOfMany: isOfMany) else { continue }
      if let best, (best.rank, occupant.duration) <= (rank, best.duration) { continue }
      best = (index, rank, occupant.duration)
    }
    return best?.index
  }

  /// The lower, the sooner it goes; nil: not at all.
  private func rank(_ occupant: Occupant, forOneOfMany isOfMany: Bool) -> Int? {
    let isSettled = occupant.duration >= patience
    switch occupant.activity {
    case .busy: return nil
    case .owing: return isSettled ? 0 : nil
    case .silent where isSettled: return 0
    case .silent, .idle:
      if isOfMany, !occupant.isOfNewcomer { return nil }
      switch (isSettled, occupant.isOfMany) {
      case (true, true): return 1
      case (true, false): return 2
      case (false, true): return 3
      case (false, false): return occupant.activity == .silent ? 4 : nil
      }
    }
  }
}
