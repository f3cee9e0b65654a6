import Admission
import Contract
import JSONBytes

/// Postgres's port where an object of the files has it: a review sees no value that a variable takes from an object, and no
/// file.
enum UnseenPort {
  /// What is wrong with the port that is taken; nil where it is right, or is set by an annotation.
  static func warning(
    of pod: JSONValue, _ image: PostgresImage, _ objects: LocalObjects, namespace: String
  ) -> String? {
    guard pod["metadata"]?["annotations"]?[AnnotationKey.port] == nil,
      let container = pod.podContainer(image.container),
      let (source, port) = fileOfSettings(of: container, in: pod, image, objects, namespace)
        ?? variable(of: container, in: pod, image, objects, namespace), port != image.port
    else { return nil }
    // No word of a Secret is shown.
    return
      "by \(source) of the files' objects, Postgres's port is another one than \(image.port), which is taken: set \(AnnotationKey.port) on the Pod"
  }

  /// What a file says goes before variables.
  private static func fileOfSettings(
    of container: JSONValue, in pod: JSONValue, _ image: PostgresImage, _ objects: LocalObjects, _ namespace: String
  ) -> (source: String, port: Int)? {
    guard let path = image.portFile,
      let source = MountedSource.all(at: path, in: container, of: pod).first,
      let bytes = objects.data(of: source.kind, source.object, namespace: namespace)?[source.key]
    else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
    let ports = lines.compactMap { $0.prefixMatch(of: /\s*port\s*=?\s*'?([0-9]+)/.ignoresCase())?.output.1 }
    return ports.last.flatMap { Int($0) }.map { (source.key, $0) }
  }

  private static func variable(
    of container: JSONValue, in pod: JSONValue, _ image: PostgresImage, _ objects: LocalObjects, _ namespace: String
  ) -> (source: String, port: Int)? {
    let environment = LocalVariables(pod: pod, objects: objects, namespace: namespace).environment(of: container)
    for name in image.portVariables {
      guard let value = environment[name] else { continue }
      return PostgresImage(pod: pod.adding(name, value, to: image.container)).map { (name, $0.port) }
    }
    return nil
  }
}

extension JSONValue {
  /// The Pod with one more variable of a container.
  fileprivate func adding(_ variable: String, _ value: String, to name: String) -> JSONValue {
    for list in ["initContainers", "containers"] {
      let containers = self["spec"]?[list]?.array ?? []
      guard let index = containers.firstIndex(where: { $0["name"]?.string == name }),
        case .object(var container) = containers[index]
      else { continue }
      let added = JSONValue.members([("name", .string(variable)), ("value", .string(value))])
      container["env"] = .array((container["env"]?.array ?? []) + [added])
      return replacing([.key("spec"), .key(list), .index(index)], by: .object(container))
    }
    return self
  }
}
