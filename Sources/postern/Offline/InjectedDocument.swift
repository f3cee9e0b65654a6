import JSONBytes

/// An object in the output of `inject`.
struct InjectedDocument: Equatable {
  let object: JSONValue
  /// The text in the file, if nothing is changed: with its comments, and the order of its keys.
  var text: String?

  init(_ object: JSONValue) {
    self.object = object
  }

  init(_ manifest: Manifest) {
    object = manifest.object
    text = manifest.text
  }

  /// All documents, as a file that kubectl reads.
  static func yaml(_ documents: [InjectedDocument]) throws(CommandError) -> String {
    var texts: [String] = []
    for document in documents {
      if let text = document.text { texts.append(text) } else { texts.append(try document.object.yaml()) }
    }
    let text = texts.joined(separator: "---\n")
    // kubectl would read a file that begins with { as JSON.
    return JSONConversion.isJSON(text) ? "---\n" + text : text
  }
}
