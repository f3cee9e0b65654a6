import Contract
import DatabaseSpec
import JSONBytes

/// An application's Pod with the label `postern.io/connect`, reduced to what it has of Secrets.
struct ConnectedPod: Equatable, Sendable {
  let name: String
  let uid: String
  /// The Secrets in its volumes, whose files the kubelet renews.
  let mounted: Set<String>
  /// The Secrets in the environment of its running containers, with the time at which the first of these began. An
  /// environment stays as it was then.
  let environment: [String: Timestamp]

  /// Nil where it is no Pod that runs, or may.
  init?(_ pod: JSONValue) {
    guard let name = pod["metadata"]?["name"]?.string, let uid = pod["metadata"]?["uid"]?.string,
      pod["metadata"]?["deletionTimestamp"] == nil, !["Succeeded", "Failed"].contains(pod["status"]?["phase"]?.string)
    else { return nil }
    (self.name, self.uid) = (name, uid)
    var mounted: Set<String> = []
    for volume in pod["spec"]?["volumes"]?.array ?? [] {
      if let secret = volume["secret"]?["secretName"]?.string { mounted.insert(secret) }
      for source in volume["projected"]?["sources"]?.array ?? [] {
        if let secret = source["secret"]?["name"]?.string { mounted.insert(secret) }
      }
    }
    self.mounted = mounted
    var begun: [String: Timestamp] = [:]
    for status in ["containerStatuses", "initContainerStatuses"].flatMap({ pod["status"]?[$0]?.array ?? [] }) {
      guard let container = status["name"]?.string,
        let time = status["state"]?["running"]?["startedAt"]?.string.flatMap({ Timestamp(rfc3339: $0) })
      else { continue }
      begun[container] = time
    }
    var environment: [String: Timestamp] = [:]
    for container in ["containers", "initContainers"].flatMap({ pod["spec"]?[$0]?.array ?? [] }) {
      guard let time = container["name"]?.string.flatMap({ begun[$0] }) else { continue }
      let single = (container["env"]?.array ?? []).compactMap { $0["valueFrom"]?["secretKeyRef"] }
        .filter { Self.turning.contains($0["key"]?.string ?? "") || $0["key"]?.string?.contains("uri.") == true }
        .compactMap { $0["name"]?.string }
      let whole = (container["envFrom"]?.array ?? []).compactMap { $0["secretRef"]?["name"]?.string }
      for secret in single + whole {
        environment[secret] = environment[secret].map { $0.microseconds < time.microseconds ? $0 : time } ?? time
      }
    }
    self.environment = environment
  }

  /// The keys that another login changes.
  private static let turning = [
    SecretKey.username, SecretKey.password, SecretKey.uri, SecretKey.jdbcURI, SecretKey.pgpass, SecretKey.serviceFile,
  ]
}
