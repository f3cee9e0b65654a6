import FoundationEssentials

/// What `initdb` is told of the data that it makes.
package struct InitialData: Equatable, Sendable {
  package static let superuser = "postgres"
  package static let password = "superuser's password"
  package static let hostAuthentication = "scram-sha-256"

  var superuser = Self.superuser
  var password = Self.password
  var hostAuthentication = Self.hostAuthentication

  /// Makes the folder `data` in a folder.
  func make(in folder: URL, _ installation: PostgresInstallation) throws {
    let passwordFile = folder.appending(path: "password")
    try Data("\(password)\n".utf8).write(to: passwordFile)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: passwordFile.path)
    try installation.run(
      "initdb",
      [
        "--pgdata", folder.appending(path: "data").path, "--username", superuser, "--pwfile", passwordFile.path,
        "--auth-local", "trust", "--auth-host", hostAuthentication, "--encoding", "UTF8", "--locale", "C", "--no-sync",
      ])
  }
}
