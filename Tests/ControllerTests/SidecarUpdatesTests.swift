import Contract
import JSONBytes
import KubernetesAPI
import TestSupport
import Testing

@testable import Controller
@testable import KubernetesClient

/// Which sidecars are updated, and when.
@Suite struct SidecarUpdatesTests {
  private static let old = "ghcr.io/postern/postern-sidecar:1"
  private static let new = "ghcr.io/postern/postern-sidecar:2"

  /// A cluster whose kubelets do as the test says.
  private struct Cluster {
    var updates: SidecarUpdates
    var pods: [CustomerKey: [ObservedPod]] = [:]
    var now = ContinuousClock.now
    var sent: [String] = []
    var failures: [String] = []
    /// Whether a kubelet restarts a changed sidecar at once, and whether that becomes ready.
    var restarts = true
    var becomesReady = true

    init(_ mode: SidecarUpdateSettings.Mode = .auto, limit: Int = 3) {
      updates = SidecarUpdates(.init(image: SidecarUpdatesTests.new, mode: mode, maximumUnavailable: limit))
    }

    mutating func add(
      _ name: String, of customer: String? = nil, in namespace: String = "shops",
      _ change: (inout ObservedPod.Sidecar) -> Void = { _ in }
    ) {
      var pod = ObservedPod(name: name, uid: name, isInjected: true, isRunning: true)
      pod.sidecar = .init(
        image: SidecarUpdatesTests.old, mark: SidecarContainer.mark, isNative: true, isReady: true, isPodReady: true)
      change(&pod.sidecar)
      let key = CustomerKey(namespace: namespace, customer: customer ?? name)
      pods[key, default: []].append(pod)
      see(key)
    }

    mutating func see(_ key: CustomerKey) { _ = updates.see(pods[key] ?? [], of: key, at: now) }

    mutating func change(_ name: String, _ change: (inout ObservedPod.Sidecar) -> Void) {
      for (key, list) in pods {
        for index in list.indices where list[index].name == name {
          var pod = list[index]
          change(&pod.sidecar)
          pods[key]?[index] = pod
          see(key)
        }
      }
    }

    mutating func remove(_ name: String) {
      for key in pods.keys {
        pods[key]?.removeAll { $0.name == name }
        see(key)
      }
    }

    /// A step, and what kubelets do then.
    mutating func step(busy: Set<String> = [], result: SidecarUpdates.Result = .done) -> [String] {
      let step = updates.step(at: now) { busy.contains($1) }
      failures += step.failures.map(\.pod.name)
      for update in step.updates {
        updates.ended(update, result, at: now)
        if case .done = result { carryOut(update) }
      }
      let names = step.updates.map(\.pod.name)
      sent += names
      return names
    }

    /// A step each second, all with this result.
    mutating func tryForAnHour(result: SidecarUpdates.Result) {
      for _ in 0..<3600 {
        _ = step(result: result)
        pass(1)
      }
    }

    /// The image is changed, if it has not been already, and the kubelet does as the test says.
    mutating func carryOut(_ update: SidecarUpdates.Update) {
      let restarts = restarts
      guard pods[update.key]?.first(where: { $0.uid == update.pod.uid })?.sidecar.image != SidecarUpdatesTests.new
      else { return }
      change(update.pod.name) { sidecar in
        sidecar.image = SidecarUpdatesTests.new
        if restarts { (sidecar.isReady, sidecar.isPodReady) = (false, false) }
      }
      if restarts, becomesReady { comeBack(update.pod.name) }
    }

    mutating func comeBack(_ name: String) {
      change(name) { sidecar in
        sidecar.restarts += 1
        (sidecar.isReady, sidecar.isPodReady) = (true, true)
      }
    }

    mutating func pass(_ seconds: Int) { now += .seconds(seconds) }
    var isStopped: Bool { updates.isStopped(at: now) }
    func count(_ word: SidecarUpdates.Word) -> Int { updates.counts[word] ?? 0 }
  }

  // MARK: Which

