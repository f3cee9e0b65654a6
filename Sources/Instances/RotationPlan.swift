package import DatabaseSpec

/// Decides what becomes of one user's two logins. Pure.
struct RotationPlan {
  /// What is declared, or was, where `rotate` was taken out.
  var rotation: Rotation
  /// Whether `rotate` was taken out: then the first login is used again, and the second is given up.
  var isEnding = false
  /// A number from -1 to 1 that is always the same for this user, so that users of one file do not turn at once.
  var jitter: Double
  /// The controller's time.
  var now: Timestamp
  /// What the Pods have said of what is mounted.
  var readiness: LoginReadiness
  /// Why a Pod's clock may be another than the controller's; nil: every Pod's is known to be as the controller's.
  let clockDoubt: String?

  /// By how much the time between two turns may differ from what is declared: a twentieth.
  static let jitterShare = 0.05

  /// After how many seconds it is looked again at what waits for the Pods.
  private static let recheck = 60

  /// - Parameter generate: makes a password; called only where a new one is needed. Nil: there is none, and nothing turns.
  func decide(_ state: RotationState, generate: () -> Password?) -> RotationDecision? {
    guard let (stored, told) = settled(state, generate) else { return nil }
    let mounted = bounded(stored)
    var decision = RotationDecision(mounted: mounted, told: told)
    decision.told.rotatesAt = dueTime(told)
    if isEnding, let end = ending(&decision) { return end }
    let due = decision.told.rotatesAt ?? now
    switch mounted.login.other {
    case .pending:
      guard state.mounted == mounted else { break }
      turn(&decision, due: due)
    case .until(let end) where end.adding(seconds: LoginReport.maximumSkew).microseconds > now.microseconds:
      // A turn takes the login that can still be used. So it waits until that is over, also by the server's clock.
      let over = end.adding(seconds: LoginReport.maximumSkew)
      decision.next = over
      if due.microseconds <= now.microseconds {
        decision.held = ("the login of before can still be used, up to \(end.rfc3339)", due)
      }
    case .until where clockDoubt != nil:
      // The controller's own clock may be ahead. Postgres refuses the login of before at its end, by its own clock.
      if let clockDoubt, due.microseconds <= now.microseconds {
        decision.held = (clockDoubt, due)
        decision.next = now.adding(seconds: Self.recheck)
      } else {
        // Nothing waits for it, and what a Pod tells starts a pass.
        decision.next = [due, now.adding(seconds: 10 * Self.recheck)].min { $0.microseconds < $1.microseconds }
      }
    case .until, .idle:
      if due.microseconds > now.microseconds {
        decision.next = due
      } else if state.mounted == mounted, state.told != nil {
        prepare(&decision, due: due, generate)
      } else {
        // First what is there is written as it must be.
        decision.next = now
      }
      if case .until = mounted.login.other, decision.mounted.login.other == mounted.login.other {
        (decision.mounted.login.other, decision.mounted.other) = (.idle, nil)
      }
    }
    return decision
  }

  /// What is stored, made consistent: what an earlier pass has begun is finished, what was edited counts, and what was
  /// deleted comes back. It begins nothing.
  private func settled(
    _ state: RotationState, _ generate: () -> Password?
  ) -> (RotationState.Mounted, RotationState.Told)? {
    guard let told = state.told else {
      guard let mounted = state.mounted else {
        return generate().map { (.init(login: LoginState(), current: $0), .init(isSecond: false, password: $0)) }
      }
      // The user's Secret was deleted.
      var back = RotationState.Told(isSecond: mounted.login.isSecond, password: mounted.current)
      if case .until(let end) = mounted.login.other { back.rotatedAt = end.adding(seconds: -rotation.overlap) }
      return (mounted, back)
    }
    guard var mounted = state.mounted else {
      // The mounted Secret was deleted. The password of before is not known any more, but its time is.
      var login = LoginState(isSecond: told.isSecond == true)
      if let end = endOfOld(told), end.microseconds > now.microseconds || clockDoubt != nil {
        login.other = .until(end)
      }
      var back = told
      back.isSecond = login.isSecond
      return (.init(login: login, current: told.password), back)
    }
    var settled = told
    if told.isSecond == mounted.login.isSecond || (told.isSecond == nil && told.password != mounted.other) {
      settled.isSecond = mounted.login.isSecond
      guard told.password != mounted.current else { return (mounted, settled) }
      // An emergency: the password was edited. It is changed in place, and the other login ends at once.
      return (.init(login: LoginState(isSecond: mounted.login.isSecond), current: told.password), settled)
    }
    if told.password == mounted.current {
      // Somebody edited the name. It is put back.
      settled.isSecond = mounted.login.isSecond
      return (mounted, settled)
    }
    let isSecond = !mounted.login.isSecond
    settled.isSecond = isSecond
    guard told.password == mounted.other, mounted.login.other == .pending else {
      return (.init(login: LoginState(isSecond: isSecond), current: told.password), settled)
    }
    // The turn was told, and the old login gets its end.
    let old = mounted.current
    mounted = .init(login: LoginState(isSecond: isSecond), current: told.password)
    settled.rotatedAt = settled.rotatedAt ?? now
    if let end = endOfOld(settled) { (mounted.login.other, mounted.other) = (.until(end), old) }
    return (mounted, settled)
  }

