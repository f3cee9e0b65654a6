/// Decides who may stay connected when there is not room for all. Pure: the caller passes in what is known of each
/// connection.
///
/// - While there is room, every connection is accepted.
/// - When there is none, the newcomer is accepted and another connection is closed. Connections whose client owes
///   something (its first request, the rest of one, the reading of an answer, its closing) are closed before those that
///   are idle after an answered request; among each kind, the one that has waited longest is first. A connection whose
///   state began less than `patience` ago is left alone as long as there is another choice, because honest clients need
///   milliseconds for a handshake or a request. A connection with a complete request is never closed. One with a request
///   that has just begun is closed only if its address has more than a quarter of the connections and the newcomer's has not.
/// - While there is room, no address is limited, because a whole cluster's API server may be one address (behind a
///   proxy, or with one replica). When there is none, an address with more than a quarter of the connections loses idle
///   ones first; and its newcomers replace only connections of the same address, or those whose client owes something.
struct ConnectionPolicy {
  /// What a connection does, as far as this policy needs it.
  enum Activity: UInt8 {
    /// No request has begun. The handshake may or may not be done.
    case silent
    /// Idle after a request was answered.
    case idle
    /// The client has begun a request, has an answer to read, or is expected to close.
    case owing
    /// A complete request has arrived.
    case busy
  }

  /// A connection that has a place.
  struct Occupant {
    let activity: Activity
    /// How long it has had this activity.
    let duration: Duration
    /// Whether its address has more than a quarter of the places.
    let isOfMany: Bool
    /// Whether it has the newcomer's address.
    let isOfNewcomer: Bool
  }

  let maximum: Int
  let patience: Duration

  /// How many connections one address may have when others need the room.
  var share: Int { max(1, maximum / 4) }

  /// Whether a connection whose client has sent nothing for a while must be closed.
  func isCrowded(_ count: Int) -> Bool { count > maximum / 2 }

  /// The occupant that is closed for a newcomer; nil where none may be closed, so that the newcomer is told to try
  /// again.
  /// - Parameter isOfMany: whether the newcomer's address already has its share.
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

  /// The occupant with the lowest rank is closed first; nil: it is never closed.
  private func rank(_ occupant: Occupant, forOneOfMany isOfMany: Bool) -> Int? {
    let isSettled = occupant.duration >= patience
    switch occupant.activity {
    case .busy: return nil
    case .owing where isSettled: return 0
    case .owing: return occupant.isOfMany && !isOfMany ? 4 : nil
    case .silent where isSettled: return 0
    case .silent, .idle:
      if isOfMany, !occupant.isOfNewcomer { return nil }
      switch (isSettled, occupant.isOfMany) {
      case (true, true): return 1
      case (true, false): return 2
      case (false, true): return 3
      case (false, false): return occupant.activity == .silent ? 5 : nil
      }
    }
  }
}
