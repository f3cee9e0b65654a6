import DatabaseSpec
import Testing

@testable import Instances

/// Thousands of histories: passes that end anywhere, two leaders, lost Secrets, edits, clocks that jump. At every moment
/// Postgres lets in what applications are told, but where somebody has just edited or deleted it.
@Suite struct RotationModelTests {
  /// A Postgres: each login's password, and until when it is good; nil where it cannot log in.
  private struct Server {
    var logins: [Bool: (password: Password, until: Timestamp?)] = [:]

    mutating func apply(_ mounted: RotationState.Mounted, at now: Timestamp) {
      let second = mounted.login.isSecond
      logins[second] = (mounted.current, nil)
      switch mounted.login.other {
      case .idle: logins[!second] = nil
      case .pending: if let other = mounted.other { logins[!second] = (other, nil) }
      case .until(let end):
        if end.microseconds <= now.microseconds {
          logins[!second] = nil
        } else if let other = mounted.other {
          logins[!second] = (other, end)
        } else if let login = logins[!second] {
          logins[!second] = (login.password, end)
        }
      }
    }

    func letsIn(_ told: RotationState.Told, at now: Timestamp) -> Bool {
      guard let second = told.isSecond, let login = logins[second], login.password == told.password else {
        return false
      }
      return login.until.map { $0.microseconds > now.microseconds } ?? true
    }
  }

  @Test(arguments: UInt64(0)..<40)
  func everyHistoryKeepsLoginsGoing(seed: UInt64) throws {
    for part in 0..<25 { try history(seed &* 1_000 &+ UInt64(part)) }
  }

  private func history(_ seed: UInt64) throws {
    var random = Numbers(state: seed &+ 1)
    let rotation = Rotation(every: 7_200, overlap: 1_800)
    var now = Timestamp(microseconds: 1_800_000_000_000_000)
    var state = RotationState()
    var versions = (told: 0, mounted: 0)
    var server = Server()
    /// The version of the mounted Secret that Postgres has.
    var applied = -1
    var (isDisturbed, count, turns) = (true, 0, 0)
    /// The login of before the last turn, and until when it must go on.
    var before: (told: RotationState.Told, until: Timestamp)?
    func decide(_ state: RotationState, _ readiness: LoginReadiness, aheadBy seconds: Int = 0) throws
      -> RotationDecision
    {
      count += 1
      let password = try Password("p\(count)")
      // Such a leader has been told that the clocks differ, or nothing yet.
      let doubt = seconds == 0 ? nil : "the clocks differ"
      let plan = RotationPlan(
        rotation: rotation, jitter: 0.3, now: now.adding(seconds: seconds),
        readiness: doubt.map { .held($0) } ?? readiness, clockDoubt: doubt)
      return try #require(plan.decide(state) { password })
    }
    for step in 0..<400 {
      let earlier = state
      switch random.next(below: 100) {
      case 0..<40:
        // A pass: it reads, then writes the mounted Secret, then the user's; each only if it is as it was read. It may
        // end after any of them, and another leader may have been there in between.
        let read = (state, versions)
        let readiness: LoginReadiness = applied == versions.mounted ? .applied : .held("not applied")
        let seconds = random.next(below: 8) == 0 ? random.next(below: 20_000) - 10_000 : 0
        let decision = try decide(read.0, readiness, aheadBy: seconds)
        if random.next(below: 6) == 0 { break }
        if random.next(below: 8) == 0 {
          let other = try decide(state, readiness)
          if state.mounted != other.mounted {
            (state.mounted, versions.mounted) = (other.mounted, versions.mounted + 1)
          }
          if state.told != other.told { (state.told, versions.told) = (other.told, versions.told + 1) }
        }
        if read.1.mounted == versions.mounted {
          if state.mounted != decision.mounted {
            (state.mounted, versions.mounted) = (decision.mounted, versions.mounted + 1)
          }
        } else {
          break
        }
        if random.next(below: 6) == 0 { break }
        guard read.1.told == versions.told, state.told != decision.told else { break }
        if decision.isTurn {
          turns += 1
          before = state.told.map { ($0, now.adding(seconds: rotation.overlap)) }
        }
        (state.told, versions.told) = (decision.told, versions.told + 1)
        if earlier.told == nil { isDisturbed = true }
      case 40..<75:
        guard let mounted = state.mounted else { break }
        server.apply(mounted, at: now)
        applied = versions.mounted
        if state.told.map({ server.letsIn($0, at: now) }) == true { isDisturbed = false }
      case 75..<92: now = now.adding(seconds: random.next(below: 1_200))
      case 92: (state.told, versions.told, isDisturbed) = (nil, versions.told + 1, true)
      case 93: (state.mounted, versions.mounted) = (nil, versions.mounted + 1)
      case 94:
        count += 1
        state.told?.password = try Password("edited\(count)")
        (versions.told, isDisturbed) = (versions.told + 1, true)
      case 95:
        state.told?.rotatesAt = now
        versions.told += 1
      case 96:
        state.told?.isSecond = [true, false, nil][random.next(below: 3)]
        (versions.told, isDisturbed) = (versions.told + 1, true)
      default:
        // A restored backup: it has what is mounted before it is ready.
        guard let mounted = state.mounted else { break }
        server = Server()
        server.apply(mounted, at: now)
        applied = versions.mounted
      }
      // Whoever edits or deletes what is stored ends the login of before, too; so does a backup of another time.
      if isDisturbed || state.mounted == nil || server.logins.isEmpty { before = nil }
      if let old = before, old.until.microseconds > now.microseconds, !server.letsIn(old.told, at: now) {
        Issue.record("history \(seed), step \(step): \(old) \(String(describing: state.mounted)) \(server)")
        return
      }
      guard !isDisturbed, let told = state.told else { continue }
      if !server.letsIn(told, at: now) {
        Issue.record("history \(seed), step \(step): \(told) \(String(describing: state.mounted)) \(server)")
        return
      }
    }
    // Whatever happened, it goes on: with passes and a sidecar alone, a password turns.
    for _ in 0..<40 {
      now = now.adding(seconds: 600)
      let decision = try decide(state, applied == versions.mounted ? .applied : .held(""))
      if state.mounted != decision.mounted { versions.mounted += 1 }
      if decision.isTurn { turns += 1000 }
      (state.mounted, state.told) = (decision.mounted, decision.told)
      if let mounted = state.mounted { server.apply(mounted, at: now) }
      applied = versions.mounted
      #expect(state.told.map { server.letsIn($0, at: now) } == true, "history \(seed)")
    }
    #expect(turns >= 1000, "history \(seed)")
  }
}

/// Numbers that are the same for the same seed (SplitMix64).
private struct Numbers {
  var state: UInt64

  mutating func next(below limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var number = state
    number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
    number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((number ^ (number >> 31)) % UInt64(limit))
  }
}
