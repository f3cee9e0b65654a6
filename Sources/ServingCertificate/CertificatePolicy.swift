/// What the certificates contain, and how long they are valid.
package struct CertificatePolicy: Sendable {
  /// The DNS names that the serving certificate must contain.
  package var names: [String]
  /// How long an authority is valid, in seconds.
  package var authorityLife = 3650 * 86_400
  /// How long a serving certificate is valid, in seconds.
  package var servingLife = 90 * 86_400
  /// How long before its creation a certificate is already valid, in seconds, because other machines' clocks may be
  /// behind.
  package var clockSkew = 3600

  /// The policy for a Service: the name that the API server uses, and the full name.
  package init(service: String, namespace: String) {
    names = ["\(service).\(namespace).svc", "\(service).\(namespace).svc.cluster.local"]
  }

  /// Whether two thirds of a validity period have passed.
  func isDue(from start: Int, to end: Int, now: Int) -> Bool { now >= start + (end - start) / 3 * 2 }
}
