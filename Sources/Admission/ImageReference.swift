/// The parts of an image's name, `registry:5000/path/name:tag@sha256:…`, that show what it contains.
struct ImageReference {
  /// The components of the path, with the registry and the name.
  let path: [Substring]
  /// The last component.
  let name: String
  /// The tag in lower case; empty where there is none.
  let tag: String

  init(_ image: String) {
    let withoutDigest = image.split(separator: "@", maxSplits: 1).first ?? ""
    path = withoutDigest.split(separator: "/")
    let parts = (path.last ?? "").split(separator: ":", maxSplits: 1)
    name = String(parts.first ?? "")
    tag = parts.count == 2 ? parts[1].lowercased() : ""
  }

  /// Whether a component of the path begins with this: `bitnami` and `bitnamilegacy`.
  func isFrom(_ owner: String) -> Bool { path.dropLast().contains { $0.hasPrefix(owner) } }

  /// The major version of Postgres in the name or the tag: `postgresql-15:1` and `timescaledb:2.17-pg15` are 15. Nil
  /// where there is none, as in `latest` and a digest.
  var postgresVersion: Int? {
    if name.hasPrefix("postgresql-") { return Self.version(name.dropFirst("postgresql-".utf8.count)) }
    var rest = tag[...]
    while let mark = rest.firstIndex(ofASCII: "pg") {
      rest = rest[rest.utf8.index(mark, offsetBy: 2)...]
      if let version = Self.version(rest) { return version }
    }
    return Self.version(tag[...])
  }

  private static func version(_ text: Substring) -> Int? {
    guard let number = Int(text.prefix { $0.isASCII && $0.isNumber }) else { return nil }
    // Red Hat's images of version 9.6 are named postgresql-96.
    if (90...96).contains(number) { return 9 }
    return (9...89).contains(number) ? number : nil
  }
}
