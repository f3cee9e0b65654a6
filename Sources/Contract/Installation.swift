/// The names of Postern's own objects in a cluster, as webhook-config writes them.
package enum Installation {
  /// The Service, the Lease, and both webhook configurations.
  package static let name = "postern"
  /// The Secret that holds the certificate which `--self-signed` keeps.
  package static let certificateSecret = "postern-webhook-tls"
}
