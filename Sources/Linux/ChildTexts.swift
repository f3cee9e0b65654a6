/// Arguments and variables as C reads them: one after another, each ended by a NUL.
struct ChildTexts {
  let argumentCount: Int
  let variableCount: Int
  private let arguments: [CChar]
  private let variables: [CChar]?

  init(_ arguments: [String], _ variables: [String]?) {
    (argumentCount, variableCount) = (arguments.count, variables?.count ?? 0)
    self.arguments = Self.bytes(arguments)
    self.variables = variables.map(Self.bytes)
  }

  /// Calls `body` with both; without variables the second is nil.
  func withPointers<Result>(_ body: (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Result) -> Result {
    unsafe arguments.withUnsafeBufferPointer { arguments in
      guard let variables else { return unsafe body(arguments.baseAddress, nil) }
      return unsafe variables.withUnsafeBufferPointer { unsafe body(arguments.baseAddress, $0.baseAddress) }
    }
  }

  private static func bytes(_ texts: [String]) -> [CChar] {
    var bytes: [CChar] = []
    for text in texts {
      for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
      bytes.append(0)
    }
    // An empty array has no address.
    bytes.append(0)
    return bytes
  }
}
