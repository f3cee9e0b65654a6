import Contract
import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A certificate could not be made.
package struct IssuingError: Error, Equatable, Sendable {
  /// One line for people.
  package let message: String
}

extension CertificatePolicy {
  /// The Secret after a step.
  package func carriedOut(
    _ step: CertificateStep, on secret: CertificateSecret?, remembered: CertificateSecret?, now: Int
  ) throws(IssuingError) -> CertificateSecret {
    var result = secret ?? CertificateSecret()
    do {
      switch step {
      case .keep: break
      case .restore: result = remembered ?? result
      case .makeServing: try makeServing(&result, now)
      case .makeAuthority: try makeAuthority(&result, now)
      case .makeBoth:
        try makeAuthority(&result, now)
        try makeServing(&result, now)
      case .dropOldAuthorities:
        result.authorities = try Findings.certificates(result.authorities).prefix(1).map(Self.pem).joined()
      }
      return result
    } catch {
      throw IssuingError(message: "the certificate cannot be made: \(error)")
    }
  }

  private func makeAuthority(_ secret: inout CertificateSecret, _ now: Int) throws {
    let old = Findings(secret, self, now: now).serving?.issuer
    let key = P256.Signing.PrivateKey()
    let publicKey = Certificate.PublicKey(key.publicKey)
    let serial = Certificate.SerialNumber()
    // A name of its own for each authority, so that clients never try the wrong one of two with the same name.
    let mark = serial.bytes.prefix(4).map { String($0, radix: 16) }.joined()
    let name = try DistinguishedName { CommonName("Postern CA \(mark)") }
    let certificate = try Certificate(
      version: .v3, serialNumber: serial, publicKey: publicKey,
      notValidBefore: Self.date(now - clockSkew), notValidAfter: Self.date(now + authorityLife),
      issuer: name, subject: name,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: publicKey)
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    secret.authorityKey = Self.line(key.pemRepresentation)
    secret.authorities = try Self.pem(certificate) + (old.map(Self.pem) ?? "")
  }

  private func makeServing(_ secret: inout CertificateSecret, _ now: Int) throws {
    guard let authority = Findings(secret, self, now: now).authority else {
      throw IssuingError(message: "the authority is no good")
    }
    let key = P256.Signing.PrivateKey()
    let publicKey = Certificate.PublicKey(key.publicKey)
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: Self.date(max(now - clockSkew, authority.start)),
      notValidAfter: Self.date(min(now + servingLife, authority.end)),
      issuer: authority.certificate.subject, subject: DistinguishedName { CommonName(Installation.name) },
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names.map { .dnsName($0) })
        SubjectKeyIdentifier(hash: publicKey)
        AuthorityKeyIdentifier(
          keyIdentifier: try authority.certificate.extensions.subjectKeyIdentifier?.keyIdentifier)
      },
      issuerPrivateKey: authority.key)
    secret.privateKey = Self.line(key.pemRepresentation)
    secret.certificate = try Self.pem(certificate)
  }

  private static func pem(_ certificate: Certificate) throws -> String {
    line(try certificate.serializeAsPEM().pemString)
  }

  /// The text with one line feed at the end.
  private static func line(_ text: String) -> String { text.hasSuffix("\n") ? text : "\(text)\n" }

  private static func date(_ seconds: Int) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }
}
