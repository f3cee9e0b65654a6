import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Items that failed while the Pod was ready, and a new Pod on the old data.
@Suite(.blocking) struct KnownFailureTests {
  private let failing = "SELECT 1 / 0 AS word_of_the_script"

  private func declare(_ scripts: [String], in volume: SidecarVolume, _ server: PostgresServer) throws {
    try volume.swap(
      SidecarVolume.spec(scripts: scripts), passwords: ["shop": "sesame"], scripts: scripts,
      adminPassword: server.password)
  }

  /// A new Pod: Postgres is started on the same data, and the status file does not exist.
  private func restart(_ server: PostgresServer, _ sidecar: SidecarProcess, _ volume: SidecarVolume) throws
    -> SidecarProcess
  {
    #expect(sidecar.terminate() == 0)
    server.halt()
    try server.start()
    return try SidecarProcess(volume, port: server.port)
  }

  private func records(_ server: PostgresServer) throws -> [String] {
    let connection = try server.connect()
    let result = try connection.query("SELECT customer || ' ' || item FROM postern.known_failure")
    return (0..<result.rowCount).compactMap { result.value($0, 0) }
  }

  @Test(arguments: PostgresInstallation.all)
  func whatFailedWhileItWasReadyKeepsNoNewPodFromItsUsers(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let volume = try SidecarVolume()
    try declare([], in: volume, server)
    var sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    #expect(try server.connect().query("SELECT to_regclass('postern.known_failure')").value(0, 0) == nil)
    try declare([failing, "SELECT 1"], in: volume, server)
    #expect(sidecar.waitForStatus { $0.outcome == .incomplete && $0.isReady }, "\(sidecar.log)")
    // The script that waits for the failing one is recorded as well.
    #expect(sidecar.wait { (try? records(server).count) == 2 }, "\(sidecar.log)")
    #expect(try records(server).allSatisfy { $0.hasPrefix("acme ") && $0.utf8.count == 5 + 64 })

    for _ in 0..<2 {
      sidecar = try restart(server, sidecar, volume)
      #expect(sidecar.waitForStatus { $0.outcome == .incomplete && $0.isReady }, "\(sidecar.log)")
      #expect(try sidecar.ready() == (0, ""))
    }

    // Items that did not fail before are treated differently.
    #expect(sidecar.terminate() == 0)
    try declare([failing, "SELECT 1", "SELECT 2"], in: volume, server)
    server.halt()
    try server.start()
    sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .incomplete }, "\(sidecar.log)")
    #expect(sidecar.status?.isReady == false)

    try declare(["SELECT 3", "SELECT 1", "SELECT 2"], in: volume, server)
    #expect(sidecar.waitForStatus { $0.outcome == .converged }, "\(sidecar.log)")
    #expect(sidecar.wait { (try? records(server)) == [] }, "\(sidecar.log)")
  }

  @Test(arguments: PostgresInstallation.all)
  func whatAFirstBootCannotDoKeepsEveryLaterPodUnready(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let volume = try SidecarVolume()
    try declare([failing], in: volume, server)
    var sidecar = try SidecarProcess(volume, port: server.port)
    for _ in 0..<2 {
      #expect(sidecar.waitForStatus { $0.outcome == .incomplete }, "\(sidecar.log)")
      #expect(sidecar.status?.isReady == false)
      sidecar = try restart(server, sidecar, volume)
    }
    #expect(try server.connect().query("SELECT to_regclass('postern.known_failure')").value(0, 0) == nil)
  }

  @Test func recordsOfSomebodyElsesAreLeftAlone() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    try declare([], in: volume, server)
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    let connection = try server.connect()
    try connection.execute(
      """
      CREATE ROLE mallory; CREATE TABLE postern.known_failure (customer text, item text);
      ALTER TABLE postern.known_failure OWNER TO mallory
      """)
    try declare([failing], in: volume, server)
    #expect(sidecar.waitForStatus { $0.outcome == .incomplete && $0.isReady }, "\(sidecar.log)")
    #expect(try records(server) == [])
  }

  @Test func customersOfOneServerKeepTheirOwn() throws {
    let bench = try ProvisionerBench(.newest)
    try bench.user("shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute(
      "CREATE TABLE postern.known_failure (customer text, item text, PRIMARY KEY (customer, item));"
        + "INSERT INTO postern.known_failure VALUES ('somebody', 'else')")
    #expect(bench.pass().problems == [])
    #expect(try records(bench.server) == ["somebody else"])
  }
}
