import DatabaseSpec
import FoundationEssentials
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Linux
import Testing

/// How the sidecar logs in, or reports why it cannot.
@Suite(.blocking) struct LoopbackTests {
  /// Replaces pg_hba.conf by these lines.
  private static func authenticate(_ server: PostgresServer, _ lines: String...) throws {
    let connection = try server.connect()
    let file = try #require(try connection.query("SHOW hba_file").value(0, 0))
    let rows = lines.map { "('\($0)')" }.joined(separator: ", ")
    try connection.execute("COPY (VALUES \(rows)) TO '\(file)'; SELECT pg_reload_conf()")
  }

  private static func volume(_ server: PostgresServer) throws -> SidecarVolume {
    let volume = try SidecarVolume()
    try volume.swap(
      SidecarVolume.spec(scripts: ["SELECT 1"]), passwords: ["shop": "sesame"], scripts: ["SELECT 1"],
      adminPassword: server.password)
    return volume
  }

  @Test(arguments: PostgresInstallation.built(with: .tls))
  func aServerThatInsistsOnTLSIsLoggedInToByTLS(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try server.presentCertificate()
    try Self.authenticate(
      server, "local all all trust", "hostssl all all 127.0.0.1/32 scram-sha-256")
    let sidecar = try SidecarProcess(try Self.volume(server), port: server.port, flags: ["--once"])
    #expect(sidecar.exitCode() == 0, "\(sidecar.log)")
    // A wrong password is reported as such, though without TLS the server says that pg_hba.conf has no matching line.
    let volume = try SidecarVolume()
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "sesame"], adminPassword: "wrong-4711")
    let wrong = try SidecarProcess(volume, port: server.port, flags: ["--once"])
    #expect(wrong.exitCode() == 1)
    #expect(wrong.log.contains("[28P01]; the admin Secret must hold"), "\(wrong.log)")
  }

  /// A password file that the sidecar's user may not read is not needed where loopback trusts. Here it is a folder, which
  /// nobody can read.
  @Test(arguments: PostgresInstallation.all)
  func aPasswordThatCannotBeReadIsToldAndDoneWithout(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let volume = try SidecarVolume()
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "sesame"], others: ["admin/password/x": ""])
    let asked = try SidecarProcess(volume, port: server.port, flags: ["--once"])
    #expect(asked.exitCode() == 1)
    #expect(asked.log.contains("cannot read the superuser's password: "), "\(asked.log)")
    try Self.authenticate(server, "local all all trust", "host all all 127.0.0.1/32 trust")
    let trusted = try SidecarProcess(volume, port: server.port, flags: ["--once"])
    #expect(trusted.exitCode() == 0, "\(trusted.log)")
    #expect(trusted.log.contains("it is not used, and loopback lets in without it"), "\(trusted.log)")
  }

  @Test(arguments: PostgresInstallation.all)
  func theHintIsByWhatTheServerSaid(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try Self.authenticate(server, "local all all trust", "host all nobody 127.0.0.1/32 trust")
    let sidecar = try SidecarProcess(try Self.volume(server), port: server.port)
    let line = "pg_hba.conf needs a line that lets it in, such as: host all postgres 127.0.0.1/32 scram-sha-256"
    #expect(sidecar.waitForStatus { $0.message?.contains(line) == true }, "\(sidecar.log)")
    #expect(sidecar.status?.message?.contains("admin Secret") == false)
  }

  @Test func aServerThatListensOnItsSocketOnlyIsToldAtOnce() throws {
    let server = try PostgresServer(.newest)
    server.halt()
    try server.start(onSocketAlone: true)
    let sidecar = try SidecarProcess(try Self.volume(server), port: server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("only: an image does so for its first boot") == true })
    #expect(try sidecar.ready().output.contains("listen_addresses must have localhost"))
  }
}

extension PostgresServer {
  /// Gives the server a certificate of its own making, which it uses from its next reload on.
  func presentCertificate() throws {
    let connection = try connect()
    try connection.execute(
      """
      COPY (SELECT '') TO PROGRAM 'openssl req -new -x509 -days 2 -nodes -subj /CN=pg -newkey rsa:2048 \
      -keyout server.key -out server.crt 2>&1 && chmod 600 server.key'
      """)
    try connection.execute("ALTER SYSTEM SET ssl = on")
  }
}

extension PostgresInstallation {
  /// What not every build of a server has.
  enum Feature {
    case tls, icu, contrib
  }

  /// The installations that were built with a feature, by their `pg_config`. From 16 on, ICU is left out only on request.
  static func built(with feature: Feature) -> [PostgresInstallation] {
    all.filter { installation in
      switch feature {
      case .tls: installation.configured("--configure").contains("openssl")
      case .icu:
        installation.majorVersion < 16
          ? installation.configured("--configure").contains("--with-icu")
          : !installation.configured("--configure").contains("--without-icu")
      case .contrib: File.exists("\(installation.configured("--sharedir"))/extension/citext.control")
      }
    }
  }

  private func configured(_ option: String) -> String {
    var configuration = ChildProgram(programs.appending(path: "pg_config").path, [option])
    configuration.output = .collected
    return String((try? configuration.answer().text)?.split(separator: "\n").first ?? "")
  }
}
