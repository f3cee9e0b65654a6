import Foundation
import JSONBytes
import SwiftASN1
import TestSupport
import Testing
import X509

@testable import ServingCertificate

/// The step for a Secret, at every time of its life and after every kind of damage.
@Suite struct CertificateStepTests {
  static let policy = CertificatePolicy(service: "postern", namespace: "postern-system")
  static let start = 1_800_000_000
  static let day = 86_400

  /// A Secret as it is first made.
  static func made(at now: Int = start, _ policy: CertificatePolicy = policy) throws -> CertificateSecret {
    try policy.carriedOut(.makeBoth, on: nil, remembered: nil, now: now)
  }

  private func step(
    _ secret: CertificateSecret?, remembered: CertificateSecret? = nil, isPublished: Bool = true, now: Int = start,
    _ policy: CertificatePolicy = policy
  ) -> CertificateStep {
    policy.step(for: secret, remembered: remembered, isPublished: isPublished, now: now)
  }

  @Test func isMadeWhereThereIsNone() throws {
    #expect(step(nil) == .makeBoth)
    #expect(step(CertificateSecret()) == .makeBoth)
    let secret = try Self.made()
    #expect(step(secret) == .keep)
    #expect(step(secret, isPublished: false) == .keep)
    let serving = try Certificate(pemEncoded: secret.certificate)
    let names = try #require(try serving.extensions.subjectAlternativeNames)
    #expect(
      Array(names) == [.dnsName("postern.postern-system.svc"), .dnsName("postern.postern-system.svc.cluster.local")])
    #expect(serving.notValidBefore == Date(timeIntervalSince1970: Double(Self.start - 3600)))
    #expect(serving.notValidAfter == Date(timeIntervalSince1970: Double(Self.start + 90 * Self.day)))
    let authority = try Certificate(pemEncoded: secret.authorities)
    #expect(authority.publicKey.isValidSignature(serving.signature, for: serving))
    #expect(authority.notValidAfter == Date(timeIntervalSince1970: Double(Self.start + 3650 * Self.day)))
  }

  @Test func theServingCertificateIsRenewedAtTwoThirdsOfItsLife() throws {
    let secret = try Self.made()
    // It is valid from an hour before it was made.
    let life = 90 * Self.day + 3600
    let due = Self.start - 3600 + life / 3 * 2
    #expect(step(secret, now: due - 1) == .keep)
    #expect(step(secret, now: due) == .makeServing)
    let renewed = try Self.policy.carriedOut(.makeServing, on: secret, remembered: nil, now: due)
    #expect(renewed.authorities == secret.authorities)
    #expect(renewed.authorityKey == secret.authorityKey)
    #expect(renewed.certificate != secret.certificate)
    #expect(step(renewed, now: due) == .keep)
    // The old pair is still valid, so clients that still get it do not fail.
    #expect(step(secret, now: Self.start + 90 * Self.day - 1) == .makeServing)
  }

  @Test func theAuthorityIsRenewedInSteps() throws {
    let first = try Self.made()
    let due = Self.start - 3600 + (3650 * Self.day + 3600) / 3 * 2
    // Its serving certificate was renewed meanwhile, so it is young again.
    let before = try Self.policy.carriedOut(.makeServing, on: first, remembered: nil, now: due - 1)
    #expect(step(before, now: due - 1) == .keep)
    #expect(step(before, now: due) == .makeAuthority)

    let both = try Self.policy.carriedOut(.makeAuthority, on: before, remembered: nil, now: due)
    #expect(both.certificate == before.certificate)
    #expect(both.privateKey == before.privateKey)
    #expect(both.authorityKey != before.authorityKey)
    #expect(try Findings.certificates(both.authorities).count == 2)
    #expect(both.authorities.hasSuffix(before.authorities))

    // The certificate of the new authority must wait until clients trust it.
    #expect(step(both, isPublished: false, now: due) == .keep)
    #expect(step(both, isPublished: false, now: due + 60 * Self.day) == .keep)
    #expect(step(both, isPublished: true, now: due) == .makeServing)
    let switched = try Self.policy.carriedOut(.makeServing, on: both, remembered: nil, now: due)
    #expect(switched.authorities == both.authorities)
    #expect(step(switched, now: due) == .keep)

    // The old authority's last certificate was made before the new authority. Until it expires, both are trusted.
    let renewed = try Self.policy.carriedOut(.makeServing, on: switched, remembered: nil, now: due + 60 * Self.day)
    #expect(step(renewed, now: due + 90 * Self.day - 1) == .keep)
    #expect(step(renewed, now: due + 90 * Self.day) == .dropOldAuthorities)
    let alone = try Self.policy.carriedOut(
      .dropOldAuthorities, on: renewed, remembered: nil, now: due + 90 * Self.day)
    #expect(try Findings.certificates(alone.authorities) == Findings.certificates(both.authorities).dropLast())
    #expect(alone.certificate == renewed.certificate)
    #expect(step(alone, now: due + 90 * Self.day) == .keep)
  }

  @Test func aNewAuthorityThatIsNeverPublishedIsUsedWhenTheOldCertificateIsOver() throws {
    let secret = try Self.made()
    let both = try Self.policy.carriedOut(.makeAuthority, on: secret, remembered: nil, now: Self.start)
    #expect(step(both, isPublished: false, now: Self.start + 90 * Self.day - 1) == .keep)
    #expect(step(both, isPublished: false, now: Self.start + 90 * Self.day) == .makeServing)
  }

  /// Ways in which a Secret can be damaged, and the step for each.
  enum Harm: CaseIterable, Sendable {
    case servingCutShort, servingGone, servingOfAnother, servingKeyOfAnother, servingKeyGone, servingSelfSigned
    case otherNames, authorityKeyGone, authorityKeyOfAnother, authorityGone, authorityCutShort, authorityIsNone

    func done(to secret: CertificateSecret) throws -> CertificateSecret {
      var secret = secret
      let other = try CertificateStepTests.made()
      switch self {
      case .servingCutShort: secret.certificate = String(secret.certificate.prefix(200))
      case .servingGone: secret.certificate = ""
      case .servingOfAnother: (secret.certificate, secret.privateKey) = (other.certificate, other.privateKey)
      case .servingKeyOfAnother: secret.privateKey = other.privateKey
      case .servingKeyGone: secret.privateKey = ""
      case .servingSelfSigned: (secret.certificate, secret.privateKey) = (secret.authorities, secret.authorityKey)
      case .otherNames:
        var policy = CertificateStepTests.policy
        policy.names = ["elsewhere.svc"]
        secret = try policy.carriedOut(.makeServing, on: secret, remembered: nil, now: CertificateStepTests.start)
      case .authorityKeyGone: secret.authorityKey = ""
      case .authorityKeyOfAnother: secret.authorityKey = other.authorityKey
      case .authorityGone: secret.authorities = ""
      case .authorityCutShort: secret.authorities.removeLast(100)
      case .authorityIsNone: (secret.authorities, secret.authorityKey) = (secret.certificate, secret.privateKey)
      }
      return secret
    }

    var repair: CertificateStep {
      switch self {
      case .servingCutShort, .servingGone, .servingOfAnother, .servingKeyOfAnother, .servingKeyGone,
        .servingSelfSigned, .otherNames:
        .makeServing
      case .authorityKeyGone, .authorityKeyOfAnother: .makeAuthority
      case .authorityGone, .authorityCutShort, .authorityIsNone: .makeBoth
      }
    }
  }

  @Test(arguments: Harm.allCases) func harmIsRepaired(_ harm: Harm) throws {
    let good = try Self.made()
    let harmed = try harm.done(to: good)
    #expect(step(harmed) == harm.repair)
    #expect(step(harmed, remembered: good) == .restore)
    #expect(try Self.policy.carriedOut(.restore, on: harmed, remembered: good, now: Self.start) == good)
    // The remembered Secret may be damaged too.
    #expect(step(harmed, remembered: harmed) == harm.repair)
    let repaired = try Self.policy.carriedOut(harm.repair, on: harmed, remembered: nil, now: Self.start)
    #expect([.keep, .makeServing].contains(step(repaired)))
    #expect(step(repaired, isPublished: false) == .keep)
    let end = try Self.policy.carriedOut(step(repaired), on: repaired, remembered: nil, now: Self.start)
    #expect(step(end) == .keep)
  }

  @Test func whatHasExpiredIsMadeAnew() throws {
    let secret = try Self.made()
    #expect(step(secret, remembered: secret, now: Self.start + 90 * Self.day) == .makeServing)
    #expect(step(secret, remembered: secret, now: Self.start + 3650 * Self.day) == .makeBoth)
    // The clock was set back to a time before all of it.
    #expect(step(secret, remembered: secret, now: Self.start - 3600) == .keep)
    #expect(step(secret, remembered: secret, now: Self.start - 3601) == .makeBoth)
  }

  @Test func aServingCertificateEndsBeforeItsAuthority() throws {
    var policy = Self.policy
    policy.authorityLife = 1000
    let secret = try Self.made(at: Self.start, policy)
    #expect(
      try Certificate(pemEncoded: secret.certificate).notValidAfter
        == Certificate(pemEncoded: secret.authorities).notValidAfter)
  }

  @Test func theSecretIsReadAsItIsWritten() throws {
    let secret = try Self.made()
    let object = secret.secret("s", in: "n")
    #expect(CertificateSecret(object) == secret)
    #expect(object["type"]?.string == "kubernetes.io/tls")
    // Contents that others put there stay.
    let edited = try #require(
      try? json(
        #"{"metadata":{"name":"s","namespace":"n","resourceVersion":"7","labels":{"a":"b"}},"type":"Opaque","data":{"x":"eQ=="}}"#
      ))
    let updated = secret.secret("s", in: "n", replacing: edited)
    #expect(CertificateSecret(updated) == secret)
    #expect(updated["metadata"] == edited["metadata"])
    #expect(updated["type"]?.string == "Opaque")
    #expect(updated["data"]?["x"]?.string == "eQ==")
  }
}
