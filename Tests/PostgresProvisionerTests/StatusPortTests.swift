import Contract
import DatabaseSpec
import Foundation
import JSONBytes
import LibPQ
import Linux
import PostgresProvisioner
import TestThreads
import Testing
import ThrowawayPostgres

/// The sidecar's port, with real servers.
@Suite(.blocking) struct StatusPortTests {
  private static let token = "0123456789abcdef0123456789abcdef"

  private func start(
    _ volume: SidecarVolume, _ server: PostgresServer, isDeclared: Bool = true, scripts: [String] = []
  ) throws -> (SidecarProcess, port: Int) {
    if isDeclared { try declare(scripts, in: volume, server) }
    let port = try FreePort.next()
    let sidecar = try SidecarProcess(volume, port: server.port, flags: ["--status-port", String(port)])
    #expect(sidecar.wait { PortClient(port) != nil }, "\(sidecar.log)")
    return (sidecar, port)
  }

  private func declare(
    _ scripts: [String], in volume: SidecarVolume, _ server: PostgresServer, generation: String = "one"
  ) throws {
    try volume.swap(
      SidecarVolume.spec(scripts: scripts), passwords: ["shop": "sesame"], scripts: scripts,
      adminPassword: server.password,
      others: [VolumeLayout.statusTokenFile: Self.token, VolumeLayout.generationFile: generation])
  }

  private func status(_ port: Int) -> JSONValue? {
    PortClient.get("/status", port: port, token: Self.token).flatMap { try? JSONValue(parsing: Array($0.body.utf8)) }
  }

  @Test(arguments: PostgresInstallation.all)
  func tellsHowThingsStand(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let volume = try SidecarVolume()
    let (sidecar, port) = try start(volume, server)
    #expect(sidecar.wait { PortClient.get("/readyz", port: port)?.code == 200 }, "\(sidecar.log)")
    let spec = try #require(status(port))
    #expect(spec["outcome"]?.string == "converged" && spec["ready"] == .bool(true))
    #expect(spec["triedGeneration"]?.string == "one" && spec["version"]?.string == Release.version)
    #expect(spec["triedSpecHash"]?.string == spec["specHash"]?.string && spec["specHash"] != nil)

    // The server's message quotes a row's value and a script's word.
    let failing = "CREATE TABLE t AS SELECT 'alice@example.com'::text AS mail;\nSELECT mail::int FROM t"
    try declare([failing], in: volume, server, generation: "two")
    #expect(sidecar.wait { status(port)?["outcome"]?.string == "incomplete" }, "\(sidecar.log)")
    let failed = try #require(status(port))
    #expect(failed["ready"] == .bool(true) && failed["triedGeneration"]?.string == "two")
    #expect(failed["triedSpecHash"]?.string != failed["specHash"]?.string)
    let problem = try #require(failed["problems"]?.array?.first)
    #expect(problem["item"]?.string == "script 000 in shop_db" && problem["sqlState"]?.string == "22P02")
    #expect(
      problem["message"]?.string
        == "line 2, column 1: SQLSTATE 22P02, invalid_text_representation; the server's words are in the sidecar's log")
    #expect(sidecar.log.contains("alice@example.com"))
    #expect(PortClient.get("/readyz", port: port)?.code == 200)

    let metrics = try #require(PortClient.get("/metrics", port: port))
    #expect(metrics.code == 200 && metrics.body.contains("\npostern_sidecar_failed_items 1\n"))
    #expect(metrics.body.contains("\npostern_sidecar_outcome{outcome=\"incomplete\"} 1\n"))
    for page in ["/readyz", "/metrics", "/status", "/"] {
      let answers = [PortClient.get(page, port: port), PortClient.get(page, port: port, token: Self.token)]
      for word in ["alice", "mail", "sesame", server.password, Self.token] {
        #expect(!answers.contains { $0?.body.contains(word) == true }, "\(word) in \(page)")
      }
    }
    for word in ["shop", "000", "acme"] { #expect(!metrics.body.contains(word)) }
    #expect(sidecar.terminate() == 0)
  }

