import Contract
import JSONBytes

extension Migration {
  /// A workload with a sidecar that makes users of a flat file by psql, or whose Postgres makes a user or a database by its
  /// variables, or by scripts for an empty data folder. Nil where it has none of these.
  init?(workload manifest: Manifest, _ objects: MigratedObjects) {
    self.init(source: "\(manifest.kind) \(manifest.name)", customer: manifest.name, namespace: manifest.ownNamespace)
    let pod = manifest.kind == "Pod" ? manifest.object : manifest.object["spec"]?["template"] ?? .null
    var isFound = false
    /// Containers that are to be taken out.
    var flatFiles: [JSONValue] = []
    // Init containers that end are no servers: some wait for one.
    let natives = pod["spec"]?["initContainers"]?.array?.filter { $0["restartPolicy"]?.string == "Always" }
    for container in (natives ?? []) + (pod["spec"]?["containers"]?.array ?? []) {
      if takeFlatFile(of: container, in: pod, objects, namespace: manifest.namespace) { flatFiles.append(container) }
      if takeServer(of: container, in: pod, objects, namespace: manifest.namespace) { isFound = true }
    }
    guard isFound || !flatFiles.isEmpty else { return nil }
    let callers = ProgramCalls.unread(in: pod, objects, namespace: manifest.namespace)
    remarkCalls(by: callers.filter { !flatFiles.contains($0) }.map { Self.caller($0) })
    if manifest.kind == "Deployment", manifest.object["spec"]?["strategy"]?["type"]?.string != "Recreate",
      pod["spec"]?["volumes"]?.array?.contains(where: { $0["persistentVolumeClaim"] != nil || $0["hostPath"] != nil })
        == true
    {
      remark(
        "a Deployment on a persistent volume needs strategy: {type: Recreate}, so that no two Postgres share the volume"
      )
    }
  }

  // MARK: A flat file of users

  private mutating func takeFlatFile(
    of container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String
  ) -> Bool {
    let scripts = mounted(.configMap, by: container, in: pod).flatMap { object, _ in
      (objects.data(of: .configMap, object, namespace: namespace) ?? [:]).values
    }
    let words = (container["command"]?.array ?? []) + (container["args"]?.array ?? [])
    let text = (scripts + words.compactMap(\.string)).joined(separator: "\n")
    guard text.contains("psql"), text.contains(/\b(?:read|readarray|mapfile)\b/) else { return false }
    for match in text.matches(of: MountedSource.path) {
      for source in MountedSource.all(at: String(match.output), in: container, of: pod) where source.kind == .secret {
        let content = objects.data(of: .secret, source.object, namespace: namespace)?[source.key]
        guard content.map(Self.isFlatFile) ?? source.key.contains("users") else { continue }
        settings = [(AnnotationKey.usersFrom, "\(source.object)/\(source.key)")]
        remark(
          "container \(container["name"]?.string ?? "") does what Postern does: take it out, with the volume of its scripts"
        )
        remark("each line's user owns the database USER_db, as before; a user whose line goes is locked")
        return true
      }
    }
    return false
  }

  /// Whether each line that says something is `user:password`. URIs and the lines of a password file of libpq's are none.
  private static func isFlatFile(_ text: String) -> Bool {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
    return !lines.isEmpty && lines.allSatisfy { $0.wholeMatch(of: /[^:\s]+:(?!\/\/).+/) != nil }
      && !lines.allSatisfy { $0.wholeMatch(of: /[^:]+:(?:\d+|\*):[^:]+:[^:]+:.+/) != nil }
  }

  /// The objects of a kind that a container has whole as folders, and where.
  private func mounted(
    _ kind: MountedSource.Kind, by container: JSONValue, in pod: JSONValue
  ) -> [(object: String, path: String)] {
    (container["volumeMounts"]?.array ?? []).flatMap { mount -> [(object: String, path: String)] in
      let volume = pod["spec"]?["volumes"]?.array?.first { $0["name"] == mount["name"] }
      let sources = [volume].compactMap(\.self) + (volume?["projected"]?["sources"]?.array ?? [])
      return sources.compactMap { source in
        let name =
          kind == .configMap
          ? source["configMap"]?["name"] : source["secret"]?["secretName"] ?? source["secret"]?["name"]
        return name?.string.map { ($0, mount["mountPath"]?.string ?? "") }
      }
    }
  }
}
