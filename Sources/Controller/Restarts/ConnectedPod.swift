import Admission
import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI

/// An application's Pod with the label `postern.io/connect`, reduced to what it has of Secrets and what a restart depends on.
struct ConnectedPod: Equatable, Sendable {
  let name: String
  let uid: String
  /// The Secrets in its volumes, whose files the kubelet renews.
  let mounted: Set<String>
  /// The Secrets in the environment of its running containers, with the time at which the first of these began. An
  /// environment stays as it was then.
  let environment: [String: Timestamp]
  /// The Secrets of connections that say `restart: true`, with the time at which the first running container began that
  /// has the Secret in its environment or its files.
  var restarting: [String: Timestamp]
  /// Nil for a bare Pod.
  let owner: ObservedPod.Owner?
  /// The workload that it belongs to: of a Deployment's Pods, the Deployment, whichever ReplicaSet made them.
  let workload: ObservedPod.Owner
  let isReady: Bool
  /// Whether it is being deleted.
  let isEnding: Bool
  /// Whether it may hold a customer's Postgres.
  let mayBePostgres: Bool

  /// Nil where it is no Pod that runs, or may.
  init?(_ pod: JSONValue) {
    let metadata = pod["metadata"]
    guard let name = metadata?["name"]?.string, let uid = metadata?["uid"]?.string,
      !pod.podHasEnded
    else { return nil }
    (self.name, self.uid) = (name, uid)
    isEnding = metadata?["deletionTimestamp"] != nil
    isReady = pod.podIsReady
    let (labels, annotations) = (metadata?["labels"], metadata?["annotations"])
    owner = pod.controller.map { .init(kind: $0.kind, name: $0.name) }
    workload = pod.podWorkload.map { .init(kind: $0.kind, name: $0.name) } ?? .init(kind: "Pod", name: name)
    let containers = ["containers", "initContainers"].flatMap { pod["spec"]?[$0]?.array ?? [] }
    mayBePostgres =
      labels?[AnnotationKey.customerLabel] != nil || annotations?[AnnotationKey.injected] != nil
      || containers.contains { $0["name"]?.string == SidecarContainer.name }
    let volumes = Self.secretsOfVolumes(pod)
    mounted = volumes.values.reduce(into: []) { $0.formUnion($1) }
    let begun = Self.begun(pod)
    var (environment, used) = ([String: Timestamp](), [String: Timestamp]())
    func note(_ secrets: some Sequence<String>, _ time: Timestamp, in times: inout [String: Timestamp]) {
      for secret in secrets {
        times[secret] = times[secret].map { $0.microseconds < time.microseconds ? $0 : time } ?? time
      }
    }
    for container in containers {
      guard let time = container["name"]?.string.flatMap({ begun[$0] }) else { continue }
      let variables = Self.secretsOfEnvironment(container)
      note(variables, time, in: &environment)
      note(variables, time, in: &used)
      let mounts = (container["volumeMounts"]?.array ?? []).compactMap { $0["name"]?.string }
      note(mounts.flatMap { volumes[$0] ?? [] }, time, in: &used)
    }
    self.environment = environment
    let wanted = Self.restartingSecrets(
      customer: labels?[AnnotationKey.connectLabel]?.string, annotations?[AnnotationKey.connections]?.string)
    restarting = used.filter { wanted.contains($0.key) }
  }

  /// The Secrets of each volume, by its name.
  private static func secretsOfVolumes(_ pod: JSONValue) -> [String: [String]] {
    var secrets: [String: [String]] = [:]
    for volume in pod["spec"]?["volumes"]?.array ?? [] {
      guard let name = volume["name"]?.string else { continue }
      let projected = (volume["projected"]?["sources"]?.array ?? []).compactMap { $0["secret"]?["name"]?.string }
      secrets[name] = [volume["secret"]?["secretName"]?.string].compactMap(\.self) + projected
    }
    return secrets
  }

  /// When the containers began that run now.
  private static func begun(_ pod: JSONValue) -> [String: Timestamp] {
    var begun: [String: Timestamp] = [:]
    for status in ["containerStatuses", "initContainerStatuses"].flatMap({ pod["status"]?[$0]?.array ?? [] }) {
      guard let container = status["name"]?.string,
        let time = status["state"]?["running"]?["startedAt"]?.string.flatMap({ Timestamp(rfc3339: $0) })
      else { continue }
      begun[container] = time
    }
    return begun
  }

  private static func secretsOfEnvironment(_ container: JSONValue) -> [String] {
    let single = (container["env"]?.array ?? []).compactMap { $0["valueFrom"]?["secretKeyRef"] }
      .filter { turning.contains($0["key"]?.string ?? "") || $0["key"]?.string?.contains("uri.") == true }
      .compactMap { $0["name"]?.string }
    return single + (container["envFrom"]?.array ?? []).compactMap { $0["secretRef"]?["name"]?.string }
  }

  private static func restartingSecrets(customer: String?, _ connections: String?) -> Set<String> {
    guard let customer, let connections else { return [] }
    let read = ConnectionsResult(customer: customer, connections).connections
    return Set(read.filter(\.restarts).map { ObjectName.user($0.user, customer: $0.customer) })
  }

  /// The keys that another login changes.
  private static let turning = [
    SecretKey.username, SecretKey.password, SecretKey.uri, SecretKey.jdbcURI, SecretKey.pgpass, SecretKey.serviceFile,
  ]
}
