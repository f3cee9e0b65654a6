import Contract

/// Where the serving certificate is kept, and how it is renewed.
package struct CertificateSettings: Sendable {
  /// The namespace of the Secret and of the Service.
  package var namespace: String
  /// The name of the Secret.
  package var secret = Installation.certificateSecret
  /// The name of the MutatingWebhookConfiguration and of the ValidatingWebhookConfiguration whose `caBundle` is kept up
  /// to date.
  package var configuration = Installation.name
  /// What the certificates contain, and how long they are valid.
  package var policy: CertificatePolicy
  /// How often the wall clock is read. A timer over days would not notice that the clock was set.
  package var pollInterval: Duration = .seconds(60)
  /// How long `caBundle` must have been right before a certificate of a new authority is used, because every API server
  /// must have read it by then.
  package var settleTime: Duration = .seconds(10)

  /// The defaults, for a Service in this namespace.
  package init(namespace: String, service: String) {
    self.namespace = namespace
    policy = CertificatePolicy(service: service, namespace: namespace)
  }
}

/// What to do with a pair from the Secret. Both functions are called under a lock, one at a time, and must not take
/// long.
package struct CertificateUse: Sendable {
  /// Takes a good pair, as PEM.
  package var serve: @Sendable (_ certificate: String, _ privateKey: String) -> Void
  /// Is told why a pair is not used.
  package var refuse: @Sendable (_ reason: String) -> Void

  /// A use with these functions.
  package init(
    serve: @escaping @Sendable (_ certificate: String, _ privateKey: String) -> Void,
    refuse: @escaping @Sendable (_ reason: String) -> Void
  ) {
    self.serve = serve
    self.refuse = refuse
  }
}
