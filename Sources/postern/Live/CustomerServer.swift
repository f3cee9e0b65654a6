import Admission
import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// The Pod in which a customer's Postgres is reached.
struct CustomerServer: Sendable {
  let name: CustomerName
  let pod: String
  let port: Int
  let object: JSONValue

  var address: PodPort { PodPort(namespace: name.namespace, pod: pod, port: port) }

  /// The sidecar's container; nil where there is none.
  var sidecar: JSONValue? {
    object.podContainer(SidecarContainer.name)
  }

  /// Nil where the Pod is not a customer's running Postgres.
  init?(_ object: JSONValue) {
    let namespace = object["metadata"]?["namespace"]?.string ?? ""
    guard let declared = DeclaredPostgres(object, kind: .pod, namespace: namespace),
      object["status"]?["phase"]?.string == "Running", object["metadata"]?["deletionTimestamp"] == nil
    else { return nil }
    name = CustomerName(namespace: namespace, customer: declared.customer)
    pod = object["metadata"]?["name"]?.string ?? ""
    self.object = object
    port = declared.port
  }

  /// Whether it is likelier to be the server that is meant: one that is ready and no standby, then the first by number.
  private static func precedes(_ left: Self, _ right: Self) -> Bool {
    if left.rank != right.rank { return left.rank < right.rank }
    // StatefulSets number their Pods, and 10 comes after 2.
    return (left.pod.utf8.count, left.pod) < (right.pod.utf8.count, right.pod)
  }

  private var rank: Int {
    let conditions = object["status"]?["conditions"]?.array ?? []
    let isStandby = conditions.contains {
      $0["type"]?.string == PodCondition.provisioned && $0["reason"]?.string == "Standby"
    }
    return (isStandby ? 2 : 0) + (object.podIsReady ? 0 : 1)
  }

  /// Finds a customer's server among the Pods that the user may list.
  /// - Parameter pod: its Pod's name; nil: the one that is likeliest meant.
  static func find(
    _ customer: String, pod: String? = nil, in access: ClusterAccess
  ) async throws(CommandError) -> CustomerServer {
    guard CustomerNames.isLabelValue(customer) else { throw .refused("\"\(customer)\" can be no customer's name") }
    let selection = SeenCluster.selection(.pods, namespace: access.namespace, customer: customer)
    guard let listed = try await access.listed(selection, as: ObjectReader<JSONValue>.tree) else {
      throw .refused("you may not list pods \(access.place); ask for the right to, or choose with -n")
    }
    let servers = listed.compactMap(Self.init).sorted(by: precedes)
    if let pod {
      guard let server = servers.first(where: { $0.pod == pod }) else {
        let names = servers.map(\.pod).joined(separator: ", ")
        throw .refused(
          "no Pod \"\(pod)\" of customer \"\(customer)\" runs \(access.place); there are: \(names.isEmpty ? "none" : names)"
        )
      }
      return server
    }
    guard let first = servers.first else {
      throw .refused(
        "no Pod of customer \"\(customer)\" runs \(access.place); status -A lists all customers")
    }
    let places = Set(servers.map(\.name.namespace)).sorted()
    guard places.count == 1 else {
      throw .refused("customer \"\(customer)\" is in \(places.joined(separator: ", ")); choose with -n")
    }
    return first
  }
}
