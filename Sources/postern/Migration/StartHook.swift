import JSONBytes

/// What a container runs when it has started (`lifecycle.postStart`), where that calls the server's programs.
struct StartHook {
  /// For people.
  let place: String
  /// The command, and files of ConfigMaps and Secrets that it names.
  let scripts: [(place: String, text: String)]

  /// Nil where it calls none of them.
  init?(of container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String) {
    place = "postStart of container \(container["name"]?.string ?? "")"
    scripts = ProgramCalls.scripts(
      of: ProgramCalls.hook(of: container), at: place, by: container, in: pod, objects, namespace: namespace)
    guard !scripts.isEmpty else { return nil }
  }
}
