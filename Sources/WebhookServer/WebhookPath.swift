/// Which of the two webhooks a request is for.
package enum WebhookPath: Sendable, Equatable {
  /// `POST /mutate`
  case mutate
  /// `POST /validate`
  case validate
}
