import JSONBytes

/// An object of what `inject` prints.
struct InjectedDocument: Equatable {
  let object: JSONValue
  /// How it was written in the file, where nothing is changed: with its comments, and the order of its keys.
  var text: String?

  init(_ object: JSONValue) {
    self.object = object
  }

  init(_ manifest: Manifest) {
    object = manifest.object
    text = manifest.text
  }

  /// All of them, as files that kubectl reads.
  static func yaml(_ documents: [InjectedDocument]) throws(CommandError) -> String {
    var texts: [String] = []
    for document in documents {
      if let text = document.text { texts.append(text) } else { texts.append(try document.object.yaml()) }
    }
    let text = texts.joined(separator: "---\n")
    // What begins with { would be JSON to kubectl.
    return JSONConversion.isJSON(text) ? "---\n" + text : text
  }
}
