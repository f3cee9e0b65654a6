/// A value in an annotation's YAML, without tags, with aliases resolved, and with its place.
struct YAMLNode {
  indirect enum Content {
    /// An empty value, `~` or `null`.
    case null
    /// A scalar's text, and whether it is written without quotes.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Member])
  }

  struct Member {
    var key: String
    /// The place of the key.
    var place: Place
    var value: YAMLNode
  }

  var content: Content
  var place: Place

  /// The kind of value, for messages. It never contains the text, which may be a password.
  var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
