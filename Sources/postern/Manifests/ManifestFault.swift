/// Why kubectl would not read a file, and the place. Of the file's content it contains only keys.
struct ManifestFault: Error, Equatable {
  let problem: String
  /// The line in the file, from 1.
  let line: Int
  /// The column in characters, from 1.
  let column: Int
  /// The number of the document in the file, from 1.
  let document: Int
  /// The keys that lead to the place, as far as they are known.
  let path: [KeyPath.Step]

  /// `line 6, column 3, document 1, metadata.labels: the key …`
  var message: String {
    let place = "line \(line), column \(column), document \(document)"
    return (path.isEmpty ? place : "\(place), \(KeyPath.text(path))") + ": \(problem)"
  }

  /// The message about a key that a mapping already has.
  static func repeatedKey(_ key: String) -> String {
    "the key \"\(KeyPath.shown(key))\" stands twice in this mapping, and kubectl would take the last; remove one"
  }
}
