import Contract
import JSONBytes
import Testing

@testable import Controller
@testable import Instances

/// The meaning of a sidecar's answer, and when it is asked again, without IO.
@Suite struct ProvisionedTests {
  private static let workload = Instance.Workload(apiVersion: "apps/v1", kind: "Deployment", name: "db", uid: "u")
  private static let expected = Expectation(
    workload: workload, specHash: "0123456789abcdef", generation: "g", token: "t", summary: "1 user")
  private static let key = CustomerKey(namespace: "n", customer: "acme")

  private static func status(_ outcome: String, _ members: String = "") -> String {
    #"{"apiVersion":"postern.io/v1","outcome":"\#(outcome)","triedSpecHash":"0123456789abcdef","triedGeneration":"g"\#(members)}"#
  }

  @Test(arguments: [
    (status("converged"), "True Converged declaration 0123456789ab: 1 user"),
    (
      status("converged").replacing(#""g""#, with: #""old""#),
      "False Pending declaration 0123456789ab: not applied yet"
    ),
    (
      status("converged").replacing("abcdef", with: ""), "False Pending declaration 0123456789ab: not applied yet"
    ),
    (
      status(
        "incomplete", #","problems":[{"item":"user a","message":"no","hint":"ask","failure":true}],"moreProblems":3"#),
      "False Failing declaration 0123456789ab: user a: no; ask; and 3 more"
    ),
    (
      status(
        "incomplete",
        #","problems":[{"item":"user a","message":"x\ny","failure":true},{"item":"b","message":"w","failure":false}]"#),
      "False Failing declaration 0123456789ab: user a: x y"
    ),
    (status("standby"), "True Standby declaration 0123456789ab: Postgres is a standby, and has what its primary has"),
    (
      status("waitingForPostgres", #","message":"Postgres is away""#),
      "False Pending declaration 0123456789ab: Postgres is away"
    ),
    (
      status("incomplete", #","running":{"item":"script 1 in d","since":"then","waitsFor":"pid 7"},"problems":[]"#),
      "False Pending declaration 0123456789ab: script 1 in d has been running since then, and waits for a lock that is held by pid 7"
    ),
  ])
  func anAnswerMeans(status: String, meaning: String) throws {
    let found = Provisioned(try #require(InstanceStatus(decoding: Array(status.utf8))), Self.expected)
    #expect("\(found.status.rawValue) \(found.reason.rawValue) \(found.message)" == meaning)
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"apiVersion":"postern.io/v2","outcome":"converged"}"#,
    #"{"apiVersion":"postern.io/v1","outcome":"splendid"}"#, #"{"apiVersion":"postern.io/v1","outcome":7}"#,
  ])
  func whatIsNoStatusIsNone(text: String) { #expect(InstanceStatus(decoding: Array(text.utf8)) == nil) }

  @Test func noBeginningAndNoSpoiltByteOfAStatusDoesHarm() {
    let bytes = Array(
      Self.status("incomplete", #","running":null,"problems":[{"item":"user a","message":"no"}],"moreProblems":1"#).utf8
    )
    for count in bytes.indices { #expect(InstanceStatus(decoding: Array(bytes[..<count])) == nil) }
    for index in bytes.indices {
      for byte in [UInt8(0), 0x0A, 0x22, 0x2C, 0x5B, 0x5C, 0x7B, 0x7D, 0xFF, 0x39] {
        var spoilt = bytes
        spoilt[index] = byte
        _ = InstanceStatus(decoding: spoilt)
      }
    }
  }

  @Test func whatAPodWritesIsBoundedAndInOneLine() throws {
    let long = String(repeating: "ä\\u0007", count: 300)
    let problems = (0..<50).map { _ in #"{"item":"user a","message":"\#(long)"}"# }.joined(separator: ",")
    let text = Self.status("incomplete", #","problems":[\#(problems)],"moreProblems":999999999999"#)
    let bytes = Array(text.utf8)
    let status = try #require(InstanceStatus(decoding: bytes))
    let found = Provisioned(status, Self.expected)
    let patch = found.patch(uid: "u", isChange: true, at: "now")
    let message = try #require(patch["status"]?["conditions"]?.array?.first?["message"]?.string)
    #expect(message.utf8.count <= 1024)
    #expect(!message.unicodeScalars.contains { $0.value < 0x20 })
  }

  private func pod(_ uid: String, restarts: Int = 0) -> ObservedPod {
    var pod = ObservedPod(name: uid, uid: uid, isInjected: true, isRunning: true)
    (pod.address, pod.statusPort, pod.restarts) = ("10.0.0.1", 8432, restarts)
    return pod
  }

  @Test func whatIsUnsettledIsAskedForSoonWhatIsSettledSeldomAndARestartAtOnce() throws {
    var schedule = LookSchedule()
    var now = ContinuousClock.now
    schedule.see([pod("a")], of: Self.key, at: now)
    #expect(schedule.take(at: now).isEmpty)
    schedule.expect(Self.expected, of: Self.key, at: now)
    let look = try #require(schedule.take(at: now).first)
    #expect(schedule.take(at: now).isEmpty)
    schedule.finish(look, as: .pending, at: now)
    now += .milliseconds(300)
    let second = try #require(schedule.take(at: now).first)
    schedule.finish(second, as: .converged, at: now)
    #expect(schedule.found(of: Self.key) == .converged)
    now += .seconds(400)
    #expect(schedule.take(at: now).isEmpty)
    now += .seconds(200)
    let third = try #require(schedule.take(at: now).first)
    schedule.finish(third, as: .converged, at: now)
    schedule.see([pod("a", restarts: 1)], of: Self.key, at: now)
    schedule.finish(try #require(schedule.take(at: now).first), as: .converged, at: now)
    var changed = Self.expected
    changed.generation = "h"
    schedule.expect(changed, of: Self.key, at: now)
    #expect(schedule.take(at: now).count == 1)
    schedule.see([], of: Self.key, at: now)
    #expect(schedule.found(of: Self.key) == nil)
    // The one that comes in its place is asked, though no pass has come between.
    now += .seconds(1)
    schedule.see([pod("b")], of: Self.key, at: now)
    #expect(schedule.take(at: now).map(\.pod.uid) == ["b"])
  }

  /// A new leader has heard no sidecar yet, and its first pass over a customer may come late.
  @Test func whetherAScriptRunsIsNotKnownBeforeTheSidecarHasToldAndThatCountsForAWhile() throws {
    var schedule = LookSchedule()
    let start = ContinuousClock.now
    var now = start
    func runsScript(_ uid: String = "a") -> Bool? { schedule.runsScript(uid, of: Self.key, at: now) }
    #expect(runsScript() == nil)
    schedule.see([pod("a"), pod("b")], of: Self.key, at: now)
    now += .seconds(599)
    #expect(runsScript() == nil && runsScript("b") == nil)
    now += .seconds(1)
    #expect(runsScript() == false)
    // A network policy may keep it from being asked.
    (schedule, now) = (LookSchedule(), start)
    schedule.see([pod("a")], of: Self.key, at: now)
    schedule.expect(Self.expected, of: Self.key, at: now)
    var look = try #require(schedule.take(at: now).first)
    now += .seconds(100)
    #expect(runsScript() == nil)
    schedule.finish(look, as: .unreachable, at: now)
    now += .seconds(59)
    look = try #require(schedule.take(at: now).first)
    schedule.finish(look, as: .unreachable, at: now)
    #expect(runsScript() == nil)
    now += .seconds(1)
    #expect(runsScript() == false)
    // It never can be asked: there is nothing to wait for.
    var old = pod("old")
    old.statusPort = nil
    schedule.see([old], of: Self.key, at: now)
    #expect(runsScript("old") == false)
  }

  @Test func whatASidecarToldOfItsScriptsHoldsUntilItIsStartedAgainOrGetsMore() throws {
    var schedule = LookSchedule()
    var now = ContinuousClock.now
    func runsScript() -> Bool? { schedule.runsScript("a", of: Self.key, at: now) }
    func take() throws -> LookSchedule.Look { try #require(schedule.take(at: now).first) }
    schedule.see([pod("a")], of: Self.key, at: now)
    schedule.expect(Self.expected, of: Self.key, at: now)
    schedule.finish(try take(), as: .pending, runsScript: true, at: now)
    now += .seconds(61)
    // It may run on, though nothing is heard of it; not for ever, because it may be that nothing will be.
    schedule.finish(try take(), as: .unreachable, at: now)
    #expect(runsScript() == true)
    now += .seconds(540)
    #expect(runsScript() == false)
    schedule.finish(try take(), as: .converged, runsScript: false, at: now)
    now += .seconds(3600)
    #expect(runsScript() == false)
    // A script may have come.
    var changed = Self.expected
    changed.generation = "h"
    let before = try take()
    schedule.expect(changed, of: Self.key, at: now)
    #expect(runsScript() == nil)
    schedule.finish(before, as: .converged, runsScript: false, at: now)
    #expect(runsScript() == nil)
    // It waits for its files: then it runs what is in them.
    schedule.finish(try take(), as: .pending, at: now)
    #expect(runsScript() == nil)
    now += .seconds(1)
    schedule.finish(try take(), as: .pending, runsScript: true, at: now)
    #expect(runsScript() == true)
    // The script has ended with the container, and begins again.
    now += .seconds(1)
    let earlier = try take()
    schedule.see([pod("a", restarts: 1)], of: Self.key, at: now)
    #expect(runsScript() == nil)
    schedule.finish(earlier, as: .converged, runsScript: false, at: now)
    #expect(runsScript() == nil)
    schedule.finish(try take(), as: .converged, runsScript: false, at: now)
    #expect(runsScript() == false)
  }

  @Test func tenThousandCustomersAreAskedFiftyASecondAndANamespaceOfManyHoldsUpNobody() {
    var schedule = LookSchedule()
    var now = ContinuousClock.now
    for index in 0..<10_000 {
      let key = CustomerKey(namespace: index == 9999 ? "small" : "large", customer: "c\(index)")
      schedule.see([pod("\(index)")], of: key, at: now)
      schedule.expect(Self.expected, of: key, at: now)
    }
    let first = schedule.take(at: now)
    #expect(first.count > LookSchedule.maximumAtOnce / 2 && first.contains { $0.key.namespace == "small" })
    // All of them hang: that namespace gets no other place, and the other one does.
    schedule.see([pod("new")], of: CustomerKey(namespace: "small", customer: "new"), at: now)
    schedule.expect(Self.expected, of: CustomerKey(namespace: "small", customer: "new"), at: now)
    #expect(schedule.take(at: now).map(\.pod.uid) == ["new"])
    for look in first { schedule.finish(look, as: .converged, at: now) }
    var asked = 0
    for _ in 0..<100 {
      now += .milliseconds(100)
      let looks = schedule.take(at: now)
      for look in looks { schedule.finish(look, as: .converged, at: now) }
      asked += looks.count
    }
    #expect((450...550).contains(asked))
  }

  /// Such a Pod cannot be asked, and holds nothing that is declared.
  @Test func aRunningPodWithoutASidecarIsTheWorstThatIsKnown() throws {
    var schedule = LookSchedule()
    let now = ContinuousClock.now
    var bare = pod("b")
    bare.isInjected = false
    schedule.see([pod("a"), bare], of: Self.key, at: now)
    #expect(schedule.found(of: Self.key) == nil)
    schedule.expect(Self.expected, of: Self.key, at: now)
    let looks = schedule.take(at: now)
    #expect(looks.map(\.pod.uid) == ["a"])
    schedule.finish(try #require(looks.first), as: .converged, at: now)
    #expect(schedule.found(of: Self.key) == .notInjected && !schedule.holdsAll(of: Self.key))
    // One that does not run yet, or that is gone, tells nothing.
    bare.isRunning = false
    for pods in [[pod("a"), bare], [pod("a")]] {
      schedule.see(pods, of: Self.key, at: now)
      #expect(schedule.found(of: Self.key) == .converged && schedule.holdsAll(of: Self.key))
    }
    schedule.see([], of: Self.key, at: now)
    #expect(schedule.found(of: Self.key) == nil)
  }

  /// The controller may lack the right to write it.
  @Test func whatTheConditionDoesNotSayIsKnownAndAskedAgainSoon() throws {
    var (schedule, look) = try asked(at: .now)
    let now = ContinuousClock.now
    schedule.answered(look, as: .converged, isSaid: false, at: now)
    schedule.ended(look)
    #expect(schedule.found(of: Self.key) == .converged && schedule.holdsAll(of: Self.key))
    #expect(schedule.take(at: now + .seconds(1)).count == 1)
  }

  @Test func waitsGrowAndEnd() {
    for found in [Provisioned.Reason.failing, .unreachable, .pending] {
      let waits = (0..<64).map { LookSchedule.delay(found, tries: $0) }
      #expect(waits == waits.sorted())
      #expect(waits.last == .seconds(60))
    }
    // It is known within three seconds that what was written has been applied.
    #expect((0..<10).map { LookSchedule.delay(.pending, tries: $0) }.allSatisfy { $0 <= .milliseconds(300) })
  }

  @Test func whatTakesLongIsKnownAQuarterOfThatTimeLater() {
    var waited = Duration.zero
    for tries in 0..<64 {
      let delay = LookSchedule.delay(.pending, tries: tries)
      #expect(delay <= max(.milliseconds(300), waited / 4))
      waited += delay
    }
  }

  /// A schedule that knows the time and one sidecar, and the question to that.
  private func asked(at start: ContinuousClock.Instant) throws -> (LookSchedule, LookSchedule.Look) {
    var schedule = LookSchedule()
    schedule.observe(wallMilliseconds: 1_000_000, at: start)
    schedule.see([pod("a")], of: Self.key, at: start)
    schedule.expect(Self.expected, of: Self.key, at: start)
    return (schedule, try #require(schedule.take(at: start).first))
  }

  /// A clock that drifts, or is put right bit by bit, is not set; one that jumps, in either direction, is.
  @Test(arguments: [(0, true), (4_000, true), (-4_000, true), (6_000, false), (-6_000, false), (3_600_000, false)])
  func whereTheControllersClockIsSetLoginsAreAskedForAgain(step: Int64, staysTold: Bool) throws {
    let start = ContinuousClock.now
    var (schedule, look) = try asked(at: start)
    let report = LoginReport(generation: "g", held: [], isSkewed: false)
    let isNews = schedule.finish(look, as: .converged, logins: report, at: start)
    #expect(isNews)
    let now = start + .seconds(100)
    schedule.observe(wallMilliseconds: 1_100_000 + step, at: now)
    #expect(schedule.logins(of: Self.key).reports == ["a": staysTold ? report : nil])
    let again = schedule.take(at: now)
    #expect(again.isEmpty == staysTold)
    // The same answer is news then: a pass has to see it.
    for look in again {
      let isNews = schedule.finish(look, as: .converged, logins: report, at: now)
      #expect(isNews)
    }
    schedule.observe(wallMilliseconds: 1_200_000 + step, at: now + .seconds(100))
    #expect(schedule.logins(of: Self.key).reports == ["a": report])
  }

  /// What a sidecar told before the clock was set, or before it was started again, is found out anew, whenever its answer comes.
  @Test(arguments: ["clock", "restart"])
  func anAnswerFromBeforeCountsAsNothing(what: String) throws {
    let start = ContinuousClock.now
    var (schedule, look) = try asked(at: start)
    let now = start + .seconds(1)
    if what == "clock" {
      schedule.observe(wallMilliseconds: 3_601_000, at: now)
    } else {
      schedule.see([pod("a", restarts: 1)], of: Self.key, at: now)
    }
    let report = LoginReport(generation: "g", held: [], isSkewed: false)
    schedule.answered(look, as: .converged, logins: report, at: now)
    #expect(schedule.logins(of: Self.key).reports == ["a": nil])
    schedule.ended(look)
    let again = try #require(schedule.take(at: now).first)
    schedule.answered(again, as: .converged, logins: report, at: now)
    #expect(schedule.logins(of: Self.key).reports == ["a": report])
  }

  /// Each of them has as many Pods as there are places.
  @Test func namespacesWhosePodsHangLeaveAPlaceToOthers() {
    var schedule = LookSchedule()
    var now = ContinuousClock.now
    func taken(of namespace: String) -> Int {
      for index in 0..<LookSchedule.maximumAtOnce {
        let key = CustomerKey(namespace: namespace, customer: "c\(index)")
        schedule.see([pod("\(namespace)-\(index)")], of: key, at: now)
        schedule.expect(Self.expected, of: key, at: now)
      }
      now += .seconds(1)
      return schedule.take(at: now).count { $0.key.namespace == namespace }
    }
    for (namespace, places) in [("a", 8), ("b", 4), ("c", 2), ("d", 1)] {
      #expect(taken(of: namespace) == places, "\(namespace)")
    }
    #expect(taken(of: "good") == 1)
  }

  /// As behind network policies that keep the controller out: each question takes a second, and no answer comes.
  @Test func podsThatCannotBeAskedHoldUpNoOther() {
    var schedule = LookSchedule()
    let start = ContinuousClock.now
    var now = start
    var hanging: [(look: LookSchedule.Look, until: ContinuousClock.Instant)] = []
    var taken: [(uid: String, at: Duration)] = []
    func expect(_ uid: String, in namespace: String) {
      let key = CustomerKey(namespace: namespace, customer: uid)
      schedule.see([pod(uid)], of: key, at: now)
      schedule.expect(Self.expected, of: key, at: now)
    }
    func run(_ duration: Duration) {
      let end = now + duration
      while now < end {
        for (look, until) in hanging where until <= now { schedule.finish(look, as: .unreachable, at: now) }
        hanging.removeAll { $0.until <= now }
        for look in schedule.take(at: now) {
          taken.append((look.pod.uid, now - start))
          if look.key.namespace.hasPrefix("good") {
            schedule.finish(look, as: .pending, at: now)
          } else {
            hanging.append((look, now + .seconds(1)))
          }
        }
        now += .milliseconds(100)
      }
    }
    for namespace in 0..<20 { for index in 0..<30 { expect("\(namespace)-\(index)", in: "bad-\(namespace)") } }
    run(.seconds(10))
    // At first nobody knows that they cannot be asked.
    expect("early", in: "good-1")
    run(.seconds(60))
    expect("late", in: "good-2")
    run(.seconds(10))
    #expect(taken.first { $0.uid == "early" }.map { $0.at < .seconds(12) } == true)
    let late = taken.filter { $0.uid == "late" }
    #expect(late.first.map { $0.at < .seconds(71) } == true)
    // It is asked as often as it should be, and so is each namespace that waits.
    #expect(late.count > 15)
    for namespace in 0..<20 { #expect(taken.count { $0.uid.hasPrefix("\(namespace)-") } > 35) }
  }

  /// A question that hangs keeps its place, whatever becomes of the Pod.
  @Test func aNamespaceWhoseHangingPodsAreReplacedGetsNoOtherPlaces() throws {
    var schedule = LookSchedule()
    var now = ContinuousClock.now
    func see(_ round: Int) {
      for index in 0..<LookSchedule.maximumAtOnce {
        let key = CustomerKey(namespace: "large", customer: "c\(index)")
        schedule.see([pod("\(round)-\(index)")], of: key, at: now)
        schedule.expect(Self.expected, of: key, at: now)
      }
    }
    see(0)
    let hanging = schedule.take(at: now)
    #expect(hanging.count == LookSchedule.maximumAtOnce / 2)
    now += .seconds(1)
    see(1)
    #expect(schedule.take(at: now).isEmpty)
    schedule.see([pod("small")], of: Self.key, at: now)
    schedule.expect(Self.expected, of: Self.key, at: now)
    #expect(schedule.take(at: now).map(\.pod.uid) == ["small"])
    // What is still to be told after the answer counts, too.
    let first = try #require(hanging.first)
    schedule.answered(first, as: .unreachable, at: now)
    #expect(schedule.take(at: now).isEmpty)
    schedule.ended(first)
    #expect(schedule.take(at: now).map(\.key.namespace) == ["large"])
  }

  /// A Pod whose label goes and comes back is asked again when the question of before has ended.
  @Test func oneSidecarIsAskedOneQuestionAtATime() throws {
    var schedule = LookSchedule()
    let now = ContinuousClock.now
    schedule.expect(Self.expected, of: Self.key, at: now)
    schedule.see([pod("a")], of: Self.key, at: now)
    let look = try #require(schedule.take(at: now).first)
    schedule.see([], of: Self.key, at: now)
    schedule.see([pod("a")], of: Self.key, at: now)
    #expect(schedule.take(at: now).isEmpty)
    schedule.ended(look)
    #expect(schedule.take(at: now).count == 1)
  }

  /// A question that fails for once, or a condition that is not written for once, comes after many answers `pending`.
  @Test(arguments: [Provisioned.Reason.unreachable, nil, .failing])
  func anotherAnswerIsWaitedForAnew(found: Provisioned.Reason?) throws {
    var schedule = LookSchedule()
    var now = ContinuousClock.now
    schedule.see([pod("a")], of: Self.key, at: now)
    schedule.expect(Self.expected, of: Self.key, at: now)
    for _ in 0..<15 {
      schedule.finish(try #require(schedule.take(at: now).first), as: .pending, at: now)
      now += .milliseconds(300)
    }
    schedule.finish(try #require(schedule.take(at: now).first), as: found, at: now)
    now += .seconds(1)
    #expect(schedule.take(at: now).count == 1)
  }

  @Test func ofAnInstanceThatIsNoMoreNothingIsKnown() throws {
    var schedule = LookSchedule()
    let now = ContinuousClock.now
    schedule.see([pod("a")], of: Self.key, at: now)
    schedule.expect(Self.expected, of: Self.key, at: now)
    schedule.finish(try #require(schedule.take(at: now).first), as: .failing, at: now)
    let late = try #require(schedule.take(at: now + .seconds(2)).first)
    schedule.expect(nil, of: Self.key, at: now)
    #expect(schedule.found(of: Self.key) == nil)
    // The answer to a question that was under way.
    schedule.finish(late, as: .failing, at: now)
    #expect(schedule.found(of: Self.key) == nil)
    schedule.expect(Self.expected, of: Self.key, at: now)
    #expect(schedule.found(of: Self.key) == .pending)
  }

  @Test func allHoldItOnlyWhenEachPodDoesAndWhatIsExpectedNow() throws {
    var schedule = LookSchedule()
    let now = ContinuousClock.now
    #expect(!schedule.holdsAll(of: Self.key))
    schedule.see([pod("a"), pod("b")], of: Self.key, at: now)
    schedule.expect(Self.expected, of: Self.key, at: now)
    let looks = schedule.take(at: now)
    #expect(looks.count == 2)
    schedule.finish(try #require(looks.first), as: .converged, at: now)
    #expect(!schedule.holdsAll(of: Self.key))
    schedule.finish(try #require(looks.last), as: .standby, at: now)
    #expect(schedule.holdsAll(of: Self.key))
    var changed = Self.expected
    changed.generation = "h"
    schedule.expect(changed, of: Self.key, at: now)
    #expect(!schedule.holdsAll(of: Self.key))
    // An answer to a question of before does not count.
    schedule.finish(try #require(looks.first), as: .converged, at: now)
    schedule.finish(try #require(looks.last), as: .converged, at: now)
    #expect(!schedule.holdsAll(of: Self.key))
  }
}

extension LookSchedule {
  /// A question is answered and ends.
  @discardableResult
  fileprivate mutating func finish(
    _ look: Look, as found: Provisioned.Reason?, runsScript: Bool? = nil, logins: LoginReport? = nil, at now: Instant
  ) -> Bool {
    defer { ended(look) }
    return answered(look, as: found, runsScript: runsScript, logins: logins, at: now)
  }
}
