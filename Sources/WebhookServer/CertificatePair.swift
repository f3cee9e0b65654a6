import Linux
import NIOCore
import NIOSSL

/// The bytes of the certificate file and of the key file, as they were read one after the other.
struct CertificatePair: Equatable {
  /// More than any certificate chain needs.
  private static let maximumBytes = 1 << 20

  private let certificateBytes: [UInt8]
  private let keyBytes: [UInt8]

  init(reading configuration: ServerConfiguration) throws(ServerError) {
    do throws(FileError) {
      certificateBytes = try File.read(configuration.certificateFile, limit: Self.maximumBytes)
      keyBytes = try File.read(configuration.privateKeyFile, limit: Self.maximumBytes)
    } catch {
      throw .cannotRead(file: error.path, reason: error.reason)
    }
  }

  /// A TLS context that serves a pair, and when its certificate expires, in seconds since 1970.
  struct Usable {
    let context: NIOSSLContext
    let expiry: Int
  }

  /// A TLS context that serves this pair, once it is known that clients can use it: both parse, they belong
  /// together, and the certificate has not expired.
  func usable(_ configuration: ServerConfiguration, now: Int) throws(ServerError) -> Usable {
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificateBytes), let own = chain.first else {
      throw .notACertificate(file: configuration.certificateFile)
    }
    guard let key = try? NIOSSLPrivateKey(bytes: keyBytes, format: .pem) else {
      throw .notAPrivateKey(file: configuration.privateKeyFile)
    }
    guard own.notValidAfter > now else {
      throw .certificateExpired(file: configuration.certificateFile, at: own.notValidAfter)
    }
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    tls.minimumTLSVersion = .tlsv12
    // HTTP/2 would cost more, and the API server does not use it for webhooks.
    tls.applicationProtocols = ["http/1.1"]
    tls.shutdownTimeout = TimeAmount(configuration.lingerTime)
    do {
      return Usable(context: try NIOSSLContext(configuration: tls), expiry: own.notValidAfter)
    } catch NIOSSLError.failedToLoadPrivateKey {
      // It parses, but BoringSSL compares its public key with the certificate's when it is set.
      throw .keyMismatch(
        certificateFile: configuration.certificateFile, privateKeyFile: configuration.privateKeyFile)
    } catch {
      throw .unusableCertificate(file: configuration.certificateFile, reason: "\(error)")
    }
  }
}
