/// What became of a program that has run to its end.
package struct ChildAnswer: Sendable {
  package let end: ChildEnd
  /// What it wrote, where it is collected.
  package let output: [UInt8]
  package let errors: [UInt8]
  /// Whether it did not end in time, and was made to.
  package let wasLate: Bool

  package var status: Int32 { end.status }
  package var text: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
}