  /// An end that is further away than one overlap is of a clock that was wrong, or the overlap was longer. It stays where
  /// the controller's own clock may be wrong: nobody's login may end too early.
  private func bounded(_ mounted: RotationState.Mounted) -> RotationState.Mounted {
    let last = now.adding(seconds: rotation.overlap)
    guard clockDoubt == nil, case .until(let end) = mounted.login.other,
      end.microseconds > last.adding(seconds: LoginReport.maximumSkew).microseconds
    else { return mounted }
    var bounded = mounted
    bounded.login.other = .until(last)
    return bounded
  }

  private func endOfOld(_ told: RotationState.Told) -> Timestamp? {
    told.rotatedAt.map { time in
      // A time that lies ahead is of a clock that was wrong, which may be the controller's own now.
      let isAhead = time.microseconds > now.microseconds && clockDoubt == nil
      return (isAhead ? now : time).adding(seconds: rotation.overlap)
    }
  }

  /// When the next turn is due. A time that was edited counts, but none that is further away than one period.
  private func dueTime(_ told: RotationState.Told) -> Timestamp? {
    // The turn back is due at once. It is stored since when, so that it can be told how long it waits.
    guard !isEnding else { return told.rotatesAt.map { $0.microseconds < now.microseconds ? $0 : now } ?? now }
    let period = Double(rotation.every) * (1 + Self.jitterShare * jitter)
    let latest = now.adding(seconds: Int(period))
    guard let time = told.rotatesAt, time.microseconds <= now.adding(seconds: rotation.every * 21 / 20).microseconds
    else { return latest }
    return time
  }

  /// Makes the other login ready.
  private func prepare(_ decision: inout RotationDecision, due: Timestamp, _ generate: () -> Password?) {
    guard let password = generate() else {
      decision.held = ("no password can be generated", due)
      decision.next = now.adding(seconds: Self.recheck)
      return
    }
    (decision.mounted.login.other, decision.mounted.other) = (.pending, password)
    decision.next = now.adding(seconds: 5)
  }

  /// Tells applications of the other login, if every Pod has it.
  private func turn(_ decision: inout RotationDecision, due: Timestamp) {
    guard case .applied = readiness, let password = decision.mounted.other else {
      if case .held(let reason) = readiness { decision.held = (reason, due) }
      decision.next = now.adding(seconds: Self.recheck)
      return
    }
    let isSecond = !decision.mounted.login.isSecond
    decision.told = .init(isSecond: isSecond, password: password, rotatedAt: now)
    decision.told.rotatesAt = isEnding ? nil : dueTime(decision.told)
    decision.isTurn = true
    // Step 5 follows at once, by the next pass.
    decision.next = now
  }

  /// `rotate` was taken out and nothing is left to do but to wait, or to give up the second login.
  private func ending(_ decision: inout RotationDecision) -> RotationDecision? {
    guard !decision.mounted.login.isSecond else { return nil }
    decision.told.rotatesAt = nil
    if case .until(let end) = decision.mounted.login.other {
      guard end.microseconds <= now.microseconds else {
        decision.next = end
        return decision
      }
      if let clockDoubt {
        decision.held = (clockDoubt, end)
        decision.next = now.adding(seconds: Self.recheck)
        return decision
      }
    }
    decision.held = nil
    (decision.mounted.login.other, decision.mounted.other) = (.idle, nil)
    decision.isOver = true
    return decision
  }
}

extension Timestamp {
  /// The time so many seconds later; the last, or the first, that there is, where it would be beyond that.
  package func adding(seconds: Int) -> Timestamp {
    let bound = seconds < 0 ? Int64.min : Int64.max
    let (added, isTooLong) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000)
    let (sum, isBeyond) = microseconds.addingReportingOverflow(added)
    return Timestamp(microseconds: isTooLong || isBeyond ? bound : sum)
  }
}
