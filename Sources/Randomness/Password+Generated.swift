package import DatabaseSpec

extension Password {
  /// A new password of 32 letters and digits; nil where the system has no randomness.
  package static func generated() -> Password? {
    (try? SecureRandom.password()).flatMap { try? Password($0) }
  }
}
