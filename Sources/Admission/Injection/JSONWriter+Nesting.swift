import JSONBytes

extension JSONWriter {
  /// `{`, what `body` writes, `}`.
  mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  /// `[`, what `body` writes, `]`.
  mutating func array(_ body: (inout JSONWriter) -> Void) {
    beginArray()
    body(&self)
    endArray()
  }
}
