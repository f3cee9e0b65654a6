/// What certificates are to be, and how long.
package struct CertificatePolicy: Sendable {
  /// The DNS names that the serving certificate must bear.
  package var names: [String]
  /// How long an authority is valid, in seconds.
  package var authorityLife = 3650 * 86_400
  /// How long a serving certificate is valid, in seconds.
  package var servingLife = 90 * 86_400
  /// How long before it is made a certificate is valid already, in seconds: other machines' clocks may be behind.
  package var clockSkew = 3600

  /// For a Service: as the API server asks for it, and in full.
  package init(service: String, namespace: String) {
    names = ["\(service).\(namespace).svc", "\(service).\(namespace).svc.cluster.local"]
  }

  /// Whether two thirds of a life are over.
  func isDue(from start: Int, to end: Int, now: Int) -> Bool { now >= start + (end - start) / 3 * 2 }
}
