/// A value of an annotation's YAML, tags dropped and aliases resolved, with its place.
struct YAMLNode {
  indirect enum Content {
    /// Nothing, `~` or `null`.
    case null
    /// A scalar's text; whether it stands there without quotes.
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

  /// What it is, for messages. Never its text: it may be a password.
  var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
