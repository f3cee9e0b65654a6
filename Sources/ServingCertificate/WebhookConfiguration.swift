import JSONBytes
import TextEncoding

/// The part of a Mutating- or ValidatingWebhookConfiguration that concerns trust.
enum WebhookConfiguration {
  /// A JSON patch (RFC 6902) that gives all webhooks this `caBundle`, if the object still has this version; nil where
  /// all have it.
  static func patch(_ object: JSONValue, caBundle: String) -> JSONValue? {
    let encoded = Base64.encoded(Array(caBundle.utf8))
    let webhooks = object["webhooks"]?.array ?? []
    let wrong = webhooks.indices.filter { webhooks[$0]["clientConfig"]?["caBundle"]?.string != encoded }
    guard !wrong.isEmpty else { return nil }
    // If this is not the present resource version, the API server reports a conflict.
    let version = operation("replace", "/metadata/resourceVersion", object["metadata"]?["resourceVersion"] ?? .null)
    return .array([version] + wrong.map { operation("add", "/webhooks/\($0)/clientConfig/caBundle", .string(encoded)) })
  }

  private static func operation(_ name: String, _ path: String, _ value: JSONValue) -> JSONValue {
    .members([("op", .string(name)), ("path", .string(path)), ("value", value)])
  }
}

/// Spaces out writes of the same field, so that Postern and another writer do not overwrite each other without pause.
/// The first write is immediate, the second waits a second, then two, up to a minute, until nobody has written for five
/// minutes.
struct WriteSpacing {
  private static let first: Duration = .seconds(1)
  private static let maximum: Duration = .seconds(60)
  private static let quiet: Duration = .seconds(300)

  private var last: Duration?
  private var space = Self.first

  /// Whether another writer probably writes it too.
  var isContested: Bool { space > Self.first * 4 }

  /// How long to wait before the next write.
  func rest(at now: Duration) -> Duration {
    guard let last else { return .zero }
    return max(.zero, last + space / 2 - now)
  }

  /// Records a write, or an attempt to write.
  mutating func wrote(at now: Duration) {
    if let last, now - last > Self.quiet { space = Self.first }
    space = min(space * 2, Self.maximum * 2)
    last = now
  }
}
