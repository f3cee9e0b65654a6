/// What the webhook answers: an HTTP status and a JSON document, sent as `application/json`.
package struct WebhookReply: Sendable, Equatable {
  /// The HTTP status, 200 to 599 and one that may have a body: 200 for every decision, 400 for what is no review,
  /// 500 for a fault of ours. Anything outside the range is sent as 500.
  package var status: Int
  /// The JSON document, as UTF-8.
  package var body: [UInt8]

  /// A status and a JSON document.
  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}
