import JSONBytes

/// An object in the output of `inject`.
struct InjectedDocument: Equatable {
  let object: JSONValue
  /// The text in the file, if nothing is changed: with its comments, and the order of its keys.
  let text: String?
  /// Whether the controller would make it.
  let isMade: Bool

  /// An object of the files, changed.
  init(_ object: JSONValue) {
    (self.object, text, isMade) = (object, nil, false)
  }

  /// An object of the files as it is.
  init(_ manifest: Manifest) {
    (object, text, isMade) = (manifest.object, manifest.text, false)
  }

  init(made object: JSONValue, text: String? = nil) {
    (self.object, self.text, isMade) = (object, text, true)
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
