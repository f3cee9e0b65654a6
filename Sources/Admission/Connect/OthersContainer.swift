/// Containers that other webhooks add to Pods, whose application they are not. They come before Postern's, by the names of
/// their configurations, so it sees them.
enum OthersContainer {
  /// A connection that names no containers is not for these: a proxy has no use for a database's password.
  static let names = Mesh.containers.union([
    "consul-dataplane", "consul-connect-inject-init", "daprd", "vault-agent", "vault-agent-init", "queue-proxy",
  ])
}
