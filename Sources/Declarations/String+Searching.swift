extension String {
  /// Whether a text of ASCII occurs in this one, compared byte by byte. `contains(_:)` compares characters, which took
  /// three hundred thousand instructions a review.
  package func contains(ascii text: String) -> Bool {
    let (bytes, part) = (utf8Span.span, text.utf8Span.span)
    guard !part.isEmpty, bytes.count >= part.count else { return part.isEmpty }
    let first = part[0]
    for start in 0...(bytes.count - part.count) where bytes[start] == first {
      var length = 1
      while length < part.count, bytes[start + length] == part[length] { length += 1 }
      if length == part.count { return true }
    }
    return false
  }

  /// Whether it holds what envsubst, Flux, Terraform or a template's engine fills in: `${NAME}`, `{{ .Values.name }}`.
  package var hasPlaceholder: Bool { contains(ascii: "${") || contains(ascii: "{{") }

  /// Without white space at either end; nil where there is nothing else.
  package var trimmed: String? {
    guard let first = unicodeScalars.firstIndex(where: { !$0.isWhiteSpace }),
      let last = unicodeScalars.lastIndex(where: { !$0.isWhiteSpace })
    else { return nil }
    return String(unicodeScalars[first...last])
  }
}

extension UInt8 {
  /// Whether it is a letter or a digit of ASCII, `_` or `-`.
  package var isOfName: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension Unicode.Scalar {
  /// General category Cc, which no version of Unicode changes (Unicode Standard, 23.1).
  var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }

  /// Whether nobody sees it, or sees a space, though it is none. Only other scalars than ASCII are.
  var isInvisible: Bool {
    switch properties.generalCategory {
    case .format, .lineSeparator, .paragraphSeparator: true
    case .spaceSeparator: self != " "
    default: false
    }
  }

  /// The property `White_Space`. For ASCII it needs no table.
  package var isWhiteSpace: Bool {
    isASCII ? self == " " || (0x09...0x0D).contains(value) : properties.isWhitespace
  }
}
