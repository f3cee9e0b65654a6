import Contract

/// Where a serving certificate is kept, and how it is looked after.
package struct CertificateSettings: Sendable {
  /// The namespace of the Secret and of the Service.
  package var namespace: String
  /// The Secret.
  package var secret = Installation.certificateSecret
  /// The MutatingWebhookConfiguration and the ValidatingWebhookConfiguration whose `caBundle` is kept.
  package var configuration = Installation.name
  /// What certificates are to be.
  package var policy: CertificatePolicy
  /// How often the wall clock is looked at; a timer over days would not see that it was set.
  package var pollInterval: Duration = .seconds(60)
  /// How long `caBundle` must have been right until a certificate of a new authority is used: every API server
  /// must have heard of it.
  package var settleTime: Duration = .seconds(10)

  /// The defaults, for a Service in this namespace.
  package init(namespace: String, service: String) {
    self.namespace = namespace
    policy = CertificatePolicy(service: service, namespace: namespace)
  }
}

/// What becomes of a pair that the Secret holds. Both are called under a lock, one at a time, and must not take long.
package struct CertificateUse: Sendable {
  /// Takes a pair that is good, as PEM.
  package var serve: @Sendable (_ certificate: String, _ privateKey: String) -> Void
  /// Hears why one is not taken.
  package var refuse: @Sendable (_ reason: String) -> Void

  /// A use of these parts.
  package init(
    serve: @escaping @Sendable (_ certificate: String, _ privateKey: String) -> Void,
    refuse: @escaping @Sendable (_ reason: String) -> Void
  ) {
    self.serve = serve
    self.refuse = refuse
  }
}
