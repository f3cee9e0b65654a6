import Linux
import NIOCore
import NIOSSL

/// The bytes of a certificate chain and of its private key, with the names that errors use for them.
struct CertificatePair: Equatable {
  /// More than any certificate chain needs.
  private static let maximumBytes = 1 << 20

  let certificateName: String
  let keyName: String
  private let certificateBytes: [UInt8]
  private let keyBytes: [UInt8]

  /// Reads two files, one after the other.
  init(certificateFile: String, privateKeyFile: String) throws(ServerError) {
    certificateName = certificateFile
    keyName = privateKeyFile
    do throws(FileError) {
      certificateBytes = try File.read(certificateFile, limit: Self.maximumBytes)
      keyBytes = try File.read(privateKeyFile, limit: Self.maximumBytes)
    } catch {
      throw .cannotRead(file: error.path, reason: error.reason)
    }
  }

  /// Takes both from memory.
  init(certificateChain: [UInt8], privateKey: [UInt8]) {
    certificateName = "tls.crt"
    keyName = "tls.key"
    certificateBytes = certificateChain
    keyBytes = privateKey
  }

  /// Makes a TLS context that serves this pair. First it checks that clients can use the pair: both parts parse, they
  /// belong together, and the certificate has not expired.
  /// - Parameter clientAuthorities: one of them must have issued the client's certificate; nil: clients need no
  ///   certificate.
  func usable(
    clientAuthorities: [NIOSSLCertificate]?, now: Int
  ) throws(ServerError) -> TLSMaterial.Usable {
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificateBytes), let own = chain.first else {
      throw .notACertificate(file: certificateName)
    }
    guard let key = try? NIOSSLPrivateKey(bytes: keyBytes, format: .pem) else {
      throw .notAPrivateKey(file: keyName)
    }
    guard own.notValidAfter > now else {
      throw .certificateExpired(file: certificateName, at: own.notValidAfter)
    }
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    tls.minimumTLSVersion = .tlsv12
    // HTTP/2 would cost more, and the API server does not use it for webhooks.
    tls.applicationProtocols = ["http/1.1"]
    // A connection that is closed does not wait for the client's part of the shutdown (`ConnectionHandler.close`). But
    // swift-nio-ssl keeps its memory until this timer fires, and there can be hundreds in a second.
    tls.shutdownTimeout = .milliseconds(100)
    if let clientAuthorities {
      tls.trustRoots = .certificates(clientAuthorities)
      tls.certificateVerification = .noHostnameVerification
    }
    do {
      return TLSMaterial.Usable(context: try NIOSSLContext(configuration: tls), expiry: own.notValidAfter)
    } catch NIOSSLError.failedToLoadPrivateKey {
      // The key parses, but BoringSSL compares its public key with the certificate's when the key is set.
      throw .keyMismatch(certificateFile: certificateName, privateKeyFile: keyName)
    } catch {
      throw .unusableCertificate(file: certificateName, reason: "\(error)")
    }
  }
}
