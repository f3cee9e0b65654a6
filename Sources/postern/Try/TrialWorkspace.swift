import FoundationEssentials
import Linux
import PostgresProvisioner
import ThrowawayPostgres

/// The folder of a trial: the certificate, the volumes, the sidecar's status.
struct TrialWorkspace {
  /// The name that the API server would call the webhook by.
  static let serverName = "postern-webhook.postern-system.svc"

  let folder: URL

  init(folder parent: String?) throws(CommandError) {
    let parentURL = parent.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? FileManager.default.temporaryDirectory
    folder = parentURL.appending(path: "postern-try-\(UUID().uuidString.prefix(8))")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try FileManager.default.createDirectory(
        at: folder.appending(path: "status"), withIntermediateDirectories: true)
    } catch {
      throw .refused("cannot write in \(parentURL.path); name another folder with --folder")
    }
  }

  func remove() {
    try? FileManager.default.removeItem(at: folder)
  }

  var statusFile: URL { folder.appending(path: "status/status.json") }

  /// The sidecar's status; nil before it has written one.
  var status: Status? {
    (try? Data(contentsOf: statusFile)).flatMap { Status(decoding: Array($0)) }
  }

  func modification(of file: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    return attributes?[.modificationDate] as? Date
  }

  /// A certificate for ``serverName``, and its key, which never leaves the folder.
  func makeCertificate() throws(CommandError) -> (certificate: String, key: String) {
    let (certificate, key) = (folder.appending(path: "tls.crt").path, folder.appending(path: "tls.key").path)
    var openssl = ChildProgram(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
        "/CN=postern try", "-addext", "subjectAltName=DNS:\(Self.serverName)", "-keyout", key, "-out", certificate,
      ])
    (openssl.output, openssl.errors) = (.collected, .asOutput)
    let answer: ChildAnswer
    do { answer = try openssl.answer() } catch {
      throw .refused("cannot make a certificate: \(error.message) (apt-get install openssl)")
    }
    guard answer.status == 0 else {
      throw .refused("openssl made no certificate, \(answer.end.message): \(answer.text)")
    }
    return (certificate, key)
  }

  /// The Postgres programs in `folder`, or else the newest that are installed.
  static func installation(_ folder: String?) throws(CommandError) -> PostgresInstallation {
    if let folder {
      guard let installation = PostgresInstallation(programs: URL(fileURLWithPath: folder, isDirectory: true)) else {
        throw .refused("\(folder) holds no postgres program that runs; --postgres-bin names the folder of initdb")
      }
      return installation
    }
    guard let newest = PostgresInstallation.all.last else {
      throw .refused(
        "no Postgres server is installed; install one (apt-get install postgresql) or name its programs with"
          + " --postgres-bin")
    }
    return newest
  }
}
