/// The parts of an image's name, `registry:5000/path/name:tag@sha256:…`, that show what it contains.
struct ImageReference {
  /// The components of the path, with the registry and the name.
  let path: [Substring]
  /// The last component.
  let name: String
  /// The tag in lower case; empty where there is none.
  let tag: String

  init(_ image: String) {
    let withoutDigest = Self.split(image[...], at: "@", maximum: 1).first ?? ""
    path = Self.split(withoutDigest, at: "/")
    let parts = Self.split(path.last ?? "", at: ":", maximum: 1)
    name = String(parts.first ?? "")
    tag = parts.count == 2 ? parts[1].lowercased() : ""
  }

  /// Whether a component of the path begins with this: `bitnami` and `bitnamilegacy`.
  func isFrom(_ owner: String) -> Bool { path.dropLast().contains { $0.utf8.starts(with: owner.utf8) } }

  /// An image's name is ASCII (OCI distribution-spec, "Pulling manifests"), and bytes are split faster than characters.
  private static func split(_ text: Substring, at separator: Unicode.Scalar, maximum: Int = .max) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: separator), maxSplits: maximum).map(Substring.init)
  }

  /// The major version of Postgres in the name or the tag: `postgresql-15:1` and `timescaledb:2.17-pg15` are 15. Nil
  /// where there is none, as in `latest` and a digest.
  var postgresVersion: Int? {
    if name.hasPrefix("postgresql-") { return Self.version(name.dropFirst("postgresql-".utf8.count)) }
    var rest = tag.utf8[...]
    while let mark = rest.firstIndex(of: UInt8(ascii: "p")) {
      rest = rest[mark...].dropFirst()
      if rest.first == UInt8(ascii: "g"), let version = Self.version(Substring(rest.dropFirst())) { return version }
    }
    return Self.version(tag[...])
  }

  private static func version(_ text: Substring) -> Int? {
    guard let number = Int(Substring(text.utf8.prefix { (0x30...0x39).contains($0) })) else { return nil }
    // Red Hat's images of version 9.6 are named postgresql-96.
    if (90...96).contains(number) { return 9 }
    return (9...89).contains(number) ? number : nil
  }
}
