import JSONBytes
import KubernetesAPI

/// The part of a Lease's `spec` that an election needs (Kubernetes API, `coordination.k8s.io/v1`). Missing members, for
/// example after a manual edit, count as empty.
struct LeaseRecord: Equatable {
  /// `holderIdentity`; empty where nobody holds it.
  var holder = ""
  /// `leaseDurationSeconds`
  var seconds = 0
  /// `acquireTime`, for people.
  var acquired = ""
  /// `renewTime`, for people.
  var renewed = ""
  /// `leaseTransitions`
  var transitions = 0

  init() {}

  /// Reads a Lease.
  init(_ lease: JSONValue) {
    let spec = lease["spec"]
    holder = spec?["holderIdentity"]?.string ?? ""
    seconds = spec?["leaseDurationSeconds"]?.integer ?? 0
    acquired = spec?["acquireTime"]?.string ?? ""
    renewed = spec?["renewTime"]?.string ?? ""
    transitions = spec?["leaseTransitions"]?.integer ?? 0
  }

  /// A Lease with this record, which keeps the other fields of the old one. An empty holder is left out, because the
  /// API does not allow an empty string.
  func lease(_ name: String, in namespace: String, replacing old: JSONValue?) -> JSONValue {
    var metadata = JSONObject()
    if case .object(let kept)? = old?["metadata"] { metadata = kept }
    metadata["name"] = .string(name)
    metadata["namespace"] = .string(namespace)
    var spec = JSONObject()
    if case .object(let kept)? = old?["spec"] { spec = kept }
    spec["holderIdentity"] = holder.isEmpty ? nil : .string(holder)
    spec["leaseDurationSeconds"] = .integer(seconds)
    spec["acquireTime"] = acquired.isEmpty ? nil : .string(acquired)
    spec["renewTime"] = .string(renewed)
    spec["leaseTransitions"] = .integer(transitions)
    return .members([
      ("apiVersion", .string(Resource.leases.apiVersion)), ("kind", .string(Resource.leases.kind)),
      ("metadata", .object(metadata)), ("spec", .object(spec)),
    ])
  }
}
