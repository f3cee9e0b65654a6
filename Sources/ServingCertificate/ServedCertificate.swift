import FoundationEssentials
import X509

/// A server's certificate, for those who only look at it.
package struct ServedCertificate: Sendable {
  private let certificate: Certificate

  /// Reads the first certificate of a PEM text; nil where there is none.
  package init?(pem: String) {
    guard let first = (try? Findings.certificates(pem))?.first else { return nil }
    certificate = first
  }

  /// The end of its validity, in seconds since 1970.
  package var end: Int { Int(certificate.notValidAfter.timeIntervalSince1970.rounded()) }

  /// Whether one of the authorities in a PEM text has issued it.
  package func isIssued(byOneOf authorities: String) -> Bool {
    ((try? Findings.certificates(authorities)) ?? []).contains { authority in
      authority.subject == certificate.issuer
        && authority.publicKey.isValidSignature(certificate.signature, for: certificate)
    }
  }

  /// Whether it may be presented under this name.
  package func isFor(_ name: String) -> Bool {
    ((try? certificate.extensions.subjectAlternativeNames) ?? nil)?.contains(.dnsName(name)) == true
  }
}
