import Contract
import Controller
import Linux
import Randomness
import TextEncoding

/// What `serve` does in a cluster, and its identity there.
struct ClusterSettings {
  /// The kubeconfig; nil: the cluster that this process runs in, else kubectl's default.
  let kubeconfig: String?
  /// The namespace of this process's own objects; nil: the one in which it runs.
  let namespace: String?
  /// The name of the Pod; nil: the host's name, which is the same in a container.
  let podName: String?
  /// The Service that the API server calls.
  let service: String
  /// The namespaces whose customers are served; empty: all.
  let namespaces: [String]
  /// Whether the certificate is kept in a Secret.
  let isSelfSigned: Bool
  /// Whether this process answers reviews.
  let hasWebhook: Bool
  /// What is watched of the cluster's customers.
  let knowledge: Knowledge

  /// How the controller updates sidecars of running Pods.
  let sidecarUpdate: SidecarUpdateSettings
  /// Whether it restarts applications' Pods after a turn.
  let restarts: Bool

  enum Knowledge {
    case none
    /// Which objects declare what, for the webhook.
    case declarations
    /// Everything that the controller needs to make the customers' objects; it then makes them.
    case all
  }

  /// This replica's identity in an election. No two processes ever have the same one.
  func identity() throws(RandomError) -> String {
    let host =
      (try? File.read("/proc/sys/kernel/hostname")).map { String(decoding: $0, as: UTF8.self) } ?? Installation.name
    let name = podName ?? String(host.prefix { !$0.isWhitespace })
    return "\(name)_\(Hex.encoded(try SecureRandom.bytes(8)))"
  }
}
