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
  /// Where its last component begins, in bytes.
  private let nameStart: Int
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
    (self.image, nameStart) = (image, start)
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

  /// A major version of Postgres that an image's name shows.
  struct PostgresVersion: Equatable {
    let number: Int
    /// Whether it is Postgres's for sure. By its tag, somebody's own image may count something else.
    let isSure: Bool
  }

  /// The version in the name or the tag: `postgresql-15:1` and `timescaledb:2.17-pg15` are 15. Nil where there is none, as in
  /// `latest`, a digest and a commit's hash.
  var postgresVersion: PostgresVersion? {
    if let number = versionInName { return PostgresVersion(number: number, isSure: true) }
    let tag = Self.part(tagPlace, of: image).lowercased()
    if let number = Self.versionBehindMark(in: tag) { return PostgresVersion(number: number, isSure: true) }
    guard Self.numberedAsPostgres.contains(name) else { return nil }
    let isSure = isPublishers
    return Self.version(tag[...], least: isSure ? 7 : 9).map { PostgresVersion(number: $0, isSure: isSure) }
  }

  /// The version behind `pg` where a word begins.
  private static func versionBehindMark(in tag: String) -> Int? {
    var rest = tag.utf8[...]
    while let mark = rest.firstIndex(of: UInt8(ascii: "p")) {
      let isInWord = mark > tag.startIndex && isLetter(tag.utf8[tag.utf8.index(before: mark)])
      rest = rest[mark...].dropFirst()
      guard !isInWord, rest.first == UInt8(ascii: "g") else { continue }
      if let version = version(Substring(rest.dropFirst())) { return version }
    }
    return nil
  }

  /// Whether it is of those who count by their tags as Postgres does, and not a copy or an image of somebody's own.
  private var isPublishers: Bool {
    if !owners.isDisjoint(with: [.bitnami, .kartoza, .sameersbn, .supabase]) { return true }
    var folders = Self.part(0..<nameStart, of: image)
    if let registry = Self.hubs.first(where: folders.hasPrefix) { folders = folders.dropFirst(registry.utf8.count) }
    return Self.publishers.contains { $0 == folders }
  }

  /// Docker Hub, and registries that hold its official images.
  private static let hubs = [
    "docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/", "public.ecr.aws/docker/",
    "mirror.gcr.io/",
  ]
  private static let publishers = ["", "library/", "postgis/", "pgrouting/", "percona/"]

  /// The version in a name such as `postgresql-15`.
  var versionInName: Int? { Self.version(inName: name) }

  /// The version in a name such as `postgresql-15`.
  static func version(inName name: String) -> Int? {
    name.hasPrefix("postgresql-") ? version(name.dropFirst("postgresql-".utf8.count)) : nil
  }

  /// The version that a text begins with. What follows tells it from a commit's hash, such as 13ab12c.
  /// - Parameter least: no lower number is one.
  private static func version(_ text: Substring, least: Int = 9) -> Int? {
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
    let rest = text.utf8.dropFirst(digits.count)
    guard let number = Int(Substring(digits)), rest.first.map(isLetter) != true || isPrerelease(rest) else {
      return nil
    }
    // Red Hat's images of version 9.6 are named postgresql-96.
    if (90...96).contains(number) { return 9 }
    return (least...89).contains(number) ? number : nil
  }

  /// Whether this follows a version that is not released yet: 18beta1.
  private static func isPrerelease(_ rest: Substring.UTF8View) -> Bool {
    ["alpha", "beta", "rc", "devel"].contains { rest.starts(with: $0.utf8) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