  @Test(arguments: [
    ("ghcr.io/postern/postern-sidecar:1", SidecarContainer.mark, true, SidecarTarget.Standing.due),
    ("ghcr.io/postern/postern-sidecar:2", SidecarContainer.mark, true, .current),
    ("ghcr.io/postern/postern-sidecar", SidecarContainer.mark, true, .due),
    ("ghcr.io/postern/postern-sidecar:1@sha256:aa", SidecarContainer.mark, true, .waits(.digest)),
    ("ghcr.io/postern/postern-sidecar@sha256:aa", SidecarContainer.mark, true, .waits(.digest)),
    ("ghcr.io/postern/postern-sidecar:3", SidecarContainer.mark, true, .due),
    ("ghcr.io/postern/postern-sidecar:1", SidecarContainer.mark, false, .waits(.classic)),
    ("ghcr.io/postern/postern-sidecar:2", SidecarContainer.mark, false, .current),
    ("ghcr.io/postern/postern-sidecar:1", "v0", true, .waits(.injection)),
    ("ghcr.io/postern/postern-sidecar:1", "v2", true, .waits(.injection)),
    ("ghcr.io/postern/postern-sidecar:1", "", true, .waits(.injection)),
    ("mirror.corp:5000/postern/postern-sidecar:1", SidecarContainer.mark, true, .waits(.repository)),
    ("postern-sidecar:1", SidecarContainer.mark, true, .waits(.repository)),
    ("ghcr.io/postern/postern-sidecar-evil:1", SidecarContainer.mark, true, .waits(.repository)),
  ])
  func onlyANativeSidecarOfThisInjectionAndRepositoryIsUpdated(
    image: String, mark: String, isNative: Bool, standing: SidecarTarget.Standing
  ) {
    let sidecar = ObservedPod.Sidecar(image: image, mark: mark, isNative: isNative)
    #expect(SidecarTarget(image: Self.new).standing(of: sidecar) == standing)
  }

  @Test func aDigestIsUpdatedToAnother() {
    let target = SidecarTarget(image: "\(Self.new)@sha256:bb")
    for image in [Self.old, "\(Self.old)@sha256:aa", "\(Self.new)@sha256:aa"] {
      let sidecar = ObservedPod.Sidecar(image: image, mark: SidecarContainer.mark, isNative: true)
      #expect(target.standing(of: sidecar) == .due)
    }
  }

  @Test(arguments: [
    ("a", "a"), ("a:1", "a"), ("a@sha256:b", "a"), ("a:1@sha256:b", "a"), ("h:5000/a", "h:5000/a"),
    ("h:5000/a:1", "h:5000/a"), ("h:5000/b/a@sha256:c", "h:5000/b/a"), ("", ""), (":", ""), ("/", "/"),
    ("h:1/", "h:1/"),
  ])
  func theRepositoryIsWithoutTagAndDigest(image: String, repository: String) {
    #expect(SidecarTarget.repository(of: image) == repository)
  }

  @Test func ofAPodItIsReadWhatDecides() throws {
    let pod = """
      {"metadata":{"name":"p","namespace":"n","uid":"u","labels":{"postern.io/customer":"acme"},
      "annotations":{"postern.io/injected":"v1","postern.io/sidecar-updated":"2026-11-26T21:00:00Z"},
      "ownerReferences":[{"kind":"ReplicaSet","name":"r","controller":true}]},
      "spec":{"initContainers":[{"name":"first","image":"i"},
      {"name":"postern","image":"s:1","restartPolicy":"Always","ports":[{"name":"postern","containerPort":8432}]}],
      "containers":[{"name":"postgres","image":"postgres:17"}]},
      "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
      "initContainerStatuses":[{"name":"first","ready":true,"restartCount":0},
      {"name":"postern","ready":true,"restartCount":2}],
      "containerStatuses":[{"name":"postgres","ready":POSTGRES,"restartCount":1}]}}
      """
    for isReady in [true, false] {
      let text = pod.replacing("POSTGRES", with: "\(isReady)")
      let seen = try #require(try Sighting(Array(text.utf8), .pods).watched?.pod)
      #expect(
        seen.sidecar
          == .init(
            image: "s:1", mark: "v1", isNative: true, wasUpdated: true, isReady: true, restarts: 2, isPodReady: true,
            othersAreReady: isReady))
      #expect(seen.statusPort == 8432 && seen.restarts == 3)
    }
    let classic = pod.replacing(#","restartPolicy":"Always""#, with: "").replacing("POSTGRES", with: "null")
    #expect(try Sighting(Array(classic.utf8), .pods).watched?.pod?.sidecar.isNative == false)
  }

