/// What to do with the Secret.
package enum CertificateStep: Equatable, Sendable {
  /// Nothing.
  case keep
  /// Restore the last good content.
  case restore
  /// Issue a serving certificate from the present authority.
  case makeServing
  /// Make a new authority, which clients trust beside the serving certificate's authority. The serving certificate
  /// stays.
  case makeAuthority
  /// Make an authority and a serving certificate.
  case makeBoth
  /// Remove the authorities before the present one, which are no longer needed.
  case dropOldAuthorities
}

extension CertificatePolicy {
  /// The next step for a Secret.
  ///
  /// A new authority comes into use in three steps. Each can be seen in the Secret, so that any leader can continue.
  /// First it is added to the trusted authorities. Once all clients trust it (`isPublished`), it issues the serving
  /// certificate. When every certificate of the old authority has expired, the old authority is removed.
  /// - Parameters:
  ///   - secret: nil: there is no Secret.
  ///   - remembered: the last good content.
  ///   - isPublished: whether clients trust exactly the authorities in the Secret.
  ///   - now: in seconds since 1970.
  package func step(
    for secret: CertificateSecret?, remembered: CertificateSecret?, isPublished: Bool, now: Int
  ) -> CertificateStep {
    let found = secret.map { Findings($0, self, now: now) }
    guard let found, found.isGood else {
      if let remembered, Findings(remembered, self, now: now).isGood { return .restore }
      return switch (found?.authority != nil, found?.serving != nil) {
      case (true, _): .makeServing
      case (false, true): .makeAuthority
      case (false, false): .makeBoth
      }
    }
    guard let authority = found.authority, let serving = found.serving else { return .makeBoth }
    if isDue(from: authority.start, to: authority.end, now: now) { return .makeAuthority }
    if !serving.isOfFirstAuthority { return isPublished ? .makeServing : .keep }
    if isDue(from: serving.start, to: serving.end, now: now) { return .makeServing }
    // An old authority issued its last certificate before the present authority was made.
    let lastOfOldEnds = authority.start + clockSkew + servingLife
    return found.authorityCount > 1 && now >= lastOfOldEnds ? .dropOldAuthorities : .keep
  }
}
