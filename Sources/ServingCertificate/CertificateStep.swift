/// What is to be done about the Secret.
package enum CertificateStep: Equatable, Sendable {
  /// Nothing.
  case keep
  /// It was good when it was last seen so: as then.
  case restore
  /// A serving certificate of the authority that is there.
  case makeServing
  /// An authority, trusted beside that of the serving certificate, which stays.
  case makeAuthority
  /// Both.
  case makeBoth
  /// The authorities before the present one are not needed any more.
  case dropOldAuthorities
}

extension CertificatePolicy {
  /// What is to be done.
  ///
  /// A new authority comes in three steps, each seen in the Secret, so that any leader can go on from there: it is
  /// added to those that are trusted; once all clients trust it (`isPublished`), it issues the serving certificate;
  /// when no certificate of the old one can be valid any more, that one goes.
  /// - Parameters:
  ///   - secret: nil: there is none.
  ///   - remembered: as it was when it was last good.
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
    // The last certificate of an old authority was made before the present authority was.
    let lastOfOldEnds = authority.start + clockSkew + servingLife
    return found.authorityCount > 1 && now >= lastOfOldEnds ? .dropOldAuthorities : .keep
  }
}
