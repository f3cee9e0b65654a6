internal import COpenSSL

/// Libcrypto's random generator failed.
package struct RandomError: Error, Equatable, Sendable {
  /// One line for people.
  package var message: String { "the system's random generator is not available" }
}

/// Random values that are suitable for secrets.
package enum SecureRandom {
  /// `count` random bytes.
  package static func bytes(_ count: Int) throws(RandomError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let isFilled = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      unsafe bytes.isEmpty || RAND_bytes(bytes.baseAddress, Int32(clamping: bytes.count)) == 1
    }
    guard isFilled else { throw RandomError() }
    return bytes
  }

  /// A password of 32 letters and digits, all equally likely: 5.95 bits per character. None of them needs quoting in a
  /// URI, a `pgpass` line or a shell.
  package static func password() throws(RandomError) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    // The largest multiple of 62 that fits into a byte. Bytes above it would make some characters more likely, so they
    // are skipped.
    let limit = 256 / alphabet.count * alphabet.count
    let length = 32
    var text: [UInt8] = []
    while text.count < length {
      for byte in try bytes(length) where Int(byte) < limit && text.count < length {
        text.append(alphabet[Int(byte) % alphabet.count])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
