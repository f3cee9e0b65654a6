/// What a connection service file can hold (PostgreSQL docs §34.17; PostgreSQL src: `parseServiceFile`). It has no quoting.
package enum ServiceFile {
  /// libpq refuses the whole file for a line of as many bytes, its end among them.
  private static let tooLong = 1023

  /// Whether a service can have this name. One with a `]` could be taken for another's.
  package static func canName(_ service: String) -> Bool {
    !service.utf8.contains(UInt8(ascii: "]")) && !service.utf8.contains(UInt8(ascii: "\n"))
      && service.utf8.count + "[]\n".utf8.count < tooLong
  }

  /// Whether a value survives at the end of its line, where white space is cut off.
  package static func canHold(_ name: String, _ value: String) -> Bool {
    guard let first = value.utf8.first, let last = value.utf8.last else { return false }
    let space = Array(" \t\u{0B}\u{0C}\r\n".utf8)
    return !space.contains(first) && !space.contains(last) && !value.utf8.contains(UInt8(ascii: "\n"))
      && name.utf8.count + value.utf8.count + "=\n".utf8.count < tooLong
  }
}