  // MARK: When

  @Test func oneIsTriedFirstAndThenAFewAtOnceUntilAllHaveIt() {
    var cluster = Cluster(limit: 3)
    for index in 0..<20 { cluster.add("p\(index)") }
    cluster.becomesReady = false
    #expect(cluster.step().count == 1)
    #expect(cluster.step().isEmpty)
    #expect(cluster.count(.updating) == 1 && cluster.count(.outdated) == 19)
    cluster.comeBack(cluster.sent[0])
    #expect(cluster.count(.current) == 1)
    cluster.pass(10)
    #expect(cluster.step().count == 3)
    cluster.pass(10)
    #expect(cluster.step().isEmpty)
    cluster.comeBack(cluster.sent[2])
    #expect(cluster.step().count == 1)
    cluster.becomesReady = true
    for name in cluster.sent { cluster.comeBack(name) }
    for _ in 0..<20 {
      cluster.pass(1)
      _ = cluster.step()
    }
    #expect(Set(cluster.sent).count == 20 && cluster.sent.count == 20)
    #expect(cluster.count(.current) == 20 && cluster.failures.isEmpty)
    #expect(cluster.updates.step(at: cluster.now) { _, _ in false }.followsIn == nil)
  }

  @Test func noMoreThanTwoASecondOnAverage() {
    var cluster = Cluster(limit: 100)
    for index in 0..<1000 { cluster.add("p\(index)") }
    for _ in 0..<100 {
      cluster.pass(1)
      _ = cluster.step()
    }
    #expect((200...300).contains(cluster.sent.count))
  }

  @Test func aBadImageCostsOnePodAndItsMendingLetsTheOthersGoOn() {
    var cluster = Cluster()
    for index in 0..<5 { cluster.add("p\(index)") }
    cluster.becomesReady = false
    let first = cluster.step()[0]
    for _ in 0..<10_000 where cluster.sent.count < 2 {
      cluster.pass(1)
      _ = cluster.step()
    }
    #expect(cluster.sent == [first] && cluster.failures == [first] && cluster.isStopped)
    #expect(cluster.count(.failed) == 1)
    cluster.becomesReady = true
    cluster.comeBack(first)
    #expect(!cluster.isStopped)
    for _ in 0..<5 {
      cluster.pass(1)
      _ = cluster.step()
    }
    #expect(cluster.count(.current) == 5)
  }

  @Test func aFailedPodThatIsGoneHoldsNobody() {
    var cluster = Cluster()
    for index in 0..<3 { cluster.add("p\(index)") }
    cluster.becomesReady = false
    let first = cluster.step()[0]
    cluster.pass(121)
    _ = cluster.step()
    #expect(cluster.isStopped)
    cluster.remove(first)
    #expect(!cluster.isStopped)
    #expect(cluster.step().count == 1)
  }

  @Test func oneCustomersTroubleHoldsTheOthersForAWhileAndAsManyAsMayBeUnavailableForGood() {
    var cluster = Cluster(limit: 2)
    cluster.add("good") { $0.image = Self.new }
    for index in 0..<6 { cluster.add("p\(index)") }
    cluster.becomesReady = false
    #expect(cluster.step().count == 2)
    cluster.comeBack(cluster.sent[1])
    cluster.pass(121)
    #expect(cluster.step().isEmpty)
    #expect(cluster.failures == [cluster.sent[0]] && cluster.isStopped)
    cluster.pass(899)
    #expect(cluster.step().isEmpty)
    cluster.pass(1)
    #expect(cluster.step().count == 1)
    cluster.pass(121)
    _ = cluster.step()
    #expect(cluster.failures.count == 2)
    cluster.pass(100_000)
    #expect(cluster.step().isEmpty && cluster.isStopped)
  }

