internal import COpenSSL

/// SHA-256 and functions built on it (FIPS 180-4, RFC 2104, RFC 8018), from libcrypto.
package enum Digest {
  /// The 32 bytes of SHA-256.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe digest.withUnsafeMutableBufferPointer { digest in
        unsafe postern_sha256(bytes.baseAddress, bytes.count, digest.baseAddress)
      }
    }
    return digest
  }

  /// The 32 bytes of HMAC-SHA-256.
  package static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var key = key.count > 64 ? sha256(key) : key
    key.append(contentsOf: repeatElement(0, count: 64 - key.count))
    return sha256(key.map { $0 ^ 0x5C } + sha256(key.map { $0 ^ 0x36 } + message))
  }

  /// One block, 32 bytes, of PBKDF2 with HMAC-SHA-256. `iterations` below 1 count as 1.
  package static func pbkdf2SHA256(password: [UInt8], salt: [UInt8], iterations: UInt32) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: 32)
    unsafe password.withUnsafeBufferPointer { password in
      unsafe salt.withUnsafeBufferPointer { salt in
        unsafe key.withUnsafeMutableBufferPointer { key in
          unsafe postern_pbkdf2_sha256(
            password.baseAddress, password.count, salt.baseAddress, salt.count, iterations, key.baseAddress)
        }
      }
    }
    return key
  }

  /// Whether two secrets are the same, in a time that depends on their lengths alone.
  package static func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        unsafe left.isEmpty || CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }
}
