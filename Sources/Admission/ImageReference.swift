/// The parts of an image's name, `registry:5000/path/name:tag@sha256:…`, that tell what is in it.
struct ImageReference {
  /// The parts of the path, registry and name included.
  let path: [Substring]
  /// The last part.
  let name: String
  /// In lower case; empty where there is none.
  let tag: String

  init(_ image: String) {
    let withoutDigest = image.split(separator: "@", maxSplits: 1).first ?? ""
    path = withoutDigest.split(separator: "/")
    let parts = (path.last ?? "").split(separator: ":", maxSplits: 1)
    name = String(parts.first ?? "")
    tag = parts.count == 2 ? parts[1].lowercased() : ""
  }

  /// Whether a part of the path begins with this: `bitnami` and `bitnamilegacy`.
  func isFrom(_ owner: String) -> Bool { path.dropLast().contains { $0.hasPrefix(owner) } }

  /// The major version of Postgres that name or tag tell: `postgresql-15:1` and `timescaledb:2.17-pg15` are 15. Nil where
  /// they tell none, as `latest` and a digest do.
  var postgresVersion: Int? {
    if name.hasPrefix("postgresql-") { return Self.version(name.dropFirst("postgresql-".utf8.count)) }
    var rest = tag[...]
    while let mark = rest.firstRange(of: "pg") {
      rest = rest[mark.upperBound...]
      if let version = Self.version(rest) { return version }
    }
    return Self.version(tag[...])
  }

  private static func version(_ text: Substring) -> Int? {
    guard let number = Int(text.prefix { $0.isASCII && $0.isNumber }) else { return nil }
    // Red Hat's images of 9.6 are called postgresql-96.
    if (90...96).contains(number) { return 9 }
    return (9...89).contains(number) ? number : nil
  }
}
