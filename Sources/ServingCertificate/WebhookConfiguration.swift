import JSONBytes
import TextEncoding

/// A Mutating- or ValidatingWebhookConfiguration, as far as trust goes.
enum WebhookConfiguration {
  /// The JSON patch (RFC 6902) that gives all webhooks a `caBundle`, where the object is still of this version; nil
  /// where all have it.
  static func patch(_ object: JSONValue, caBundle: String) -> JSONValue? {
    let encoded = Base64.encoded(Array(caBundle.utf8))
    let webhooks = object["webhooks"]?.array ?? []
    let wrong = webhooks.indices.filter { webhooks[$0]["clientConfig"]?["caBundle"]?.string != encoded }
    guard !wrong.isEmpty else { return nil }
    // A resource version that is not the present one makes it a conflict.
    let version = operation("replace", "/metadata/resourceVersion", object["metadata"]?["resourceVersion"] ?? .null)
    return .array([version] + wrong.map { operation("add", "/webhooks/\($0)/clientConfig/caBundle", .string(encoded)) })
  }

  private static func operation(_ name: String, _ path: String, _ value: JSONValue) -> JSONValue {
    var operation = JSONObject()
    operation["op"] = .string(name)
    operation["path"] = .string(path)
    operation["value"] = value
    return .object(operation)
  }
}

/// Waits between writes of the same thing: where somebody else writes it too, the two must not chase each other. The
/// first is at once; then a second goes by, then two, up to a minute, until nobody has written for five minutes.
struct WriteSpacing {
  private static let first: Duration = .seconds(1)
  private static let maximum: Duration = .seconds(60)
  private static let quiet: Duration = .seconds(300)

  private var last: Duration?
  private var space = Self.first

  /// Whether somebody else must write it too.
  var isContested: Bool { space > Self.first * 4 }

  /// How long to wait with the next write.
  func rest(at now: Duration) -> Duration {
    guard let last else { return .zero }
    return max(.zero, last + space / 2 - now)
  }

  /// It was written, or that was tried.
  mutating func wrote(at now: Duration) {
    if let last, now - last > Self.quiet { space = Self.first }
    space = min(space * 2, Self.maximum * 2)
    last = now
  }
}