  @Test func whereAnotherContainerIsNotReadyTheSidecarIsNotBlamed() {
    var cluster = Cluster(limit: 1)
    for index in 0..<3 { cluster.add("p\(index)") }
    cluster.becomesReady = false
    let first = cluster.step()[0]
    cluster.change(first) { $0.othersAreReady = false }
    cluster.pass(500)
    cluster.becomesReady = true
    #expect(cluster.step().count == 1)
    #expect(cluster.failures.isEmpty && !cluster.isStopped)
    // Postgres is back, and the sidecar is not: now it is the sidecar's.
    cluster.change(first) { $0.othersAreReady = true }
    cluster.pass(121)
    _ = cluster.step()
    #expect(cluster.failures == [first])
  }

  @Test func podsThatAreNotReadyFollowWhenOneWithTheImageIs() {
    var cluster = Cluster(limit: 1)
    for index in 0..<4 { cluster.add("broken\(index)") { ($0.isReady, $0.isPodReady) = (false, false) } }
    cluster.add("ready")
    cluster.becomesReady = false
    #expect(cluster.step() == ["ready"])
    cluster.pass(10)
    #expect(cluster.step().isEmpty)
    cluster.comeBack("ready")
    for _ in 0..<10 {
      cluster.pass(1)
      _ = cluster.step()
    }
    #expect(cluster.sent.count == 5)
    cluster.pass(1000)
    _ = cluster.step()
    #expect(cluster.failures.isEmpty && !cluster.isStopped)
  }

  @Test func whereNoneIsReadyTheyAreTriedOneByOne() {
    var cluster = Cluster()
    for index in 0..<3 { cluster.add("p\(index)") { ($0.isReady, $0.isPodReady) = (false, false) } }
    cluster.becomesReady = false
    #expect(cluster.step().count == 1)
    cluster.pass(60)
    #expect(cluster.step().isEmpty)
    cluster.pass(61)
    #expect(cluster.step().count == 1)
    // What a bad image has broken is mended by a good one, and proves it.
    cluster.comeBack(cluster.sent[1])
    cluster.pass(1)
    #expect(cluster.step().count == 1)
    #expect(cluster.failures.isEmpty)
  }

  @Test func ofACustomerOnlyOnePodAtOnceAndNoneWhileAScriptRuns() {
    var cluster = Cluster()
    cluster.add("good") { $0.image = Self.new }
    for index in 0..<3 { cluster.add("a\(index)", of: "a") }
    cluster.add("b")
    cluster.becomesReady = false
    #expect(cluster.step(busy: ["b"]).count == 1)
    cluster.pass(5)
    #expect(cluster.step(busy: ["b"]).isEmpty)
    #expect(cluster.step() == ["b"])
    cluster.pass(5)
    cluster.comeBack(cluster.sent[0])
    #expect(cluster.step().count == 1)
  }

  /// A new leader knows of no sidecar what it does.
  @Test func whatIsNotKnownYetIsAwaitedAndWhatIsNotReadyIsNotTriedInItsPlace() {
    var cluster = Cluster()
    cluster.add("ready")
    for index in 0..<3 { cluster.add("broken\(index)") { ($0.isReady, $0.isPodReady) = (false, false) } }
    for _ in 0..<100 {
      cluster.pass(1)
      let step = cluster.updates.step(at: cluster.now) { $1 == "ready" ? nil : false }
      #expect(step.updates.isEmpty && step.followsIn == SidecarUpdates.interval)
    }
    // A script may run for hours.
    #expect(cluster.step(busy: ["ready"]).first?.hasPrefix("broken") == true)
  }

  @Test func aNamespaceOfManyHoldsUpNobody() {
    var cluster = Cluster(limit: 2)
    cluster.add("good", in: "c") { $0.image = Self.new }
    for index in 0..<1000 { cluster.add("p\(index)", in: "large") }
    cluster.add("small", in: "small")
    _ = cluster.step()
    #expect(cluster.sent.contains("small"))
  }

  // MARK: What is refused

