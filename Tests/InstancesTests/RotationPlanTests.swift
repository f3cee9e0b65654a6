import DatabaseSpec
import Testing

@testable import Instances

/// What becomes of two logins, without IO: every state that a crash, a loss or an edit can leave.
@Suite struct RotationPlanTests {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)
  private static let rotation = Rotation(every: 86_400, overlap: 3_600)

  private static func at(_ seconds: Int) -> Timestamp { now.adding(seconds: seconds) }
  private static func password(_ text: String) throws -> Password { try Password(text) }

  private func plan(
    _ readiness: LoginReadiness = .applied, isEnding: Bool = false, now: Timestamp = RotationPlanTests.now,
    clockDoubt: String? = nil
  ) -> RotationPlan {
    RotationPlan(
      rotation: Self.rotation, isEnding: isEnding, jitter: 0, now: now, readiness: readiness, clockDoubt: clockDoubt)
  }

  /// `first|second PASSWORD [idle|pending OTHER|until SECONDS OTHER]`, and `first|second PASSWORD ROTATED ROTATES`, each
  /// in seconds from now.
  private static func state(_ told: String?, _ mounted: String?) throws -> RotationState {
    var state = RotationState()
    if let words = told?.split(separator: " ").map(String.init) {
      state.told = .init(
        isSecond: words[0] == "neither" ? nil : words[0] == "second", password: try password(words[1]),
        rotatedAt: Int(words[2]).map { at($0) }, rotatesAt: Int(words[3]).map { at($0) })
    }
    if let words = mounted?.split(separator: " ").map(String.init) {
      let other: LoginState.Other =
        switch words[2] {
        case "pending": .pending
        case "until": .until(at(Int(words[3]) ?? 0))
        default: .idle
        }
      state.mounted = .init(
        login: LoginState(isSecond: words[0] == "second", other: other), current: try password(words[1]),
        other: words.count > 3 && Int(words[words.count - 1]) == nil ? try password(words[words.count - 1]) : nil)
    }
    return state
  }

  private static func text(_ told: RotationState.Told) -> String {
    func seconds(_ time: Timestamp?) -> String {
      time.map { "\(($0.microseconds - now.microseconds) / 1_000_000)" } ?? "-"
    }
    return "\(told.isSecond == true ? "second" : "first") \(told.password.unredacted) \(seconds(told.rotatedAt)) "
      + seconds(told.rotatesAt)
  }

  private static func text(_ mounted: RotationState.Mounted) -> String {
    let other =
      switch mounted.login.other {
      case .idle: "idle"
      case .pending: "pending"
      case .until(let end): "until \((end.microseconds - now.microseconds) / 1_000_000)"
      }
    return "\(mounted.login.isSecond ? "second" : "first") \(mounted.current.unredacted) \(other)"
      + (mounted.other.map { " \($0.unredacted)" } ?? "")
  }

  @Test(arguments: [
    // Nothing is due.
    ("declared for the first time", "first a - -", "first a idle", "first a - 86400", "first a idle"),
    ("new altogether", nil, nil, "first new - 86400", "first new idle"),
    ("nothing to do", "first a -9 100", "first a idle", "first a -9 100", "first a idle"),
    // A turn, step by step.
    ("due", "first a - -1", "first a idle", "first a - -1", "first a pending new"),
    ("every Pod has it", "first a - -1", "first a pending b", "second b 0 86400", "first a pending b"),
    ("told", "second b 0 86400", "first a pending b", "second b 0 86400", "second b until 3600 a"),
    (
      "the old one can be used", "second b -60 86340", "second b until 3540 a", "second b -60 86340",
      "second b until 3540 a"
    ),
    ("asked for meanwhile", "second b -60 -1", "second b until 3540 a", "second b -60 -1", "second b until 3540 a"),
    ("its time is over", "second b -9000 900", "second b until -5400 a", "second b -9000 900", "second b idle"),
    (
      "not yet by the server's clock", "second b -3610 900", "second b until -10 a", "second b -3610 900",
      "second b until -10 a"
    ),
    ("due again", "second b -9000 -1", "second b idle", "second b -9000 -1", "second b pending new"),
    (
      "due again, the old one is still noted", "second b -9000 -1", "second b until -5400 a", "second b -9000 -1",
      "second b pending new"
    ),
    ("and back", "second b -9000 -1", "second b pending c", "first c 0 86400", "second b pending c"),
    // What was deleted.
    ("the user's Secret, nothing begun", nil, "second b idle", "second b - 86400", "second b idle"),
    ("the user's Secret, begun", nil, "first a pending b", "second b 0 86400", "first a pending b"),
    ("the user's Secret, told", nil, "second b until 1800 a", "second b -1800 86400", "second b until 1800 a"),
    ("the mounted Secret, nothing begun", "second b -9000 100", nil, "second b -9000 100", "second b idle"),
    ("the mounted Secret, due", "second b -9000 -1", nil, "second b -9000 -1", "second b idle"),
    ("the mounted Secret, told", "second b -60 86340", nil, "second b -60 86340", "second b until 3540"),
    // What was edited.
    ("the password: an emergency", "first z - 100", "first a idle", "first z - 100", "first z idle"),
    (
      "the password while the old login can be used", "second z -60 100", "second b until 3540 a", "second z -60 100",
      "second z idle"
    ),
    ("the password while the next is made", "first z - -1", "first a pending b", "first z - -1", "first z idle"),
    ("the password right after it was told", "second z 0 100", "first a pending b", "second z 0 100", "second z idle"),
    ("the name", "second a - 100", "first a idle", "first a - 100", "first a idle"),
    ("the name to nobody's", "neither a - 100", "first a idle", "first a - 100", "first a idle"),
    ("name and password", "neither z - 100", "first a idle", "first z - 100", "first z idle"),
    // Clocks.
    ("a turn too far away", "first a - 900000", "first a idle", "first a - 86400", "first a idle"),
    (
      "an end that is too far away", "second b 900000 900", "second b until 900000 a", "second b 900000 900",
      "second b until 3600 a"
    ),
    (
      "an end by a clock that is a little ahead", "second b 50 900", "second b until 3650 a", "second b 50 900",
      "second b until 3650 a"
    ),
    ("a turn of the future", "second b 5000 9000", "first a pending b", "second b 5000 9000", "second b until 3600 a"),
  ])
  func whatIsStoredBecomes(_ what: String, told: String?, mounted: String?, newTold: String, newMounted: String) throws
  {
    let decision = try #require(plan().decide(try Self.state(told, mounted)) { try? Self.password("new") })
    #expect(Self.text(decision.told) == newTold, "\(what)")
    #expect(Self.text(decision.mounted) == newMounted, "\(what)")
    #expect(decision.isTurn == (newTold.contains(" 0 86400") && told?.contains(" 0 86400") != true), "\(what)")
  }

  @Test func aTurnWaitsUntilEveryPodHasItAndSaysWhy() throws {
    let state = try Self.state("first a - -1", "first a pending b")
    let decision = try #require(plan(.held("a Pod lags")).decide(state) { nil })
    #expect(Self.text(decision.told) == "first a - -1" && Self.text(decision.mounted) == "first a pending b")
    #expect(decision.held?.reason == "a Pod lags" && decision.held?.since == Self.at(-1))
    #expect(decision.next == Self.at(60))
  }

  @Test(arguments: [
    ("second b - -", "second b idle", "second b - 0", "second b pending new", false),
    ("second b - 500", "second b idle", "second b - 0", "second b pending new", false),
    ("second b - -500", "second b idle", "second b - -500", "second b pending new", false),
    ("first c 0 -500", "first c until 3600 b", "first c 0 -", "first c until 3600 b", false),
    ("second b - -", "second b pending c", "first c 0 -", "second b pending c", false),
    ("first c 0 -", "second b pending c", "first c 0 -", "first c until 3600 b", false),
    ("first c -60 -", "first c until 3540 b", "first c -60 -", "first c until 3540 b", false),
    ("first c -9000 -", "first c until -5400 b", "first c -9000 -", "first c idle", true),
    ("first a - 5", "first a pending b", "first a - -", "first a idle", true),
    ("first a - 5", "first a idle", "first a - -", "first a idle", true),
  ])
  func takenOutItGoesBackToTheFirstAndIsOver(
    told: String, mounted: String, newTold: String, newMounted: String, isOver: Bool
  ) throws {
    let state = try Self.state(told, mounted)
    let decision = try #require(plan(isEnding: true).decide(state) { try? Self.password("new") })
    #expect(Self.text(decision.told) == newTold && Self.text(decision.mounted) == newMounted)
    #expect(decision.isOver == isOver)
  }

  /// The controller's own clock may be the one that is wrong, ahead or behind. Postgres ends the login of before by its own.
  @Test(arguments: [
    ("an end far away", "second b 900000 900", "second b until 900000 a", "second b until 900000 a", 900_060, false),
    ("an end that has passed", "second b -9000 900", "second b until -5400 a", "second b until -5400 a", 600, false),
    ("a turn is due after it", "second b -9000 -1", "second b until -5400 a", "second b until -5400 a", 60, true),
    ("soon", "second b -9000 100", "second b until -5400 a", "second b until -5400 a", 100, false),
    ("told just now", "second b 0 86400", "first a pending b", "second b until 3600 a", 3_660, false),
    ("told by a clock ahead", "second b 5000 9000", "first a pending b", "second b until 8600 a", 8_660, false),
    ("told long ago", "second b -9000 900", "first a pending b", "second b until -5400 a", 600, false),
    ("the mounted Secret is gone", "second b -9000 100", nil, "second b until -5400", 100, false),
    ("nothing was told", "second b - 100", nil, "second b idle", 100, false),
    // What is made ready harms nobody, and is told when every Pod has it.
    ("due", "first a - -1", "first a idle", "first a pending new", 5, false),
  ])
  func anEndStaysWhereClocksMayDiffer(
    _ what: String, told: String, mounted: String?, newMounted: String, next: Int, isHeld: Bool
  ) throws {
    let plan = plan(.held("a clock"), clockDoubt: "a clock")
    let decision = try #require(plan.decide(try Self.state(told, mounted)) { try? Self.password("new") })
    #expect(Self.text(decision.mounted) == newMounted, "\(what)")
    #expect(!decision.isTurn && decision.held?.reason == (isHeld ? "a clock" : nil), "\(what)")
    #expect(decision.next == Self.at(next), "\(what)")
  }

  @Test func takenOutTheEndStaysWhereClocksMayDiffer() throws {
    let plan = plan(.held("a clock"), isEnding: true, clockDoubt: "a clock")
    let decision = try #require(plan.decide(try Self.state("first c -9000 -", "first c until -5400 b")) { nil })
    #expect(Self.text(decision.mounted) == "first c until -5400 b" && !decision.isOver)
    #expect(decision.held?.reason == "a clock" && decision.held?.since == Self.at(-5400))
    #expect(decision.next == Self.at(60))
  }

  @Test func whyClocksMayDiffer() {
    func doubt(_ reports: [String: LoginReport?]) -> String? { LoginReports(reports: reports).clockDoubt }
    let report = LoginReport(generation: "", held: [], isSkewed: false)
    let skewed = LoginReport(generation: "", held: [], isSkewed: true)
    #expect(doubt([:]) == "no Pod of the customer's Postgres runs")
    #expect(doubt(["a": report, "b": nil]) == "the sidecar of Pod b does not tell of its logins")
    #expect(doubt(["a": report, "b": skewed])?.hasPrefix("the clock of Pod b's node") == true)
    #expect(doubt(["a": report, "b": report]) == nil)
  }

  /// Since when the turn back is due is stored, so that it is told when it has waited for long.
  @Test func aTurnBackThatWaitsSaysSinceWhen() throws {
    let state = try Self.state("second b - -400", "second b pending c")
    let decision = try #require(plan(.held("a Pod lags"), isEnding: true).decide(state) { nil })
    #expect(decision.held?.reason == "a Pod lags" && decision.held?.since == Self.at(-400))
    #expect(Self.text(decision.told) == "second b - -400")
  }

  /// What is mounted can be edited, and no number in it may end the controller.
  @Test func noNumberOverflows() throws {
    for seconds in [Int.min, Int.min / 2, Int.max / 2, Int.max] {
      let bound = seconds < 0 ? Int64.min : Int64.max
      #expect(Self.now.adding(seconds: seconds).microseconds == bound)
    }
    let text =
      #"{"apiVersion":"postern.io/v1.2","customer":"a","users":[{"name":"shop","rotate":{"every":N,"overlap":M}}]}"#
    for (every, overlap) in [(Int.max, 1), (86_400, Int.max), (86_400, Int.min), (86_400, -1), (0, 0)] {
      let spec = text.replacing("N", with: "\(every)").replacing("M", with: "\(overlap)")
      #expect(throws: SpecError.self) { try InstanceSpec(decoding: Array(spec.utf8)) }
    }
  }

  /// Each in seconds from the end of an overlap of eight hours, after which the next turn's pass follows in a minute. Who still
  /// uses the login of before is told from half of it on, and again before the Event of before is gone.
  @Test(arguments: [
    (-28_000, -14_400), (-14_401, -14_400), (-14_400, -11_040), (-14_000, -10_640), (-3_361, -1), (-3_360, 60),
    (-300, 60), (0, 60), (60, 60),
  ])
  func whoStillUsesTheLoginOfBeforeIsToldUpToItsEnd(now: Int, next: Int) throws {
    let password = try Self.password("a")
    var decision = RotationDecision(
      mounted: .init(login: LoginState(isSecond: true, other: .until(Self.at(0))), current: password),
      told: .init(isSecond: true, password: password))
    decision.next = Self.at(60)
    let rotation = UserRotation(
      user: try PostgresName("shop"), rotation: Rotation(every: 86_400, overlap: 28_800), decision: decision)
    #expect(rotation.next(after: Self.at(now)) == Self.at(next))
  }

  @Test func theJitterIsTheSameForEveryLeaderAndAtMostATwentieth() throws {
    var seen: Set<Int> = []
    for number in 0..<200 {
      let user = try PostgresName("user\(number)")
      let jitter = RotationClock.jitter(namespace: "n", customer: "acme", user: user)
      #expect(jitter == RotationClock.jitter(namespace: "n", customer: "acme", user: user))
      #expect((-1...1).contains(jitter))
      var plan = plan()
      plan.jitter = jitter
      let next = try #require(plan.decide(try Self.state("first a - -", "first a idle")) { nil }?.told.rotatesAt)
      let seconds = Int((next.microseconds - Self.now.microseconds) / 1_000_000)
      #expect((82_080...90_720).contains(seconds))
      seen.insert(seconds)
    }
    #expect(seen.count > 100)
  }
}
