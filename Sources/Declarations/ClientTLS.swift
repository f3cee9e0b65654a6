import Contract

/// How clients must connect over TLS (PostgreSQL docs §34.19, "SSL Support").
package struct ClientTLS: Equatable, Sendable {
  /// libpq's `sslmode`.
  package enum Mode: String, CaseIterable, Sendable {
    case disable, allow, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
  }

  /// The value of ``rootCert`` that means the system's authorities.
  package static let systemRoots = "system"

  /// Nil: libpq's default, which is `prefer`.
  package var mode: Mode?
  /// A path on the client's machine, or ``systemRoots``; nil: libpq's default.
  package var rootCert: String?

  /// Whether nothing is declared.
  package init(mode: Mode? = nil, rootCert: String? = nil) {
    self.mode = mode
    self.rootCert = rootCert
  }
}

extension DeclarationReader {
  /// A path that clients have, or `system`.
  mutating func rootCert(_ text: String, at place: Place, mode: ClientTLS.Mode?) -> String? {
    guard text != ClientTLS.systemRoots else {
      guard mode == .verifyFull else {
        problems.error(
          place, "the system's authorities vouch for names alone",
          hint: "write verify-full into \(AnnotationKey.sslMode), or name a file")
        return nil
      }
      return text
    }
    guard text.utf8.first == UInt8(ascii: "/"),
      !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
    else {
      problems.error(
        place, "\(quoted(text)) is no absolute path; expected where clients have the file, or system",
        hint: "mount the authority's certificate in the clients, and write its path")
      return nil
    }
    return text
  }
}