  @Test func whatTheAPIServerRefusesWaitsForThePodsNextStartAndIsSeldomTriedAgain() {
    var cluster = Cluster()
    for index in 0..<4 { cluster.add("p\(index)") }
    for _ in 0..<5 {
      _ = cluster.step(result: .refused)
      cluster.pass(1)
    }
    #expect(cluster.sent.count == 4 && Set(cluster.sent).count == 4)
    for key in cluster.pods.keys { cluster.see(key) }
    #expect(cluster.count(.waiting) == 4 && !cluster.isStopped)
    #expect(cluster.updates.step(at: cluster.now) { _, _ in true }.followsIn == SidecarUpdates.seldom)
    for _ in 0..<60 {
      _ = cluster.step(result: .refused)
      cluster.pass(60)
    }
    #expect(cluster.sent.count < 44 && cluster.count(.waiting) == 4)
    // Somebody has changed a policy.
    for _ in 0..<60 {
      _ = cluster.step()
      cluster.pass(60)
    }
    #expect(cluster.count(.current) == 4)
  }

  @Test func whatFailsIsTriedAgainEverMoreSeldomAndHoldsNobody() {
    var cluster = Cluster()
    cluster.add("p")
    cluster.tryForAnHour(result: .failed)
    #expect((8...11).contains(cluster.sent.count))
    cluster.add("q")
    cluster.pass(1)
    #expect(cluster.step() == ["q"])
  }

  @Test func anOlderKubeletThatDoesNothingHoldsNobodyAndIsCounted() {
    var cluster = Cluster(limit: 1)
    for index in 0..<3 { cluster.add("p\(index)") }
    cluster.restarts = false
    for _ in 0..<200 {
      _ = cluster.step()
      cluster.pass(1)
    }
    #expect(cluster.sent.count == 3 && cluster.failures.isEmpty)
    #expect(cluster.count(.waiting) == 3)
    cluster.comeBack("p0")
    #expect(cluster.count(.current) == 1)
  }

  // MARK: Requests that hang

  /// A request that is not answered yet may still be carried out.
  @Test func whatIsNotAnsweredOccupiesItsPlaceAndItsTimeBeginsWithTheAnswer() throws {
    var cluster = Cluster(limit: 1)
    for name in ["a", "b"] { cluster.add(name) }
    let update = try #require(cluster.updates.step(at: cluster.now) { _, _ in false }.updates.first)
    cluster.pass(300)
    #expect(cluster.step().isEmpty && cluster.failures.isEmpty && cluster.count(.updating) == 1)
    cluster.updates.ended(update, .done, at: cluster.now)
    cluster.pass(29)
    #expect(cluster.step().isEmpty && cluster.count(.updating) == 1)
    cluster.pass(1)
    #expect(cluster.step().count == 1)
  }

  /// Where the connection broke, the change may have been made, and the Pod be unavailable.
  @Test func aRequestWhoseAnswerIsLostOccupiesItsPlaceUntilItIsSeenToHaveDoneNothing() throws {
    var cluster = Cluster(limit: 1)
    for name in ["a", "b"] { cluster.add(name) }
    let first = cluster.step(result: .unknown)
    #expect(first.count == 1)
    cluster.pass(29)
    #expect(cluster.step().isEmpty && cluster.count(.updating) == 1)
    cluster.pass(1)
    #expect(cluster.step() == ["a", "b"].filter { $0 != first[0] })
  }

  /// The API server may say that it failed, and have carried it out.
  @Test(arguments: [true, false])
  func aChangeThatIsSeenThoughItFailedIsWatchedLikeAnyOther(isSeenFirst: Bool) throws {
    var cluster = Cluster(limit: 1)
    for name in ["a", "b"] { cluster.add(name) }
    let update = try #require(cluster.updates.step(at: cluster.now) { _, _ in false }.updates.first)
    let first = [update.pod.name]
    if !isSeenFirst { cluster.updates.ended(update, .failed, at: cluster.now) }
    cluster.change(first[0]) { ($0.image, $0.isReady, $0.isPodReady) = (Self.new, false, false) }
    if isSeenFirst { cluster.updates.ended(update, .failed, at: cluster.now) }
    cluster.pass(10)
    #expect(cluster.step().isEmpty && cluster.count(.updating) == 1)
    cluster.pass(111)
    #expect(cluster.step().isEmpty && cluster.failures == first && cluster.isStopped)
    cluster.comeBack(first[0])
    #expect(cluster.step().count == 1)
  }

