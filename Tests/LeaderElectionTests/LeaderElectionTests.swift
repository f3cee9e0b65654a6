import JSONBytes
import KubernetesAPI
import KubernetesClient
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import LeaderElection

/// Candidates with shorter times, against a test's server and a real one.
@Suite struct LeaderElectionTests {
  /// One candidate: whether its body runs, whether it may write, and how often that was true of two candidates at once.
  final class Contender: Sendable {
    private struct State {
      var mayWrite: (@Sendable () -> Bool)?
      var isRunning = false
      var terms = 0
      var mayEnd = true
    }

    let name: String
    let registry = PrometheusRegistry(LeaderElectionMetrics.families)
    private let state = Mutex(State())
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(
      _ name: String, _ cluster: ClusterConfiguration, in namespace: String = "n",
      timing: LeaderElectionTiming = LeaderElectionTests.timing(lease: .seconds(600)),
      now: (@Sendable () -> Duration)? = nil
    ) {
      self.name = name
      let election = LeaderElection(
        cluster, namespace: namespace, identity: name, timing: timing,
        clientMetrics: ClientMetrics(PrometheusRegistry([])), metrics: LeaderElectionMetrics(registry), logger: silent,
        now: now)
      task.withLock { task in
        task = Task { [self] in
          await election.run { mayWrite in
            self.state.withLock { state in
              state.mayWrite = mayWrite
              state.isRunning = true
              state.terms += 1
            }
            while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
            // Its work does not end because it is cancelled.
            await Task { _ = try? await eventually { self.state.withLock { $0.mayEnd } } }.value
            self.state.withLock { $0.isRunning = false }
          }
        }
      }
    }

    var mayWrite: Bool { state.withLock { $0.mayWrite }.map { $0() } ?? false }
    var isRunning: Bool { state.withLock { $0.isRunning } }
    var terms: Int { state.withLock { $0.terms } }
    var metric: String? {
      registry.text().split(separator: "\n").first { $0.hasPrefix("postern_leader ") }.map { String($0.suffix(1)) }
    }

    /// Whether the body may end.
    func mayEnd(_ mayEnd: Bool) { state.withLock { $0.mayEnd = mayEnd } }

    func cancel() { task.withLock { $0 }?.cancel() }
    func end() async {
      cancel()
      await task.withLock { $0 }?.value
    }
  }

  /// Times with a lease that never expires by itself, or one that does.
  static func timing(lease: Duration) -> LeaderElectionTiming {
    var timing = LeaderElectionTiming()
    timing.leaseDuration = lease
    timing.renewInterval = .milliseconds(200)
    timing.renewDeadline = lease * 3 / 5
    return timing
  }

  /// Runs a test, and records whether two candidates were ever allowed to write at once.
  private func contending(
    _ contenders: [Contender], _ test: () async throws -> Void
  ) async throws {
    let watching = Task {
      var wereTwo = false
      while !Task.isCancelled {
        if contenders.count(where: { $0.mayWrite }) > 1 { wereTwo = true }
        try? await Task.sleep(for: .milliseconds(1))
      }
      return wereTwo
    }
    let result: Result<Void, any Error>
    do { result = .success(try await test()) } catch { result = .failure(error) }
    watching.cancel()
    let wereTwo = await watching.value
    #expect(!wereTwo)
    for contender in contenders { await contender.end() }
    try result.get()
  }

  private func leader(_ contenders: [Contender]) async throws -> Contender {
    let found = try await eventually { contenders.contains { $0.mayWrite } }
    #expect(found)
    return try #require(contenders.first { $0.mayWrite })
  }

  @Test func aLostLeaderIsFollowedAndStopsBeforeThat() async throws {
    let server = try await LeaseServer.start()
    let contenders = try ["a", "b", "c"].map {
      Contender($0, try server.cluster($0), timing: Self.timing(lease: .seconds(2)))
    }
    try await contending(contenders) {
      let first = try await leader(contenders)
      server.cutOff(first.name)
      let stops = try await eventually { !first.isRunning }
      #expect(stops)
      #expect(!first.mayWrite)
      let others = contenders.filter { $0.name != first.name }
      _ = try await leader(others)
      #expect(first.metric == "0")
    }
    await server.stop()
  }

