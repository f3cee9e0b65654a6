/// SASLprep (RFC 4013) as libpq applies it to passwords.
enum SASLprep {
  /// The bytes that a password is hashed as.
  static func prepare(_ password: String) -> [UInt8] {
    Array(password.utf8)
  }
}