  /// A watch that begins anew may not show a Pod at first, and somebody may take away its label for a moment.
  @Test func aPodThatComesBackWhileItsRequestHangsIsWatchedLikeAnyOther() throws {
    var cluster = Cluster(limit: 2)
    for name in ["a", "b"] { cluster.add(name, of: "acme") { $0.restarts = 3 } }
    let update = try #require(cluster.updates.step(at: cluster.now) { _, _ in false }.updates.first)
    let pods = cluster.pods
    cluster.remove("a")
    cluster.remove("b")
    cluster.pods = pods
    for key in pods.keys { cluster.see(key) }
    cluster.pass(10)
    #expect(cluster.step().isEmpty && cluster.count(.updating) == 1)
    cluster.updates.ended(update, .done, at: cluster.now)
    cluster.becomesReady = false
    cluster.carryOut(update)
    cluster.pass(121)
    #expect(cluster.step().isEmpty && cluster.failures == [update.pod.name])
  }

  /// Where a namespace is forbidden and gone, its Pods are known for ever.
  @Test func aPodThatIsNotThereIsTriedEverMoreSeldom() {
    var cluster = Cluster()
    cluster.add("gone")
    cluster.tryForAnHour(result: .outdated)
    #expect((8...14).contains(cluster.sent.count))
  }

  private static func refusal(_ code: Int) -> KubernetesError.Cause {
    .refused(Status(code: code, reason: "", message: "", name: "", kind: .init(group: "", version: "", kind: "")))
  }

  @Test(arguments: [
    (refusal(404), SidecarUpdates.Result.outdated), (refusal(409), .outdated), (refusal(422), .refused),
    (refusal(403), .refused), (refusal(500), .failed), (.unreachable(reason: ""), .failed),
    (.interrupted(reason: ""), .unknown),
  ])
  func anErrorMeans(cause: KubernetesError.Cause, result: SidecarUpdates.Result) {
    #expect(SidecarUpdates.Result(KubernetesError(verb: "patch", path: "/", server: "s", cause: cause)) == result)
  }

  /// However many Pods hang in a namespace, and are made anew meanwhile.
  @Test func aNamespaceInWhichRequestsHangGetsNotAllPlaces() {
    var cluster = Cluster(limit: 100)
    cluster.add("good", in: "c") { $0.image = Self.new }
    var hanging = 0
    for round in 0..<10 {
      for index in 0..<10 { cluster.add("p\(round)-\(index)", in: "large") }
      cluster.pass(1)
      hanging += cluster.updates.step(at: cluster.now) { _, _ in false }.updates.count
      for index in 0..<10 { cluster.remove("p\(round)-\(index)") }
    }
    #expect(hanging == SidecarUpdates.maximumAtOnce / 2)
    cluster.add("small", in: "small")
    #expect(cluster.step() == ["small"])
  }

  // MARK: Other leaders, other settings

  /// A kubelet may pull for long before it restarts anything.
  @Test func aKubeletThatBeginsLateIsWatchedLikeAnyOther() {
    var cluster = Cluster()
    for name in ["a", "b"] { cluster.add(name) }
    cluster.restarts = false
    let first = cluster.step()
    #expect(first.count == 1)
    cluster.pass(31)
    _ = cluster.updates.step(at: cluster.now) { _, _ in true }
    #expect(cluster.count(.waiting) == 1)
    cluster.change(first[0]) { ($0.isReady, $0.isPodReady) = (false, false) }
    #expect(cluster.count(.updating) == 1)
    cluster.pass(121)
    _ = cluster.step()
    #expect(cluster.failures == first && cluster.isStopped)
  }

  /// That the sidecar was ready before it was restarted proves nothing of the new image.
  @Test func aPodThatIsNotReadyProvesNothingBeforeItsSidecarWasRestarted() {
    var cluster = Cluster()
    cluster.add("a") { ($0.isPodReady, $0.othersAreReady) = (false, false) }
    cluster.restarts = false
    #expect(cluster.step() == ["a"])
    #expect(cluster.count(.current) == 0 && cluster.count(.updating) == 1)
    cluster.comeBack("a")
    #expect(cluster.count(.current) == 1)
  }

