/// The names of Postern's own objects in a cluster, as in webhook-config.
package enum Installation {
  /// The Service, the Lease, and both webhook configurations.
  package static let name = "postern"
  /// The Secret that holds the certificate of `--self-signed`.
  package static let certificateSecret = "postern-webhook-tls"
}
