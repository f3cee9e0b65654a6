import JSONBytes

/// One Kubernetes object from a file.
struct Manifest: Equatable {
  /// The file, as it was named; `-` for standard input.
  let file: String
  /// The line that the object begins on, from 1.
  let line: Int
  /// The object.
  let object: JSONValue

  var apiVersion: String { object["apiVersion"]?.string ?? "" }
  var kind: String { object["kind"]?.string ?? "" }
  var name: String { object["metadata"]?["name"]?.string ?? object["metadata"]?["generateName"]?.string ?? "" }
  var namespace: String { object["metadata"]?["namespace"]?.string ?? "default" }

  /// `acme.yaml:12: Deployment acme`
  var place: String { "\(file):\(line): \(kind) \(name)" }
}
