import Contract
import JSONBytes

/// One Kubernetes object from a file.
struct Manifest: Equatable {
  /// The file, as it was named; `-` for standard input.
  let file: String
  /// The line that the object begins on, from 1.
  let line: Int
  /// The object.
  var object: JSONValue
  /// The places of values that are not text, by their path in the object.
  var places: [String: ValuePlace] = [:]
  /// The document as it is written, with the comments above it; nil where the object is an item of a list, or JSON.
  var text: String?

  var apiVersion: String { object["apiVersion"]?.string ?? "" }
  var kind: String { object["kind"]?.string ?? "" }
  var name: String { object["metadata"]?["name"]?.string ?? object["metadata"]?["generateName"]?.string ?? "" }
  /// The namespace in the object itself.
  var ownNamespace: String? { object["metadata"]?["namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 } }
  var namespace: String { ownNamespace ?? "default" }

  /// `acme.yaml:12: Deployment acme`
  var place: String { "\(file):\(line): \(kind) \(name)" }

  /// The group of its API, such as `apps`; empty for the core group.
  var group: String { apiVersion.split(separator: "/").dropLast().joined(separator: "/") }
}

extension JSONValue {
  /// Whether an object has the label of what Postern makes, or may take over.
  var isPosterns: Bool { self["metadata"]?["labels"]?[ObjectLabel.managedBy]?.string == ObjectLabel.manager }
}
