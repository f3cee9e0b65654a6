/// Why the server cannot start, or cannot take a new certificate.
package enum ServerError: Error, Equatable, Sendable {
  /// Another process listens there.
  case portInUse(host: String, port: Int)
  /// The server cannot listen at the address, for another reason.
  case cannotListen(host: String, port: Int, reason: String)
  /// A file cannot be read.
  case cannotRead(file: String, reason: String)
  /// The file holds no certificate, or a broken one.
  case notACertificate(file: String)
  /// The file holds no private key, a broken one or an encrypted one.
  case notAPrivateKey(file: String)
  /// The file holds no certificate of an authority that could issue clients' certificates, or a broken one.
  case notAClientAuthority(file: String)
  /// The private key is not that of the (first) certificate.
  case keyMismatch(certificateFile: String, privateKeyFile: String)
  /// The (first) certificate was valid until `at`, in seconds since 1970.
  case certificateExpired(file: String, at: Int)
  /// The TLS library refuses the certificate and the key for another reason.
  case unusableCertificate(file: String, reason: String)

  /// One line for people: what is wrong, where, what to do.
  package var message: String {
    switch self {
    case .portInUse(let host, let port):
      "cannot listen on \(Self.address(host, port)): the port is in use; stop the other server or choose another port"
    case .cannotListen(let host, let port, let reason):
      "cannot listen on \(Self.address(host, port)): \(reason)"
    case .cannotRead(let file, let reason):
      "cannot read \(file): \(reason)"
    case .notACertificate(let file):
      "\(file) is not a PEM certificate chain, or is cut short; it must hold the server's certificate first"
    case .notAPrivateKey(let file):
      "\(file) is not a PEM private key without a passphrase, or is cut short"
    case .notAClientAuthority(let file):
      "\(file) holds no PEM certificate of an authority for clients, or is cut short"
    case .keyMismatch(let certificateFile, let privateKeyFile):
      "the key in \(privateKeyFile) does not match the certificate in \(certificateFile); replace both together"
    case .certificateExpired(let file, let seconds):
      "the certificate in \(file) has expired (\(seconds) in seconds since 1970); renew it, or set the clock right"
    case .unusableCertificate(let file, let reason):
      "the certificate in \(file) cannot be used: \(reason)"
    }
  }

  private static func address(_ host: String, _ port: Int) -> String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
