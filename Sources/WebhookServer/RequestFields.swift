import NIOHTTP1

/// The header fields that decide how a request is handled, found in one pass.
struct RequestFields {
  /// `Content-Type`, the last one.
  private(set) var contentType: String?
  /// `Content-Length`: nil where there is none, `Int.max` where it does not fit. The decoder has already refused values
  /// that are not numbers, and two that differ.
  private(set) var contentLength: Int?
  /// `Transfer-Encoding: chunked`; the decoder has refused others.
  private(set) var isChunked = false
  /// Whether `Host` is present, which HTTP/1.1 demands (RFC 9112 §3.2).
  private(set) var hasHost = false
  /// `Expect: 100-continue` (RFC 9110 §10.1.1): the client waits for `100 Continue` before it sends the body.
  private(set) var expectsContinue = false
  /// `Upgrade`: after such a request the decoder reads nothing.
  private(set) var asksForUpgrade = false

  init(_ headers: HTTPHeaders) {
    for (name, value) in headers {
      switch name.utf8.count {
      case 4 where name.isToken("host"): hasHost = true
      case 6 where name.isToken("expect"): expectsContinue = value.isToken("100-continue")
      case 7 where name.isToken("upgrade"): asksForUpgrade = true
      case 12 where name.isToken("content-type"): contentType = value
      case 14 where name.isToken("content-length"): contentLength = Int(value) ?? .max
      case 17 where name.isToken("transfer-encoding"): isChunked = true
      default: break
      }
    }
  }

  /// Whether the media type is `application/json`, with any parameters (RFC 9110 §8.3.1).
  var isJSON: Bool {
    guard let bytes = contentType?.utf8 else { return false }
    let mediaType = bytes.prefix { $0 != UInt8(ascii: ";") }
    return Substring(mediaType).trimmingOptionalSpace().utf8Span.span.isToken("application/json")
  }
}

extension String {
  /// Equal without regard to ASCII case; `lowercase` must be in lower case.
  fileprivate func isToken(_ lowercase: String) -> Bool { utf8Span.span.isToken(lowercase) }
}

extension Span<UInt8> {
  /// The same for bytes.
  fileprivate func isToken(_ lowercase: String) -> Bool {
    let wanted = lowercase.utf8Span.span
    guard count == wanted.count else { return false }
    for index in indices {
      let byte = self[index]
      guard byte == wanted[index] || (byte >= 0x41 && byte <= 0x5A && byte | 0x20 == wanted[index]) else {
        return false
      }
    }
    return true
  }
}

extension Substring {
  /// Without spaces and tabs at either end (RFC 9110 §5.6.3).
  fileprivate func trimmingOptionalSpace() -> Substring {
    var rest = utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    while let last = rest.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { rest.removeLast() }
    return Substring(rest)
  }
}
