/// Warnings in the form that the API server accepts: no control characters, at most 120 characters each and 4096 in all
/// (Kubernetes docs, Dynamic Admission Control, "Response").
struct Warnings {
  static let maximumLength = 120
  static let maximumTotal = 4096
  private static let prefix = "postern: "

  private(set) var texts: [String] = []

  /// Messages beyond the total are left out. The last warning says how many.
  /// - Parameter isLimited: whether an API server reads them.
  init(_ messages: [String], isLimited: Bool) {
    guard isLimited else {
      texts = messages.map { Self.cut(Self.prefix + $0, to: .max) }
      return
    }
    var total = 0
    for (index, message) in messages.enumerated() {
      let text = Self.cut(Self.prefix + message, to: Self.maximumLength)
      let rest = Self.prefix + "\(messages.count - index) more"
      let isLast = index == messages.count - 1
      guard total + text.unicodeScalars.count + (isLast ? 0 : rest.utf8.count) <= Self.maximumTotal else {
        texts.append(rest)
        return
      }
      total += text.unicodeScalars.count
      texts.append(text)
    }
  }

  private static func cut(_ text: String, to length: Int) -> String {
    var scalars = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      count += 1
      guard count <= length else {
        scalars.removeLast()
        scalars.append("…")
        break
      }
      scalars.append(isControl(scalar) ? " " : scalar)
    }
    return String(scalars)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
