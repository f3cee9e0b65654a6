/// Which of the two webhooks a request is for.
public enum WebhookPath: Sendable, Equatable {
  /// `POST /mutate`
  case mutate
  /// `POST /validate`
  case validate
}
