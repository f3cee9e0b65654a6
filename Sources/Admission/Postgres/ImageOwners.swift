/// Who publishes images that are known, as the components of an image's name before the last one tell.
struct ImageOwners: OptionSet {
  let rawValue: UInt16

  static let bitnami = Self(rawValue: 1 << 0)
  static let kartoza = Self(rawValue: 1 << 1)
  static let sameersbn = Self(rawValue: 1 << 2)
  static let supabase = Self(rawValue: 1 << 3)
  static let redHat = Self(rawValue: 1 << 4)
  static let cloudNativePG = Self(rawValue: 1 << 5)
  static let stackGres = Self(rawValue: 1 << 6)
  static let cybertec = Self(rawValue: 1 << 7)

  init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The owners by whose words a component begins: `bitnami` and `bitnamilegacy`.
  init(_ component: Span<UInt8>) {
    self = []
    guard !component.isEmpty, component[0] < 0x80 else { return }
    for (word, owner) in Self.byLetter[Int(component[0])] {
      let word = word.utf8Span.span
      guard component.count >= word.count else { continue }
      if word.indices.allSatisfy({ component[$0] == word[$0] }) { formUnion(owner) }
    }
  }

  private static let words: [(String, Self)] = [
    ("bitnami", .bitnami), ("kartoza", .kartoza), ("sameersbn", .sameersbn), ("supabase", .supabase),
    // What the owners of images begin with that sclorg/postgresql-container builds: `rhel9`, `centos7`.
    ("sclorg", .redHat), ("rhel", .redHat), ("rhscl", .redHat), ("centos", .redHat), ("fedora", .redHat),
    ("ubi", .redHat), ("openshift", .redHat),
    ("cloudnative-pg", .cloudNativePG), ("enterprisedb", .cloudNativePG), ("docker.enterprisedb.com", .cloudNativePG),
    ("stackgres", .stackGres), ("ongres", .stackGres), ("cybertec-pg-container", .cybertec),
  ]

  /// The words that begin with each ASCII character. An image's name is looked through for every Pod.
  private static let byLetter = (0..<0x80).map { letter in
    words.filter { $0.0.utf8.first.map(Int.init) == letter }
  }
}
