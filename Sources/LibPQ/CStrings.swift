/// Texts laid out as C strings: one run of bytes, each text ended by a NUL, and the offset at which each begins.
struct CStrings {
  private var bytes: [CChar] = []
  private var starts: [Int?] = []

  /// Copies the texts; nil stands for a null pointer. A text that contains a NUL is refused, because C would cut it
  /// there.
  init(_ texts: [String?]) throws(PostgresError) {
    for text in texts {
      guard let text else {
        starts.append(nil)
        continue
      }
      try Self.check(text)
      starts.append(bytes.count)
      for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
      bytes.append(0)
    }
  }

  /// Refuses a text that C would cut at its first NUL.
  static func check(_ text: String) throws(PostgresError) {
    guard !text.utf8.contains(0) else {
      throw PostgresError(kind: .protocol, message: "a text with a NUL byte cannot be sent to Postgres")
    }
  }

  /// Calls `body` with the pointers, followed by a null pointer.
  func withPointers<Value>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value) -> Value {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      var pointers: [UnsafePointer<CChar>?] = unsafe starts.map { start in
        guard let start, let base = buffer.baseAddress else { return nil }
        return unsafe base + start
      }
      unsafe pointers.append(nil)
      return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
  }
}
