import JSONBytes

/// What a container runs when it has started (`lifecycle.postStart`), where that calls the server's programs.
struct StartHook {
  /// For people.
  let place: String
  /// The command, and files of ConfigMaps and Secrets that it names.
  private(set) var scripts: [(place: String, text: String)] = []

  /// Nil where it calls none of them.
  init?(of container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String) {
    place = "postStart of container \(container["name"]?.string ?? "")"
    let words = container["lifecycle"]?["postStart"]?["exec"]?["command"]?.array?.compactMap(\.string) ?? []
    let command = words.map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
    take(command, at: place)
    for path in command.matches(of: MountedSource.path).map({ String($0.output) }) where !path.hasSuffix(".sql") {
      guard let source = MountedSource.all(at: path, in: container, of: pod).first,
        let text = objects.data(of: source.kind, source.object, namespace: namespace)?[source.key]
      else { continue }
      take(text, at: "\(source.object)/\(source.key)")
    }
    guard !scripts.isEmpty else { return nil }
  }

  private mutating func take(_ text: String, at place: String) {
    guard text.contains(/\b(?:psql|createuser|createdb)\b/), !scripts.contains(where: { $0.place == place }) else {
      return
    }
    scripts.append((place, text))
  }
}
