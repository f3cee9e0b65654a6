/// Why kubectl would not read a file, and where. It holds nothing of what the file says but keys.
struct ManifestFault: Error, Equatable {
  let problem: String
  /// From 1, in the file.
  let line: Int
  /// From 1, in characters.
  let column: Int
  /// Which document of the file, from 1.
  let document: Int
  /// The keys that lead there, as far as they are known.
  let path: [KeyPath.Step]

  /// `line 6, column 3, document 1, metadata.labels: the key …`
  var message: String {
    let place = "line \(line), column \(column), document \(document)"
    return (path.isEmpty ? place : "\(place), \(KeyPath.text(path))") + ": \(problem)"
  }

  /// What is wrong with a key that a mapping has already.
  static func repeatedKey(_ key: String) -> String {
    "the key \"\(KeyPath.shown(key))\" stands twice in this mapping, and kubectl would take the last; remove one"
  }
}