  /// Another webhook may put the old image back.
  @Test func whatIsAcceptedAndNeverSeenIsTriedEverMoreSeldom() {
    var cluster = Cluster()
    cluster.add("a")
    var tries = 0
    for _ in 0..<600 {
      let step = cluster.updates.step(at: cluster.now) { _, _ in false }
      for update in step.updates { cluster.updates.ended(update, .done, at: cluster.now) }
      tries += step.updates.count
      cluster.pass(1)
    }
    #expect((2...8).contains(tries), "\(tries)")
  }

  @Test func anotherLeaderGoesOnWatchingWhatTheLastOneUpdated() {
    var cluster = Cluster()
    cluster.add("left") { ($0.image, $0.wasUpdated, $0.isReady, $0.isPodReady) = (Self.new, true, false, false) }
    cluster.add("new") { ($0.image, $0.isReady, $0.isPodReady) = (Self.new, false, false) }
    cluster.add("old")
    cluster.pass(1)
    #expect(cluster.step().isEmpty)
    cluster.pass(121)
    #expect(cluster.step().isEmpty)
    #expect(cluster.failures == ["left"])
    // A sidecar that is not ready later, for whatever reason, is no update's fault.
    cluster.comeBack("left")
    cluster.change("left") { $0.isReady = false }
    cluster.change("new") { $0.isReady = true }
    #expect(!cluster.isStopped)
    #expect(cluster.step() == ["old"])
  }

  @Test func neverOnlyCounts() {
    var cluster = Cluster(.never)
    for index in 0..<3 { cluster.add("p\(index)") }
    cluster.add("q") { ($0.image, $0.wasUpdated, $0.isReady) = (Self.new, true, false) }
    for _ in 0..<500 {
      cluster.pass(1)
      #expect(cluster.step().isEmpty)
    }
    #expect(cluster.count(.outdated) == 3 && cluster.count(.current) == 1)
    #expect(cluster.updates.step(at: cluster.now) { _, _ in false }.followsIn == nil)
  }

  @Test func aRollbackOfTheControllerRollsSidecarsBack() {
    let target = SidecarTarget(image: Self.old)
    let sidecar = ObservedPod.Sidecar(image: Self.new, mark: SidecarContainer.mark, isNative: true)
    #expect(target.standing(of: sidecar) == .due)
  }

  /// At any moment, whatever kubelets, customers and the API server do.
  @Test func atAnyMomentNoMoreThanAreAllowedAreUnavailable() {
    var random = SystemRandomNumberGenerator()
    for limit in [1, 2, 5] {
      var cluster = Cluster(limit: limit)
      let names = (0..<40).map { "p\($0)" }
      for (index, name) in names.enumerated() { cluster.add(name, of: "c\(index / 2)", in: "n\(index % 3)") }
      cluster.becomesReady = false
      var unanswered: [(SidecarUpdates.Update, SidecarUpdates.Result)] = []
      for _ in 0..<2000 {
        cluster.pass(Int.random(in: 0...30, using: &random))
        for update in cluster.updates.step(at: cluster.now, isBusy: { _, _ in false }).updates {
          let results: [SidecarUpdates.Result] = [.done, .done, .unknown, .failed, .outdated]
          let result = results.randomElement(using: &random) ?? .done
          // The kubelet may be faster than the answer.
          if result == .done || result == .unknown, Bool.random(using: &random) { cluster.carryOut(update) }
          unanswered.append((update, result))
        }
        while let (update, result) = unanswered.first, Int.random(in: 0...3, using: &random) > 0 {
          unanswered.removeFirst()
          cluster.updates.ended(update, result, at: cluster.now)
          if result == .done { cluster.carryOut(update) }
        }
        let away = cluster.pods.values.flatMap(\.self).filter { !$0.sidecar.isReady }
        #expect(away.count <= limit)
        for (_, pods) in cluster.pods { #expect(pods.count { !$0.sidecar.isReady } <= 1) }
        if let pod = away.randomElement(using: &random), Int.random(in: 0...3, using: &random) == 0 {
          cluster.comeBack(pod.name)
        }
      }
      for (update, result) in unanswered { cluster.updates.ended(update, result, at: cluster.now) }
      for pod in cluster.pods.values.flatMap(\.self) where !pod.sidecar.isReady { cluster.comeBack(pod.name) }
      #expect(cluster.count(.current) == 40, "\(cluster.updates.counts)")
    }
  }
}
