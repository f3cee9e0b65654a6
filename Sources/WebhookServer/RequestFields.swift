import NIOHTTP1

/// The header fields that decide what becomes of a request, found in one pass.
struct RequestFields {
  /// `Content-Type`, the last one.
  private(set) var contentType: String?
  /// `Content-Length`: nil where there is none, `Int.max` where it is beyond counting. The decoder has refused what is
  /// no number, and two that differ.
  private(set) var contentLength: Int?
  /// `Transfer-Encoding: chunked`; the decoder has refused others.
  private(set) var isChunked = false
  /// `Host` is there, as HTTP/1.1 demands (RFC 9112 §3.2).
  private(set) var hasHost = false
  /// `Expect: 100-continue` (RFC 9110 §10.1.1): the client waits for word before it sends the body.
  private(set) var expectsContinue = false
  /// `Upgrade`: the decoder reads nothing after such a request.
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

  /// The media type is `application/json`, whatever its parameters (RFC 9110 §8.3.1).
  var isJSON: Bool {
    guard let contentType else { return false }
    let mediaType = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
    return Substring(mediaType).trimmingOptionalSpace().isToken("application/json")
  }
}

extension StringProtocol {
  /// Equal without regard to ASCII case; `lowercase` must be in lower case.
  func isToken(_ lowercase: String) -> Bool {
    utf8.elementsEqual(lowercase.utf8) { byte, wanted in
      byte == wanted || (byte >= 0x41 && byte <= 0x5A && byte | 0x20 == wanted)
    }
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
