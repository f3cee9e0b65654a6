import JSONBytes

/// Where containers call the server's programs: psql, `createuser` and `createdb`.
enum ProgramCalls {
  /// A command that calls one of them, and files of ConfigMaps and Secrets that it names and that do.
  /// - Parameter place: of the command, for people.
  static func scripts(
    of words: [String], at place: String, by container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects,
    namespace: String
  ) -> [(place: String, text: String)] {
    let command = words.map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
    var scripts = [(place: place, text: command)]
    for path in command.matches(of: MountedSource.path).map({ String($0.output) }) where !path.hasSuffix(".sql") {
      guard let source = MountedSource.all(at: path, in: container, of: pod).first,
        let text = objects.data(of: source.kind, source.object, namespace: namespace)?[source.key]
      else { continue }
      let file = "\(source.object)/\(source.key)"
      if !scripts.contains(where: { $0.place == file }) { scripts.append((file, text)) }
    }
    return scripts.filter { $0.text.contains(/(?:^|[^\w-])(?:psql|createuser|createdb)(?:[^\w-]|$)/) }
  }

  /// The command of `lifecycle.postStart`.
  static func hook(of container: JSONValue) -> [String] {
    container["lifecycle"]?["postStart"]?["exec"]?["command"]?.array?.compactMap(\.string) ?? []
  }

  /// The containers of a Pod that call one of them otherwise than in a hook of Postgres's, which is read.
  static func unread(in pod: JSONValue, _ objects: MigratedObjects, namespace: String) -> [JSONValue] {
    pod.podContainers.filter { container in
      let command = [container["command"], container["args"]].flatMap { $0?.array ?? [] }.compactMap(\.string)
      let words = command + (InitEnvironment.isPostgres(container) ? [] : hook(of: container))
      return !scripts(of: words, at: "", by: container, in: pod, objects, namespace: namespace).isEmpty
    }
  }
}
