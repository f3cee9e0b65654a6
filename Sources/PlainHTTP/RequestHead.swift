/// The head of an HTTP/1 request (RFC 9112), as far as a server needs it that answers only GET and HEAD.
package struct RequestHead: Equatable, Sendable {
  /// The methods that are answered.
  package enum Method: Equatable, Sendable {
    case get, head
  }

  /// The most bytes in a head, including the empty line at its end.
  package static let maximumBytes = 4096

  /// The request's method.
  package let method: Method
  /// The path, without the query.
  package let path: String
  /// The token after `Authorization: Bearer` (RFC 6750).
  package let token: [UInt8]?

  /// A head with these values.
  package init(method: Method, path: String, token: [UInt8]? = nil) {
    self.method = method
    self.path = path
    self.token = token
  }

  /// The result of reading the bytes that have arrived so far.
  package enum Reading: Equatable, Sendable {
    /// The head is not complete.
    case incomplete
    case complete(RequestHead)
    /// The request gets this answer, whatever bytes follow.
    case refused(PlainResponse.Status)
  }

  /// Reads a head that begins at the first byte.
  package static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = endOfHead(bytes) else {
      return bytes.count < maximumBytes ? .incomplete : .refused(.headTooLarge)
    }
    guard end <= maximumBytes else { return .refused(.headTooLarge) }
    var lines = lines(bytes[..<(end - 4)])[...]
    guard let first = lines.popFirst(), let (method, path, isKnown) = requestLine(first) else {
      return .refused(.badRequest)
    }
    var token: [UInt8]?
    for line in lines {
      guard let (name, value) = field(line) else { return .refused(.badRequest) }
      if isSame(name, "authorization") {
        guard token == nil else { return .refused(.badRequest) }
        token = bearer(value)
      } else if isSame(name, "transfer-encoding") || isSame(name, "content-length") && !value.elementsEqual("0".utf8) {
        // A request with a body is refused, because no body is read.
        return .refused(.badRequest)
      }
    }
    guard isKnown, let method else { return .refused(isKnown ? .methodNotAllowed : .versionNotSupported) }
    return .complete(RequestHead(method: method, path: path, token: token))
  }

  /// The index after the first empty line.
  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 3..<min(bytes.count, maximumBytes + 1)
    where bytes[index] == 0x0A && bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A && bytes[index - 3] == 0x0D {
      return index + 1
    }
    return nil
  }

  /// Each line without its CR LF. A single CR or LF does not end a line, so the line that contains it is refused.
  private static func lines(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    var index = start
    while index < bytes.endIndex {
      if bytes[index] == 0x0D, index + 1 < bytes.endIndex, bytes[index + 1] == 0x0A {
        lines.append(bytes[start..<index])
        index += 2
        start = index
      } else {
        index += 1
      }
    }
    lines.append(bytes[start...])
    return lines
  }

  /// The method, if it is a known one, the path, and whether the version is HTTP/1; nil where it is not a request line.
  private static func requestLine(_ line: ArraySlice<UInt8>) -> (Method?, String, Bool)? {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte), parts[1].first == UInt8(ascii: "/"),
      parts[1].allSatisfy({ (0x21...0x7E).contains($0) }), parts[2].starts(with: "HTTP/".utf8), parts[2].count == 8
    else { return nil }
    let method: Method? =
      parts[0].elementsEqual("GET".utf8) ? .get : parts[0].elementsEqual("HEAD".utf8) ? .head : nil
    let path = parts[1].prefix { $0 != UInt8(ascii: "?") }
    return (method, String(decoding: path, as: UTF8.self), parts[2].dropFirst(5).starts(with: "1.".utf8))
  }

  /// A field's name and value; nil where the line is not a field.
  private static func field(_ line: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
      line[..<colon].allSatisfy(isTokenByte)
    else { return nil }
    var value = line[(colon + 1)...]
    guard value.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
    while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
    return (line[..<colon], value)
  }

  private static func bearer(_ value: ArraySlice<UInt8>) -> [UInt8]? {
    guard let blank = value.firstIndex(of: 0x20), isSame(value[..<blank], "bearer") else { return nil }
    return Array(value[(blank + 1)...].drop { $0 == 0x20 })
  }

  /// RFC 9110, "Tokens".
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// Whether a text equals this one, without regard to case.
  /// - Parameter lowercase: in lower-case ASCII letters.
  private static func isSame(_ text: ArraySlice<UInt8>, _ lowercase: String) -> Bool {
    text.count == lowercase.utf8.count
      && zip(text, lowercase.utf8).allSatisfy { byte, letter in
        byte == letter || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte + 0x20 == letter
      }
  }
}
