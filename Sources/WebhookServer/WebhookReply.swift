/// What the webhook answers: an HTTP status and a JSON document, sent as `application/json`.
package struct WebhookReply: Sendable, Equatable {
  /// The HTTP status, 200 to 599, of those that may have a body: 200 for every decision, 400 for a body that is not a
  /// review, 500 for an error of the webhook itself. Anything outside the range is sent as 500.
  package var status: Int
  /// The JSON document, as UTF-8.
  package var body: [UInt8]

  /// A status and a JSON document.
  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}
