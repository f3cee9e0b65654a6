public import Foundation
import Linux

/// A throwaway certificate authority in a folder of its own, made with the `openssl` program: ECDSA P-256, for
/// `localhost`, `127.0.0.1` and the webhook's Service.
public final class Certificates: Sendable {
  /// A certificate and its key, as two PEM files.
  public struct Pair: Sendable {
    /// The certificate alone, without the authority's.
    public let certificateFile: String
    /// Its key, without a passphrase.
    public let privateKeyFile: String

    /// The two files, wherever they are.
    public init(certificateFile: String, privateKeyFile: String) {
      self.certificateFile = certificateFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// How long a certificate is valid.
  public enum Validity: Sendable {
    /// From now on for two days.
    case current
    /// One day in 2020.
    case expired
  }

  /// Why the `openssl` program made no certificate: its command line and what it said.
  public struct Failure: Error, CustomStringConvertible {
    /// The command line and standard error.
    public let description: String
  }

  /// Where everything is; removed with this object.
  public let folder: URL
  /// The authority's own certificate, for clients to trust.
  public var authorityFile: String { path("ca.pem") }

  /// Makes the folder, the authority's key and its certificate.
  public init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "postern-certificates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try openssl(
      [
        "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=Postern test CA", "-keyout", path("ca.key"), "-out", path("ca.pem"),
      ])
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// Issues a certificate for servers and clients, with a new key and a random serial number. Names must differ from each other.
  public func issue(_ name: String, _ validity: Validity = .current) throws -> Pair {
    try Data(configuration(database: path("\(name).index")).utf8).write(to: folder.appending(path: "\(name).cnf"))
    try Data().write(to: folder.appending(path: "\(name).index"))
    try openssl(
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
        "-keyout", path("\(name).key"), "-out", path("\(name).csr"),
      ])
    let dates =
      switch validity {
      case .current: ["-days", "2"]
      case .expired: ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"]
      }
    try openssl(
      [
        "ca", "-batch", "-notext", "-config", path("\(name).cnf"), "-cert", path("ca.pem"), "-keyfile",
        path("ca.key"), "-in", path("\(name).csr"), "-out", path("\(name).pem"),
      ] + dates)
    return Pair(certificateFile: path("\(name).pem"), privateKeyFile: path("\(name).key"))
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func configuration(database: String) -> String {
    """
    [ca]
    default_ca = authority
    [authority]
    database = \(database)
    new_certs_dir = \(folder.path)
    rand_serial = yes
    default_md = sha256
    policy = policy
    x509_extensions = server
    [policy]
    commonName = supplied
    [server]
    basicConstraints = critical, CA:FALSE
    keyUsage = critical, digitalSignature
    extendedKeyUsage = serverAuth, clientAuth
    subjectAltName = DNS:localhost, IP:127.0.0.1, DNS:postern-webhook.postern-system.svc

    """
  }

  private func openssl(_ arguments: [String]) throws {
    var openssl = ChildProgram("openssl", arguments)
    (openssl.output, openssl.errors) = (.nothing, .collected)
    let answer = try openssl.answer()
    guard answer.status == 0 else {
      throw Failure(description: "openssl \(arguments.joined(separator: " ")): \(answer.errorText)")
    }
  }
}
