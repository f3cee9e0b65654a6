import NIOSSL

/// Everything that a TLS context is made from.
struct TLSMaterial: Equatable {
  /// Nil before a pair was given.
  var pair: CertificatePair?
  /// Nil where clients need no certificate.
  var clientAuthority: ClientAuthority?

  /// A TLS context, and when its certificate expires, in seconds since 1970.
  struct Usable {
    let context: NIOSSLContext
    let expiry: Int
  }

  /// Checks the material and makes a TLS context from it; nil without a pair.
  func usable(now: Int) throws(ServerError) -> Usable? {
    let authorities = try clientAuthority?.certificates()
    return try pair?.usable(clientAuthorities: authorities, now: now)
  }
}
