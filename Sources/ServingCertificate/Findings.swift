import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// The parts of a Secret that are good at a given time.
struct Findings {
  /// Validity, in seconds since 1970.
  struct Authority {
    let certificate: Certificate
    let key: Certificate.PrivateKey
    let start: Int
    let end: Int
  }

  struct Serving {
    let start: Int
    let end: Int
    /// The authority that issued it.
    let issuer: Certificate
    let isOfFirstAuthority: Bool
  }

  /// The authority that issues; nil where it is broken, is not an authority, is not valid now, or has another key.
  let authority: Authority?
  /// Nil where it is broken, is not valid now, lacks a name, has another key, or was not issued by an authority that is
  /// valid now.
  let serving: Serving?
  let authorityCount: Int

  var isGood: Bool { authority != nil && serving != nil }

  init(_ secret: CertificateSecret, _ policy: CertificatePolicy, now: Int) {
    let authorities = (try? Self.certificates(secret.authorities)) ?? []
    authorityCount = authorities.count
    authority = Self.authority(authorities.first, key: secret.authorityKey, now: now)
    serving = Self.serving(secret, policy.names, authorities, now: now)
  }

  private static func authority(_ certificate: Certificate?, key: String, now: Int) -> Authority? {
    guard let certificate, let key = try? Certificate.PrivateKey(pemEncoded: key),
      key.publicKey == certificate.publicKey, isAuthority(certificate), isValid(certificate, at: now)
    else { return nil }
    let (start, end) = life(certificate)
    return Authority(certificate: certificate, key: key, start: start, end: end)
  }

  private static func serving(
    _ secret: CertificateSecret, _ names: [String], _ authorities: [Certificate], now: Int
  ) -> Serving? {
    guard let certificate = (try? certificates(secret.certificate))?.first,
      let key = try? Certificate.PrivateKey(pemEncoded: secret.privateKey), key.publicKey == certificate.publicKey,
      isValid(certificate, at: now), let borne = try? certificate.extensions.subjectAlternativeNames,
      names.allSatisfy({ borne.contains(.dnsName($0)) }),
      let index = authorities.firstIndex(where: { authority in
        isAuthority(authority) && isValid(authority, at: now) && authority.subject == certificate.issuer
          && authority.publicKey.isValidSignature(certificate.signature, for: certificate)
      })
    else { return nil }
    let (start, end) = life(certificate)
    return Serving(start: start, end: end, issuer: authorities[index], isOfFirstAuthority: index == 0)
  }

  static func certificates(_ text: String) throws -> [Certificate] {
    try PEMDocument.parseMultiple(pemString: text).map { try Certificate(pemDocument: $0) }
  }

  private static func isAuthority(_ certificate: Certificate) -> Bool {
    guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else { return false }
    return true
  }

  private static func life(_ certificate: Certificate) -> (start: Int, end: Int) {
    (
      Int(certificate.notValidBefore.timeIntervalSince1970.rounded()),
      Int(certificate.notValidAfter.timeIntervalSince1970.rounded())
    )
  }

  private static func isValid(_ certificate: Certificate, at now: Int) -> Bool {
    let (start, end) = life(certificate)
    return start <= now && now < end
  }
}
