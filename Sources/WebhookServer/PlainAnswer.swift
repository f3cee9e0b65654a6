/// An answer of the server itself, in plain text.
struct PlainAnswer: Equatable {
  let status: Int
  /// One line for people.
  let text: String
  /// One more header field, with its line end.
  let field: String

  init(_ status: Int, _ text: String, field: String = "") {
    self.status = status
    self.text = text
    self.field = field
  }
}
