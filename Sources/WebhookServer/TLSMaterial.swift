import NIOSSL

/// All that a TLS context is made from.
struct TLSMaterial: Equatable {
  /// Nil where none was given yet.
  var pair: CertificatePair?
  /// Nil where clients need no certificate.
  var clientAuthority: ClientAuthority?

  /// A TLS context, and when its certificate expires, in seconds since 1970.
  struct Usable {
    let context: NIOSSLContext
    let expiry: Int
  }

  /// A TLS context that serves this, once it is known that it can; nil without a pair.
  func usable(lingerTime: Duration, now: Int) throws(ServerError) -> Usable? {
    let authorities = try clientAuthority?.certificates()
    return try pair?.usable(clientAuthorities: authorities, lingerTime: lingerTime, now: now)
  }
}
