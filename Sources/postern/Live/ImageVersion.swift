import Contract

/// The version of Postern in an image's tag.
enum ImageVersion {
  /// Nil where it is this program's, or where the tag is no version.
  static func other(in image: String) -> String? {
    guard let reference = image.split(separator: "@").first, let name = reference.split(separator: "/").last,
      let colon = name.firstIndex(of: ":")
    else { return nil }
    let tag = name[name.index(after: colon)...]
    let version = tag.hasPrefix("v") ? tag.dropFirst() : tag
    let numbers = version.prefix { $0 != "-" && $0 != "+" }.split(separator: ".", omittingEmptySubsequences: false)
    // An API server takes any text for an image's name.
    let isPlain = version.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, numbers.count == 3, numbers.allSatisfy({ Int($0) != nil }), version != Release.version else {
      return nil
    }
    return String(version)
  }
}
