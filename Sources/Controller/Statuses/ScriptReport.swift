/// Whether a sidecar runs a script, from what it told. What is not known yet becomes known as soon as the sidecar is asked; what
/// cannot be found out counts as "no" after a while. Pure.
struct ScriptReport: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// For how long a sidecar that nobody could ask yet may run a script. A new leader's first passes take less.
  static let unaskedBound = LookSchedule.resync
  /// For how long one may that was asked and did not tell.
  static let untoldBound = Duration.seconds(60)
  /// For how long one that runs a script may go on with it without being heard.
  static let unheardBound = LookSchedule.resync

  /// Nil: it has not told.
  private var told: Bool?
  private var isAsked = false
  /// Since when all that is so; where a script runs, when that was last heard.
  private var since: Instant

  /// A sidecar that has not been asked yet.
  init(at now: Instant) { since = now }

  /// It was asked.
  /// - Parameter answer: whether a script runs; nil: it did not tell.
  mutating func take(_ answer: Bool?, at now: Instant) {
    if let answer {
      (told, since) = (answer, now)
    } else if told == nil, !isAsked {
      since = now
    }
    isAsked = true
  }

  /// It has more to do from now on.
  mutating func mayBegin(at now: Instant) {
    // Where nothing was told, the time does not begin anew: it would never be over where much is declared.
    if told == false { self = Self(at: now) }
  }

  /// It was started again, which ends what it ran.
  mutating func beginAgain(at now: Instant) {
    if told != nil { self = Self(at: now) }
  }

  /// Nil: that is not known yet.
  func runsScript(at now: Instant) -> Bool? {
    switch told {
    case false: false
    case true: now - since < Self.unheardBound
    case nil: now - since < (isAsked ? Self.untoldBound : Self.unaskedBound) ? nil : false
    }
  }
}
