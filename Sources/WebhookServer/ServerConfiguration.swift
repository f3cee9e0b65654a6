/// Where a server's certificate and key come from.
package enum CertificateSource: Equatable, Sendable {
  /// From two PEM files, which are looked at again and again: the chain, the server's own certificate first, and its
  /// private key without a passphrase.
  case files(certificate: String, privateKey: String)
  /// From memory, by `WebhookServer.use`. Until then the server is not ready, and closes each connection.
  case memory
  /// From nowhere, as no reviews are answered: there is the port of operations alone.
  case none
}

/// Where the server listens, with which certificate, and how much it lets one client take.
package struct ServerConfiguration: Sendable {
  /// The address to listen on. The default, `::`, takes IPv6 and IPv4, and IPv4 alone where there is no IPv6.
  package var host = "::"
  /// The TCP port; 0 takes a free one, which `WebhookServer.port` tells.
  package var port: Int
  /// The TCP port of `/metrics`, `/healthz` and `/readyz` over plain HTTP, for scrapers and probes, which keep working
  /// when the webhook's own connections are used up; 0 takes a free one, nil none.
  package var operationsPort: Int?
  /// Where the certificate comes from.
  package var certificate: CertificateSource
  /// A PEM file of certificates: on the webhook's port only clients are heard that have one issued by these. It is looked
  /// at again and again, as the certificate is. Nil: everybody is heard.
  package var clientAuthorityFile: String?

  /// The largest body that is taken; the API server's reviews go to about 7 MiB.
  package var maximumBodyBytes = 8 << 20
  /// Up to this size there is room for a body on every connection. A Pod's review has some 6,000 bytes.
  package var smallBodyBytes = 16 << 10
  /// Above this size a review may take long: such reviews are decided one at a time, and off the event loops.
  package var largeBodyBytes = 64 << 10
  /// How much all bodies above `smallBodyBytes` that are not answered yet may hold together; those above `largeBodyBytes`
  /// leave a sixth of it to the others. A request beyond it gets 429 and `Retry-After: 1`, or has that told to slower ones.
  package var maximumBufferedBytes = 48 << 20
  /// How many connections there may be. When there are so many, one goes for a newcomer (``ConnectionPolicy``).
  package var maximumConnections = 1024
  /// How many more are taken, where none can go, only to be told 429 and `Retry-After: 1`: the API server asks again where
  /// it gets an answer, and not where the handshake fails. One beyond these is closed at once.
  package var maximumSurplusConnections = 64
  /// How many connections there may be to the port of operations.
  package var maximumOperationsConnections = 64
  /// For how long a connection or a body is not taken for a slow one, which goes when there is no room.
  package var patience = Duration.seconds(1)
  /// From the first byte of a TCP connection to the end of the TLS handshake.
  package var handshakeTimeout = Duration.seconds(5)
  /// From the first byte of a request to the end of its header fields.
  package var headerTimeout = Duration.seconds(5)
  /// From the header fields to the end of the body; and how long a client may leave an answer unread.
  package var bodyTimeout = Duration.seconds(10)
  /// How long a client may say nothing at all while more than half of the connections are taken.
  package var silenceTimeout = Duration.seconds(5)
  /// Between two requests. The API server closes after 90 s: it, not the server, must be the first, so that no
  /// request meets a closing connection.
  package var idleTimeout = Duration.seconds(95)
  /// How long what still comes is read and dropped after the last answer, so that closing does not reset the
  /// connection before the client has read that answer (RFC 9112 §9.6).
  package var lingerTime = Duration.seconds(2)
  /// How long `shutdown` serves on while not ready, until the API server has heard that this server is going.
  package var drainTime = Duration.seconds(5)
  /// How often the two files are looked at for a new certificate.
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
