extension String {
  /// The text itself, or as many whole characters from its beginning as there is room for, and `…`.
  /// - Parameter maximumBytes: the most bytes of the result in UTF-8, with those of the `…`.
  package func cut(to maximumBytes: Int) -> String {
    guard utf8.count > maximumBytes else { return self }
    var end = utf8.index(utf8.startIndex, offsetBy: max(0, maximumBytes - 3))
    // Not between the bytes of one scalar.
    while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    return String(decoding: utf8[..<end], as: UTF8.self) + "…"
  }
}
