import Admission
import Contract
import DatabaseSpec
import Instances
import KubernetesClient
import OpenSSL
import TextEncoding

extension InstancePass {
  /// How long a turn may wait before an Event says why. Usually it takes seconds.
  private static let heldFor = 300

  /// Tells people of the turns of this pass, and of those that wait; and applications' Pods that the Secret is another.
  /// A Pod that cannot be told reads the Secret within a minute or two anyway, so no pass fails because of it.
  mutating func tellOfRotations(at now: Timestamp) async throws(Interruption) {
    for rotation in rotations {
      let decision = rotation.decision
      if let held = decision.held, held.since.adding(seconds: Self.heldFor).microseconds <= now.microseconds {
        rotationNotices.append(
          (.rotationHeld, "the password of user \(rotation.user.text) has to wait: \(held.reason)"))
      }
    }
    let turned = rotations.filter(\.decision.isTurn)
    let stale = rotations.filter { $0.staleFrom.map { $0.microseconds <= now.microseconds } ?? false }
    for rotation in turned {
      rotationNotices.append(
        (
          .rotated,
          "user \(rotation.user.text): applications get the login \(rotation.login.text) from "
            + "\(now.rfc3339) on; the one of before can be used for \(rotation.rotation.overlap) s more"
        ))
    }
    guard !turned.isEmpty || !stale.isEmpty else { return }
    do throws(Interruption) {
      let pods = try await access.connectedPods()
      for rotation in stale { tellStale(pods, rotation, now) }
      for rotation in turned { try await renewFiles(of: pods, rotation) }
    } catch {
      guard case .failed(let failure) = error, !failure.isCancelled else { throw error }
    }
  }

  private func renewFiles(of pods: [ConnectedPod], _ rotation: UserRotation) async throws(Interruption) {
    let secret = ObjectName.user(rotation.user, customer: customer)
    let word = "\(secret) \(rotation.decision.told.rotatedAt?.rfc3339 ?? "")"
    let hash = String(Hex.encoded(Digest.sha256(Array(word.utf8))).prefix(12))
    try await access.annotatePods(pods.filter { !$0.isEnding && $0.mounted.contains(secret) }, updated: hash)
  }

  private mutating func tellStale(_ pods: [ConnectedPod], _ rotation: UserRotation, _ now: Timestamp) {
    guard let end = rotation.end, end.microseconds > now.microseconds,
      let time = rotation.decision.told.rotatedAt
    else { return }
    let turn = Restarts.Turn(user: rotation.user.text, at: time)
    let secret = ObjectName.user(rotation.user, customer: customer)
    for pod in pods where !pod.isEnding {
      guard let begun = pod.environment[secret], turn.mayBeMissed(by: begun) else { continue }
      let verb = begun.microseconds < time.microseconds ? "holds" : "may hold"
      staleNotices.append(
        Notice(
          .staleConnection, of: .pod(name: pod.name, uid: pod.uid),
          in: instance.namespace,
          "its environment \(verb) the login of user \(turn.user) from before \(time.rfc3339), which ends at "
            + "\(end.rfc3339): restart it, or let it read the connection from its files"))
    }
  }

  /// When the next pass has something to do for a password that turns.
  func nextTurn(after now: Timestamp) -> Timestamp? {
    let due = rotations.compactMap { $0.next(after: now) }.min { $0.microseconds < $1.microseconds }
    // Where the objects do not fit, nothing was written, and what is due stays due.
    let soonest = now.adding(seconds: 60)
    guard let time = due, expectation == nil, time.microseconds < soonest.microseconds else { return due }
    return soonest
  }
}
