import Contract
import DatabaseSpec
import Instances

/// Decides which applications' Pods of a namespace are made anew after a turn: those that began before it and whose
/// connection says `restart: true`. Of each workload one at a time, and the next when all others are ready. All that it
/// needs is in the Pods and their owners, so another leader goes on where one has stopped. Pure.
struct Restarts {
  /// When a user's Secret got another login.
  struct Turn: Equatable, Sendable {
    var user: String
    var at: Timestamp

    /// For how many seconds after its time a container may still begin with the login of before: the pass writes the Secret
    /// later, the kubelet may have read it earlier, and the node's clock may be ahead.
    static let margin = 60

    /// Whether a container that began then, to the second, as the kubelet tells it, may have the login of before.
    func mayBeMissed(by begun: Timestamp) -> Bool {
      begun.microseconds / 1_000_000 <= at.adding(seconds: Self.margin).microseconds / 1_000_000
    }
  }

  /// The Pod of a workload that is next.
  struct Candidate: Equatable, Sendable {
    var pod: ConnectedPod
    var turn: Turn
    var obstacle: Obstacle?
  }

  /// Why a Pod is not evicted.
  enum Obstacle: Equatable, Sendable {
    /// Not yet.
    case now(String)
    /// It never is.
    case never(String)

    var reason: String {
      switch self {
      case .now(let reason), .never(let reason): reason
      }
    }
  }

  /// The kinds whose objects say how many Pods they are to have.
  static let owners = ["ReplicaSet", "StatefulSet", "DaemonSet"]

  private let pods: [ConnectedPod]
  private let turns: [String: Turn]

  init(_ pods: [ConnectedPod], turns: [String: Turn]) {
    (self.pods, self.turns) = (pods, turns)
  }

  /// One Pod of each workload that has any to restart, in the order of their names.
  var candidates: [Candidate] {
    let groups = Dictionary(grouping: pods, by: \.workload)
    return groups.sorted { ($0.key.kind, $0.key.name) < ($1.key.kind, $1.key.name) }.compactMap { candidate(of: $1) }
  }

  /// Why a candidate has to wait although nothing else is in its way: a Pod of its owner is missing.
  /// - Parameters:
  ///   - wanted: how many Pods the owner is to have.
  ///   - others: among them, those of its Pods that do not have the label. They must be ready, too.
  func missing(beside candidate: Candidate, of wanted: Int, others: [ConnectedPod] = []) -> Obstacle? {
    guard let owner = candidate.pod.owner else { return nil }
    let known = Set(pods.map(\.uid))
    let unlabelled = others.filter { $0.owner == owner && !known.contains($0.uid) }
    let there = (pods + unlabelled).count { $0.owner == owner && !$0.isEnding }
    guard there < wanted else { return unfinished(unlabelled) }
    return .now("\(owner.kind) \(owner.name) has \(there) of \(wanted) Pods")
  }

  private func candidate(of members: [ConnectedPod]) -> Candidate? {
    var due: [(pod: ConnectedPod, turn: Turn)] = []
    for pod in members where !pod.isEnding {
      if let turn = turn(of: pod) { due.append((pod, turn)) }
    }
    // What is never evicted is only told of, when nothing else is left. What is not ready has the least to lose.
    func rank(_ pod: ConnectedPod) -> (Int, Int, String) {
      (lasting(pod) == nil ? 0 : 1, pod.isReady ? 1 : 0, pod.name)
    }
    guard let first = due.min(by: { rank($0.pod) < rank($1.pod) }) else { return nil }
    let waiting = Set(due.map(\.pod.uid))
    return Candidate(
      pod: first.pod, turn: first.turn,
      obstacle: lasting(first.pod) ?? unfinished(members.filter { !waiting.contains($0.uid) }))
  }

  /// The last turn whose login of before a running container of the Pod may have.
  private func turn(of pod: ConnectedPod) -> Turn? {
    pod.restarting.compactMap { secret, begun in
      turns[secret].flatMap { $0.mayBeMissed(by: begun) ? $0 : nil }
    }.max { ($0.at.microseconds, $0.user) < ($1.at.microseconds, $1.user) }
  }

  private func lasting(_ pod: ConnectedPod) -> Obstacle? {
    if pod.mayBePostgres {
      return .never("it may hold a Postgres: it has the label \(AnnotationKey.customerLabel), or a sidecar")
    }
    guard let owner = pod.owner else { return .never("nothing would make it anew") }
    if owner.kind == "Job" { return .never("Job \(owner.name) ends by itself") }
    guard Self.owners.contains(owner.kind) else {
      return .never("how many Pods \(owner.kind) \(owner.name) is to have is not known here")
    }
    return nil
  }

  /// - Parameter others: the workload's Pods that need no restart, or are being deleted.
  private func unfinished(_ others: [ConnectedPod]) -> Obstacle? {
    let others = others.sorted { $0.name < $1.name }
    if let ending = others.first(where: \.isEnding) { return .now("Pod \(ending.name) has not ended yet") }
    return others.first { !$0.isReady }.map { .now("Pod \($0.name) is not ready") }
  }
}