  @Test func aLeaderThatWasStoppedWritesNothingWhenItGoesOn() async throws {
    let server = try await LeaseServer.start()
    // It advances in this test's one step alone, however long this machine lets the threads wait.
    let clock = Mutex(Duration.zero)
    let paused = Contender("a", try server.cluster("a"), timing: Self.timing(lease: .seconds(12))) {
      clock.withLock { $0 }
    }
    let leads = try await eventually { paused.mayWrite }
    #expect(leads)
    // As after SIGSTOP: the process did not run, but the clock advanced. It must know that it no longer leads before it
    // hears from the server.
    server.cutOff("a")
    clock.withLock { $0 += .seconds(600) }
    #expect(!paused.mayWrite)
    let stops = try await eventually { !paused.isRunning }
    #expect(stops)
    server.cutOff("a", false)
    let leadsAgain = try await eventually { paused.mayWrite }
    #expect(leadsAgain)
    #expect(paused.terms == 2)
    await paused.end()
    await server.stop()
  }

  @Test func theLeaseIsGivenBackWhenTheBodyHasEnded() async throws {
    let server = try await LeaseServer.start()
    let first = Contender("a", try server.cluster("a"))
    let leads = try await eventually { first.mayWrite }
    #expect(leads)
    let second = Contender("b", try server.cluster("b"))
    first.mayEnd(false)
    #expect(first.metric == "1")
    try await contending([first, second]) {
      first.cancel()
      let stops = try await eventually { !first.mayWrite }
      #expect(stops)
      #expect(first.isRunning)
      #expect(server.holder == "a")
      first.mayEnd(true)
      await first.end()
      #expect(!first.isRunning)
      // Long before the Lease could have expired.
      let follows = try await eventually { second.mayWrite }
      #expect(follows)
    }
    // The second candidate gave the Lease back as well.
    #expect(server.holder == nil)
    await server.stop()
  }

  @Test func aDeletedLeaseIsMadeAgainByItsHolder() async throws {
    let server = try await LeaseServer.start()
    let contenders = try ["a", "b"].map { Contender($0, try server.cluster($0)) }
    try await contending(contenders) {
      let first = try await leader(contenders)
      // A candidate that has never read the Lease cannot know that it has a holder.
      let other = try #require(contenders.first { $0.name != first.name })
      let hasRead = try await eventually { server.readers.contains(other.name) }
      #expect(hasRead)
      for _ in 0..<3 {
        server.deleteLease()
        let isBack = try await eventually { server.holder != nil }
        #expect(isBack)
        #expect(server.holder == first.name)
        #expect(first.mayWrite)
      }
      #expect(contenders.map(\.terms).reduce(0, +) == 1)
    }
    await server.stop()
  }

  @Test(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
  func aRealAPIServerTakesItAll() async throws {
    let server = try await APIServer.shared.value
    let client = try server.client()
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"election"}}"#))
    let cluster = try ClusterConfiguration.kubeconfig(server.kubeconfig())
    let contenders = ["a", "b"].map { Contender($0, cluster, in: "election") }
    try await contending(contenders) {
      let first = try await leader(contenders)
      let lease = try await client.get(.leases, "postern", in: "election")
      #expect(lease["spec"]?["holderIdentity"]?.string == first.name)
      let isRenewed = try await eventually {
        try await client.get(.leases, "postern", in: "election")["spec"]?["renewTime"] != lease["spec"]?["renewTime"]
      }
      #expect(isRenewed)
      await first.end()
      let second = try await leader(contenders.filter { $0.name != first.name })
      let taken = try await client.get(.leases, "postern", in: "election")
      #expect(taken["spec"]?["holderIdentity"]?.string == second.name)
      #expect(taken["spec"]?["leaseTransitions"] == .number("1"))
      await second.end()
      let released = try await client.get(.leases, "postern", in: "election")
      #expect(released["spec"]?["holderIdentity"] == nil)
    }
    await client.shutdown()
  }
}
