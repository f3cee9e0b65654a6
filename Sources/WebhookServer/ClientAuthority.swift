import Linux
import NIOSSL

/// The authorities that may issue clients' certificates, as the bytes of a PEM file.
struct ClientAuthority: Equatable {
  /// More than any bundle of authorities needs.
  private static let maximumBytes = 1 << 20

  private let file: String
  private let bytes: [UInt8]

  /// Reads the file.
  init(file: String) throws(ServerError) {
    self.file = file
    do throws(FileError) {
      bytes = try File.read(file, limit: Self.maximumBytes)
    } catch {
      throw .cannotRead(file: error.path, reason: error.reason)
    }
  }

  /// The certificates in the file, at least one.
  func certificates() throws(ServerError) -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
      throw .notAClientAuthority(file: file)
    }
    return certificates
  }
}
