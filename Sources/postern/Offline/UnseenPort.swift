import Admission
import Contract
import JSONBytes

/// Postgres's port where an object of the files has it: a review sees no value that a variable takes from an object.
enum UnseenPort {
  /// What is wrong with the port that is taken; nil where it is right, or is set by an annotation.
  static func warning(
    of pod: JSONValue, _ image: PostgresImage, _ objects: LocalObjects, namespace: String
  ) -> String? {
    guard pod["metadata"]?["annotations"]?[AnnotationKey.port] == nil,
      let container = pod.podContainers.first(where: { $0["name"]?.string == image.container })
    else { return nil }
    let environment = LocalVariables(pod: pod, objects: objects, namespace: namespace).environment(of: container)
    for name in image.portVariables {
      guard let value = environment[name] else { continue }
      let told = PostgresImage(pod: pod.adding(name, value, to: image.container))
      guard let told, told.port != image.port else { return nil }
      // No word of a Secret is shown.
      return
        "by \(name) of the files' objects, Postgres's port is another one than \(image.port), which is taken: set \(AnnotationKey.port) on the Pod"
    }
    return nil
  }
}

extension JSONValue {
  /// The Pod with one more variable of a container.
  fileprivate func adding(_ variable: String, _ value: String, to name: String) -> JSONValue {
    guard case .object(var pod) = self, case .object(var spec)? = pod["spec"] else { return self }
    for list in ["initContainers", "containers"] {
      spec[list] = spec[list]?.array.map { containers in
        .array(
          containers.map { container in
            guard case .object(var object) = container, container["name"]?.string == name else { return container }
            let added = JSONValue.members([("name", .string(variable)), ("value", .string(value))])
            object["env"] = .array((container["env"]?.array ?? []) + [added])
            return .object(object)
          })
      }
    }
    pod["spec"] = .object(spec)
    return .object(pod)
  }
}
