/// The parts of an image's name (OCI distribution-spec, "Pulling manifests"): registry, folders, name, tag, digest. They
/// are ASCII, so they are found byte by byte.
package struct ImageReference {
  /// The last component of the path, without tag and digest.
  package let name: String
  /// The components before it, and the registry.
  private let folders: Substring
  private let tag: Substring

  package init(_ image: String) {
    let path = image[..<(image.utf8.firstIndex(of: UInt8(ascii: "@")) ?? image.endIndex)]
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    folders = path[..<(slash ?? path.startIndex)]
    let last = slash.map { path[path.utf8.index(after: $0)...] } ?? path
    let colon = last.utf8.firstIndex(of: UInt8(ascii: ":")) ?? last.endIndex
    name = String(last[..<colon])
    tag = Substring(last[colon...].utf8.dropFirst())
  }

  /// Whether a component before the last one begins with this: `bitnami` and `bitnamilegacy`.
  func isFrom(_ owner: String) -> Bool {
    var rest = folders.utf8
    while !rest.isEmpty {
      if rest.starts(with: owner.utf8) { return true }
      guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { break }
      rest = rest[slash...].dropFirst()
    }
    return false
  }

  /// The names of images whose tags begin with Postgres's version. Others count their own: Citus 12 runs Postgres 16.
  private static let numberedAsPostgres: Set = [
    "postgres", "postgresql", "postgis", "pgrouting", "percona-distribution-postgresql",
    "sameersbn-postgresql",
  ]

  /// The major version of Postgres in the name or the tag: `postgresql-15:1` and `timescaledb:2.17-pg15` are 15. Nil
  /// where there is none, as in `latest` and a digest.
  var postgresVersion: Int? {
    if let version = versionInName { return version }
    let tag = tag.lowercased()
    var rest = tag.utf8[...]
    while let mark = rest.firstIndex(of: UInt8(ascii: "p")) {
      rest = rest[mark...].dropFirst()
      if rest.first == UInt8(ascii: "g"), let version = Self.version(Substring(rest.dropFirst())) { return version }
    }
    return Self.numberedAsPostgres.contains(name) ? Self.version(tag[...]) : nil
  }

  /// The version in a name such as `postgresql-15`.
  var versionInName: Int? {
    name.hasPrefix("postgresql-") ? Self.version(name.dropFirst("postgresql-".utf8.count)) : nil
  }

  private static func version(_ text: Substring) -> Int? {
    guard let number = Int(Substring(text.utf8.prefix { (0x30...0x39).contains($0) })) else { return nil }
    // Red Hat's images of version 9.6 are named postgresql-96.
    if (90...96).contains(number) { return 9 }
    return (9...89).contains(number) ? number : nil
  }
}
