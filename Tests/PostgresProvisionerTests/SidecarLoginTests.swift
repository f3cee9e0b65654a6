import DatabaseSpec
import LibPQ
import PostgresProvisioner
import TestThreads
import Testing
import ThrowawayPostgres

/// To whom the sidecar gives the superuser's password, and by which methods.
@Suite(.blocking) struct SidecarLoginTests {
  /// Whether the sidecar under test has a libpq that can refuse a method. What ships must have one.
  private static let canRefuse = SidecarProcess.shipped != nil || Connection.canRefuseAuthentication

  private static let advice =
    "change this connection's line in the server's pg_hba.conf to scram-sha-256, and reload"

  private static let password = "sesame-4711"

  private static func volume() throws -> SidecarVolume {
    let volume = try SidecarVolume()
    try volume.swap(
      SidecarVolume.spec(scripts: ["SELECT 1"]), passwords: ["shop": "sesame"], scripts: ["SELECT 1"],
      adminPassword: password)
    return volume
  }

  /// Gives the superuser ``password``, stored as `encryption` says, and pg_hba.conf these lines.
  private static func authenticate(
    _ server: PostgresServer, encryption: String = "scram-sha-256", _ lines: String...
  ) throws {
    let connection = try server.connect()
    try connection.execute("SET password_encryption = '\(encryption)'; ALTER ROLE postgres PASSWORD '\(password)'")
    let file = try #require(try connection.query("SHOW hba_file").value(0, 0))
    let rows = lines.map { "('\($0)')" }.joined(separator: ", ")
    try connection.execute("COPY (VALUES \(rows)) TO '\(file)'; SELECT pg_reload_conf()")
  }

  @Test(
    arguments: PostgresInstallation.all,
    [("trust", "scram-sha-256"), ("md5", "md5"), ("md5", "scram-sha-256"), ("scram-sha-256", "scram-sha-256")])
  func logsInByWhatDoesNotShowThePassword(
    _ installation: PostgresInstallation, _ login: (method: String, stored: String)
  ) throws {
    // Scripts run as the owner, whose verifier is always SCRAM's.
    let server = try PostgresServer(installation)
    try Self.authenticate(server, encryption: login.stored, "host all all 127.0.0.1/32 \(login.method)")
    let sidecar = try SidecarProcess(try Self.volume(), port: server.port, flags: ["--once"])
    #expect(sidecar.exitCode() == 0, "\(sidecar.log)")
  }

  @Test(.enabled("libpq can refuse") { canRefuse }, arguments: PostgresInstallation.all)
  func aServerThatAsksForThePasswordInClearTextIsRefused(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try Self.authenticate(server, "host all all 127.0.0.1/32 password")
    let sidecar = try SidecarProcess(try Self.volume(), port: server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains(Self.advice) == true }, "\(sidecar.log)")
    #expect(sidecar.log.contains("127.0.0.1"), "\(sidecar.log)")
    #expect(sidecar.log.contains("server requested a cleartext password"), "\(sidecar.log)")
    #expect(!sidecar.log.contains(Self.password))
    #expect(try sidecar.ready().output.contains(Self.advice))
  }

  @Test(.enabled("libpq can refuse") { canRefuse }, arguments: PostgresInstallation.built(with: .tls))
  func noPasswordGoesThroughTLSWithoutACheckOfTheCertificate(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try server.presentCertificate()
    try Self.authenticate(server, "local all all trust", "hostssl all all 127.0.0.1/32 password")
    let sidecar = try SidecarProcess(try Self.volume(), port: server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains(Self.advice) == true }, "\(sidecar.log)")
  }

  @Test(.enabled("libpq can refuse") { canRefuse }, arguments: PostgresInstallation.all)
  func anOwnerWhoIsAskedInClearTextIsRefusedAlone(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try Self.authenticate(
      server, "host all postgres 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 password")
    let sidecar = try SidecarProcess(try Self.volume(), port: server.port, flags: ["--once"])
    #expect(sidecar.exitCode() == 1)
    let line = sidecar.complaints.first { $0.contains("logging in as the owner shop") }
    #expect(line?.contains(Self.advice) == true, "\(sidecar.log)")
  }

  /// A message of the server (PostgreSQL docs §53.7).
  private static func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
    [UInt8(ascii: type), 0, 0, 0, UInt8(body.count + 4)] + body
  }
  private static let clearText = message("R", [0, 0, 0, 3])
  private static let scram = message("R", [0, 0, 0, 10] + "SCRAM-SHA-256".utf8 + [0, 0])

  @Test(
    .enabled("libpq can refuse") { canRefuse },
    arguments: [
      ("clear text", clearText),
      ("clear text after SCRAM", scram + clearText),
      ("GSSAPI", message("R", [0, 0, 0, 7])),
      ("SSPI", message("R", [0, 0, 0, 9])),
      ("a method that there is not", message("R", [0, 0, 0, 99])),
    ])
  func aListenerThatIsNoPostgresGetsNoPassword(_ name: String, _ answer: [UInt8]) throws {
    let rogue = try RogueServer(answer: answer)
    let sidecar = try SidecarProcess(try Self.volume(), port: rogue.port)
    #expect(sidecar.wait { sidecar.status?.message?.contains("cannot log in") == true }, "\(sidecar.log)")
    let received = String(decoding: rogue.received, as: UTF8.self)
    #expect(received.contains("postgres"))
    for word in [Self.password, "sesame"] { #expect(!received.contains(word)) }
    #expect(!sidecar.log.contains(Self.password))
  }

  /// Its words may quote anything, and are in the log alone.
  @Test func theWordsOfAFunctionThatKeepsTheSuperuserOutAreNotTold() throws {
    let fields = [
      "SFATAL", "VFATAL", "C28000", "Mcard 4711 is blocked", "Ddetail 4711", "Hhint 4711",
      "WPL/pgSQL function enter() line 1 at RAISE",
    ]
    let body = Array(fields.joined(separator: "\0").utf8) + [0, 0]
    let rogue = try RogueServer(answer: Self.message("E", body))
    let sidecar = try SidecarProcess(try Self.volume(), port: rogue.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("SQLSTATE 28000") == true }, "\(sidecar.log)")
    #expect(sidecar.waitForStatus { $0.message?.contains("4711") == false })
    #expect(sidecar.log.contains("card 4711 is blocked"))
  }
}
