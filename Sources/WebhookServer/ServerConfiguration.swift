/// Where a server's certificate and key come from.
package enum CertificateSource: Equatable, Sendable {
  /// From two PEM files, which are read again regularly: the chain, beginning with the server's own certificate, and
  /// its private key without a passphrase.
  case files(certificate: String, privateKey: String)
  /// From memory, by `WebhookServer.use`. Until then the server is not ready, and closes each connection.
  case memory
  /// None: the server answers no reviews and has only the port of operations.
  case none
}

/// Where the server listens, with which certificate, and how much one client may use.
package struct ServerConfiguration: Sendable {
  /// The address to listen on. The default, `::`, takes IPv6 and IPv4, and IPv4 alone where there is no IPv6.
  package var host = "::"
  /// The TCP port; 0 takes a free one, which `WebhookServer.port` returns.
  package var port: Int
  /// The TCP port of `/metrics`, `/healthz` and `/readyz` over plain HTTP, for scrapers and probes. It keeps working
  /// when all connections of the webhook's port are in use. 0 takes a free port; nil opens none.
  package var operationsPort: Int?
  /// Where the certificate comes from.
  package var certificate: CertificateSource
  /// A PEM file of authorities. If it is given, the webhook's port accepts only clients with a certificate that one of
  /// them has issued. It is read again as often as the certificate. Nil: every client is accepted.
  package var clientAuthorityFile: String?

  /// The largest body that is accepted; the API server's reviews have up to about 7 MiB.
  package var maximumBodyBytes = 8 << 20
  /// Every connection has room for a body of up to this size. A Pod's review has some 6,000 bytes.
  package var smallBodyBytes = 16 << 10
  /// A review above this size may take long to decide: up to half a millisecond for each KiB. Such reviews are decided
  /// one at a time, on a thread of their own.
  package var largeBodyBytes = 32 << 10
  /// How many bytes all unanswered bodies above `smallBodyBytes` may hold together; those above `largeBodyBytes` must
  /// leave a sixth of it to the others. When it is used up, either the new request or slower ones are answered with 429
  /// and `Retry-After: 1`.
  package var maximumBufferedBytes = 24 << 20
  /// The most connections. When they are all in use, one is closed for a newcomer (``ConnectionPolicy``).
  package var maximumConnections = 1024
  /// How many more are accepted when none can be closed, only to be answered with 429 and `Retry-After: 1`: the API
  /// server tries again after an answer, but not after a failed handshake. Connections beyond these are closed at once.
  package var maximumSurplusConnections = 64
  /// The most connections to the port of operations.
  package var maximumOperationsConnections = 64
  /// A connection or a body younger than this does not count as slow. Slow ones are the first to be closed when there
  /// is no room.
  package var patience = Duration.seconds(1)
  /// From the first byte of a TCP connection to the end of the TLS handshake.
  package var handshakeTimeout = Duration.seconds(5)
  /// From the first byte of a request to the end of its header fields.
  package var headerTimeout = Duration.seconds(5)
  /// From the header fields to the end of the body; also how long a client may leave an answer unread.
  package var bodyTimeout = Duration.seconds(10)
  /// How long a client may send nothing while more than half of the connections are in use.
  package var silenceTimeout = Duration.seconds(5)
  /// Between two requests. The API server closes after 90 s. The server must not close first, or a request could meet a
  /// connection that is being closed.
  package var idleTimeout = Duration.seconds(95)
  /// How long the server reads and drops what still arrives after the last answer, so that closing does not reset the
  /// connection before the client has read that answer (RFC 9112 §9.6).
  package var lingerTime = Duration.seconds(2)
  /// How long `shutdown` keeps serving while not ready, until the API server has noticed that this server stops.
  package var drainTime = Duration.seconds(5)
  /// How often the two files are read for a new certificate.
  package var tlsReloadInterval = Duration.seconds(10)

  /// The defaults, with the port and the certificate.
  package init(port: Int, certificate: CertificateSource) {
    self.port = port
    self.certificate = certificate
  }

  /// The defaults, with the port and the two files.
  package init(port: Int, certificateFile: String, privateKeyFile: String) {
    self.init(port: port, certificate: .files(certificate: certificateFile, privateKey: privateKeyFile))
  }
}
