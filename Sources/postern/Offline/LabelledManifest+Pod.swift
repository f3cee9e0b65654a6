import JSONBytes

extension LabelledManifest {
  /// The Pod `<name>-0` that Kubernetes would make from the workload's template, with its controller; a bare Pod is returned as it
  /// is.
  static func pod(of workload: JSONValue) -> JSONValue {
    guard let template = workload["spec"]?["template"] else { return workload }
    let name = workload["metadata"]?["name"]?.string ?? "pod"
    let owner = JSONValue.members([
      ("apiVersion", .string("apps/v1")),
      ("kind", .string(workload["kind"]?.string == "StatefulSet" ? "StatefulSet" : "ReplicaSet")),
      ("name", .string(name)), ("uid", .string("offline")), ("controller", .bool(true)),
    ])
    let metadata = JSONValue.members([
      ("name", .string("\(name)-0")), ("namespace", workload["metadata"]?["namespace"]),
      ("labels", template["metadata"]?["labels"]), ("annotations", template["metadata"]?["annotations"]),
      ("ownerReferences", .array([owner])),
    ])
    return .members([
      ("apiVersion", .string("v1")), ("kind", .string("Pod")), ("metadata", metadata),
      ("spec", template["spec"].map { withClaimVolumes($0, of: workload) }),
    ])
  }

  /// Adds a StatefulSet's claims as volumes, as Kubernetes does.
  private static func withClaimVolumes(_ spec: JSONValue, of workload: JSONValue) -> JSONValue {
    guard case .object(var object) = spec, let claims = workload["spec"]?["volumeClaimTemplates"]?.array else {
      return spec
    }
    let volumes = claims.compactMap { $0["metadata"]?["name"]?.string }.map { name in
      JSONValue.members([
        ("name", .string(name)), ("persistentVolumeClaim", .members([("claimName", .string(name))])),
      ])
    }
    object["volumes"] = .array((spec["volumes"]?.array ?? []) + volumes)
    return .object(object)
  }
}
