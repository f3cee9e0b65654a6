package import Declarations

/// The parts of an image's name (OCI distribution-spec, "Pulling manifests"): registry, folders, name, tag, digest. They
/// are ASCII, so they are found byte by byte.
package struct ImageReference {
  /// The last component of the path, without tag and digest.
  package let name: String
  /// By the components before it, and the registry.
  let owners: ImageOwners
  /// The family by the image's name; nil where the name does not show it.
  package let family: ImageFamily?
  private let image: String
  /// Where its tag is, in bytes.
  private let tagPlace: Range<Int>

  package init(_ image: String) {
    let bytes = image.utf8Span.span
    var owners: ImageOwners = []
    // The component that is being read, and the first colon in it.
    var (start, colon): (Int, Int?) = (0, nil)
    var end = 0
    while end < bytes.count, bytes[end] != UInt8(ascii: "@") {
      if bytes[end] == UInt8(ascii: "/") {
        owners.formUnion(ImageOwners(bytes.extracting(start..<end)))
        (start, colon) = (end + 1, nil)
      }
      if bytes[end] == UInt8(ascii: ":"), colon == nil { colon = end }
      end += 1
    }
    self.image = image
    self.owners = owners
    name = String(Self.part(start..<(colon ?? end), of: image))
    family = ImageFamily(ofImage: name, by: owners)
    tagPlace = (colon.map { $0 + 1 } ?? end)..<end
  }

  private static func part(_ range: Range<Int>, of image: String) -> Substring {
    let start = image.utf8.index(image.startIndex, offsetBy: range.lowerBound)
    return image[start..<image.utf8.index(start, offsetBy: range.count)]
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
    let tag = Self.part(tagPlace, of: image).lowercased()
    var rest = tag.utf8[...]
    while let mark = rest.firstIndex(of: UInt8(ascii: "p")) {
      rest = rest[mark...].dropFirst()
      if rest.first == UInt8(ascii: "g"), let version = Self.version(Substring(rest.dropFirst())) { return version }
    }
    return Self.numberedAsPostgres.contains(name) ? Self.version(tag[...]) : nil
  }

  /// The version in a name such as `postgresql-15`.
  var versionInName: Int? { Self.version(inName: name) }

  /// The version in a name such as `postgresql-15`.
  static func version(inName name: String) -> Int? {
    name.hasPrefix("postgresql-") ? version(name.dropFirst("postgresql-".utf8.count)) : nil
  }

  private static func version(_ text: Substring) -> Int? {
    guard let number = Int(Substring(text.utf8.prefix { (0x30...0x39).contains($0) })) else { return nil }
    // Red Hat's images of version 9.6 are named postgresql-96.
    if (90...96).contains(number) { return 9 }
    return (9...89).contains(number) ? number : nil
  }
}