  @Test func onlyTheTokenOpensTheWholeStatus() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    let (sidecar, port) = try start(volume, server, isDeclared: false)
    for token in [nil, "", Self.token, String(repeating: "a", count: 3000)] {
      #expect(PortClient.get("/status", port: port, token: token)?.code == 401)
    }
    try declare([], in: volume, server)
    #expect(sidecar.wait { PortClient.get("/status", port: port, token: Self.token)?.code == 200 })
    for token in [nil, "", String(Self.token.dropLast()), Self.token + "0", Self.token.uppercased()] {
      #expect(PortClient.get("/status", port: port, token: token)?.code == 401)
    }
    try volume.swap([VolumeLayout.statusTokenFile: Array("short".utf8)])
    #expect(PortClient.get("/status", port: port, token: "short")?.code == 401)
    #expect(PortClient.get("/other", port: port, token: Self.token)?.code == 404)
  }

  @Test(.enabled(if: File.exists("/proc/net/if_inet6"), "no IPv6")) func bothFamiliesOfAddressesAreHeard() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    let (sidecar, port) = try start(volume, server)
    #expect(PortClient.get("/metrics", port: port, isIPv6: true)?.code == 200)
    #expect(PortClient.get("/metrics", port: port)?.code == 200)
    #expect(sidecar.terminate() == 0)
  }

  @Test func itIsAnsweredWhileAScriptRunsAndWhileAPassWaitsForALock() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    let (sidecar, port) = try start(volume, server, scripts: ["SELECT pg_sleep(600)"])
    #expect(sidecar.wait { status(port)?["running"]?["item"]?.string == "script 000 in shop_db" }, "\(sidecar.log)")
    #expect(PortClient.get("/metrics", port: port)?.body.contains("\npostern_sidecar_script_running 1\n") == true)
    #expect(sidecar.terminate() == 0)

    // A pass that waits for the lock of another pass.
    let other = try server.connect()
    #expect(try other.query("SELECT pg_try_advisory_lock(31649045226775918)").value(0, 0) == "t")
    let (waiting, second) = try start(volume, server)
    #expect(waiting.wait { waiting.log.contains("waiting for another pass") }, "\(waiting.log)")
    for _ in 0..<20 { #expect(PortClient.get("/metrics", port: second)?.code == 200) }
  }

  @Test func theEndOfTheFirstPassIsHeardByWhoeverAsksBeforeIt() throws {
    let server = try PostgresServer(.newest)
    // On a busy machine a first pass may take longer than anybody is let wait.
    let isHeard = try eventually {
      server.halt()
      let (sidecar, port) = try start(try SidecarVolume(), server)
      let early = try #require(PortClient(port))
      early.send("GET /readyz HTTP/1.1\r\n\r\n")
      try server.start()
      guard early.rest()?.hasPrefix("HTTP/1.1 200 OK\r\n") == true else { return false }
      server.halt()
      #expect(sidecar.waitForStatus { !$0.isReady })
      #expect(PortClient.get("/readyz", port: port)?.body == "not ready: waitingForPostgres\n")
      return true
    }
    #expect(isHeard)
  }

  @Test func nobodyWaitsLongerThanTheKubeletDoes() throws {
    let server = try PostgresServer(.newest)
    server.halt()
    let volume = try SidecarVolume()
    let (sidecar, port) = try start(volume, server)
    // The server stays away, so that an answer without a limit would never come.
    #expect(PortClient.get("/readyz", port: port)?.code == 503)
    #expect(SidecarContainer.ReadinessProbe.patience < SidecarContainer.ReadinessProbe.timeout * 1000)
    #expect(sidecar.terminate() == 0)
  }

  @Test func whoeverSendsNothingOrTooMuchKeepsNobodyOut() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    let (sidecar, port) = try start(volume, server)
    #expect(sidecar.wait { PortClient.get("/readyz", port: port)?.code == 200 }, "\(sidecar.log)")
    let silent = (0..<200).compactMap { _ in PortClient(port) }
    #expect(silent.count == 200)
    #expect(PortClient.get("/readyz", port: port)?.code == 200)
    // The oldest connections were closed for new ones; the last ones are closed when their time has passed.
    #expect(silent[0].rest() == "")
    let greedy = try #require(PortClient(port))
    greedy.send("GET / HTTP/1.1\r\na: " + String(repeating: "b", count: 1 << 20))
    #expect(PortClient.get("/readyz", port: port)?.code == 200)
    #expect(silent[199].rest() == "")
    var state: UInt64 = 7
    for _ in 0..<300 {
      let client = try #require(PortClient(port))
      var text = Array("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
      for _ in 0..<4 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text[Int(state >> 33) % text.count] = UInt8(truncatingIfNeeded: state >> 24)
      }
      client.send(String(decoding: text, as: UTF8.self))
    }
    #expect(PortClient.get("/readyz", port: port)?.code == 200)
    #expect(sidecar.status?.isReady == true)
    #expect(sidecar.terminate() == 0)
  }

  @Test func aPortThatIsTakenIsToldOnceAndTakenWhenItIsFree() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    let (first, port) = try start(volume, server)
    let second = try SidecarProcess(volume, port: server.port, flags: ["--status-port=\(port)"])
    #expect(second.waitForStatus(\.isReady), "\(second.log)")
    #expect(second.log.components(separatedBy: "cannot listen").count == 2)
    #expect(second.log.contains("Address already in use") && second.log.contains("postern.io/status-port"))
    #expect(first.terminate() == 0)
    #expect(second.wait { PortClient.get("/readyz", port: port)?.code == 200 }, "\(second.log)")
  }
}
