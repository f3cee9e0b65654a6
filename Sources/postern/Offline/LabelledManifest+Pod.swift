import JSONBytes

extension LabelledManifest {
  /// The Pod `<name>-0` that Kubernetes would make from the workload's template, with its controller; a bare Pod is returned as it
  /// is.
  static func pod(of workload: JSONValue) -> JSONValue {
    guard let template = workload["spec"]?["template"] else { return workload }
    let name = workload["metadata"]?["name"]?.string ?? "pod"
    var metadata = JSONObject()
    metadata["name"] = .string("\(name)-0")
    metadata["namespace"] = workload["metadata"]?["namespace"]
    metadata["labels"] = template["metadata"]?["labels"]
    metadata["annotations"] = template["metadata"]?["annotations"]
    metadata["ownerReferences"] = .array([
      .members([
        ("apiVersion", .string("apps/v1")),
        ("kind", .string(workload["kind"]?.string == "StatefulSet" ? "StatefulSet" : "ReplicaSet")),
        ("name", .string(name)), ("uid", .string("offline")), ("controller", .bool(true)),
      ])
    ])
    var pod = JSONObject()
    pod["apiVersion"] = .string("v1")
    pod["kind"] = .string("Pod")
    pod["metadata"] = .object(metadata)
    pod["spec"] = template["spec"].map { withClaimVolumes($0, of: workload) }
    return .object(pod)
  }

  /// Adds a StatefulSet's claims as volumes, as Kubernetes does.
  private static func withClaimVolumes(_ spec: JSONValue, of workload: JSONValue) -> JSONValue {
    guard case .object(var object) = spec, let claims = workload["spec"]?["volumeClaimTemplates"]?.array else {
      return spec
    }
    let volumes = claims.compactMap { $0["metadata"]?["name"]?.string }.map { name -> JSONValue in
      var claim = JSONObject()
      claim["claimName"] = .string(name)
      var volume = JSONObject()
      volume["name"] = .string(name)
      volume["persistentVolumeClaim"] = .object(claim)
      return .object(volume)
    }
    object["volumes"] = .array((spec["volumes"]?.array ?? []) + volumes)
    return .object(object)
  }
}
