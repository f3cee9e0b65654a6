import Testing

/// A declaration that is refused, with all of the messages.
struct Refusal: CustomTestStringConvertible, Sendable {
  var annotations: Annotations
  var messages: [String]
  var testDescription: String { messages.first ?? "\(annotations)" }

  init(_ annotations: Annotations, _ messages: String...) {
    self.annotations = annotations
    self.messages = messages
  }

  /// Entries of `postern.io/users` alone.
  static func users(_ yaml: String, _ message: String) -> Self { Self(["users": yaml], message) }

  /// Entries of `postern.io/databases`, beside the one user `shop`.
  static func databases(_ yaml: String, _ message: String) -> Self {
    Self(["users": "shop", "databases": yaml], message)
  }
}
