import Admission
import Contract
package import DatabaseSpec

/// What becomes of the two logins of a user whose password turns, or turned.
package struct UserRotation: Equatable, Sendable {
  /// The user.
  package let user: PostgresName
  /// What is declared, or was.
  package let rotation: Rotation
  package let decision: RotationDecision

  /// The role that applications log in as, after this pass.
  package var login: PostgresName { role(isSecond: decision.told.isSecond == true) }

  private func role(isSecond: Bool) -> PostgresName { isSecond ? user.secondLogin ?? user : user }

  /// The passwords for the sidecar, by role.
  var passwords: [PostgresName: Password] {
    let mounted = decision.mounted
    var passwords = [role(isSecond: mounted.login.isSecond): mounted.current]
    if let other = mounted.other { passwords[role(isSecond: !mounted.login.isSecond)] = other }
    return passwords
  }

  /// The annotations of the user's Secret.
  var annotations: [String: String] {
    var annotations: [String: String] = [:]
    annotations[AnnotationKey.rotatedAt] = decision.told.rotatedAt?.rfc3339
    annotations[AnnotationKey.rotatesAt] = decision.told.rotatesAt?.rfc3339
    return annotations
  }

  /// When the login of before ends, if it can still be used.
  package var end: Timestamp? {
    if case .until(let end) = decision.mounted.login.other { end } else { nil }
  }

  /// From when on applications are told that still use the login of before: half of its time.
  package var staleFrom: Timestamp? { end?.adding(seconds: -rotation.overlap / 2) }

  /// After how many seconds people are told again of what lasts: an Event is gone after an hour, and is not repeated within 55
  /// minutes.
  package static let toldAgain = 3_360

  /// When the next pass has something to do.
  package func next(after now: Timestamp) -> Timestamp? {
    [decision.next, telling(after: now)].compactMap(\.self).min { $0.microseconds < $1.microseconds }
  }

  private func telling(after now: Timestamp) -> Timestamp? {
    guard let end, let staleFrom else { return nil }
    guard staleFrom.microseconds <= now.microseconds else { return staleFrom }
    let again = now.adding(seconds: Self.toldAgain)
    return again.microseconds < end.microseconds ? again : nil
  }
}

extension UserPasswords {
  /// The rotation of a user whose password Postern makes; nil where it does not turn, and did not, or cannot be known.
  func rotation(of user: User, problems: inout [InstanceProblem], generate: () -> Password?) -> UserRotation? {
    let name = user.name
    guard let second = name.secondLogin else { return nil }
    let secret = ObjectName.user(name, customer: customer)
    let mounted = sources.mounted
    var state = RotationState(mounted: mounted.rotation(of: name))
    state.told = told(name, secret, second, mounted: state.mounted, problems: &problems)
    if state == RotationState() { state = formerState(of: user) }
    let rotation: Rotation
    if let declared = user.rotate {
      rotation = declared
    } else {
      let before = mounted.rotates[name]
      let isSecondToldAlone = mounted.generation == nil && state.told?.isSecond == true
      guard before != nil || mounted.logins[name] != nil || isSecondToldAlone || state.mounted?.login.isSecond == true
      else { return nil }
      rotation = before ?? Rotation(every: Rotation.everyRange.upperBound)
    }
    // A Secret of somebody else, or one that is refused, cannot be told anything, so nothing turns.
    let isKept = sources.keepsPasswords(in: secret)
    guard let clock = sources.rotation, isKept else {
      return settled(name, rotation, state) { isKept ? generate() : nil }
    }
    let plan = RotationPlan(
      rotation: rotation, isEnding: user.rotate == nil,
      jitter: RotationClock.jitter(namespace: namespace, customer: customer, user: name), now: clock.now,
      readiness: clock.reports.readiness(of: name, generation: mounted.generation),
      clockDoubt: clock.reports.clockDoubt)
    return plan.decide(state, generate: generate).map { UserRotation(user: name, rotation: rotation, decision: $0) }
  }

  /// Everything as it is.
  private func settled(
    _ user: PostgresName, _ rotation: Rotation, _ state: RotationState, _ generate: () -> Password?
  ) -> UserRotation? {
    guard let current = state.mounted?.current ?? state.told?.password ?? generate() else { return nil }
    let mounted = state.mounted ?? .init(login: .init(isSecond: state.told?.isSecond == true), current: current)
    let told = RotationState.Told(
      isSecond: mounted.login.isSecond, password: current, rotatedAt: state.told?.rotatedAt,
      rotatesAt: state.told?.rotatesAt)
    return UserRotation(user: user, rotation: rotation, decision: RotationDecision(mounted: mounted, told: told))
  }

  private func told(
    _ user: PostgresName, _ secret: String, _ second: PostgresName, mounted: RotationState.Mounted?,
    problems: inout [InstanceProblem]
  ) -> RotationState.Told? {
    guard !sources.taken.contains(secret), let data = sources.secrets[secret], let value = data[SecretKey.password]
    else { return nil }
    let source = ObjectKey(name: secret, key: SecretKey.password)
    guard let password = valid(value, of: user, in: source, &problems) ?? mounted?.current else { return nil }
    let login = data[SecretKey.username].map { String(decoding: $0, as: UTF8.self) }
    func time(_ key: String) -> Timestamp? { sources.annotations[secret]?[key].flatMap { Timestamp(rfc3339: $0) } }
    return .init(
      isSecond: login == second.text ? true : login == user.text ? false : nil, password: password,
      rotatedAt: time(AnnotationKey.rotatedAt), rotatesAt: time(AnnotationKey.rotatesAt))
  }

  /// What was stored by the name that the user had.
  private func formerState(of user: User) -> RotationState {
    guard let old = user.renamedFrom, let second = old.secondLogin else { return RotationState() }
    var problems: [InstanceProblem] = []
    var state = RotationState(mounted: sources.mounted.rotation(of: old))
    state.told = told(
      old, ObjectName.user(old, customer: customer), second, mounted: state.mounted, problems: &problems)
    return state
  }
}
