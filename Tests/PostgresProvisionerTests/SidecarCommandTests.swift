import Contract
import DatabaseSpec
import LibPQ
import LogLine
import PostgresProvisioner
import Provisioning
import Synchronization
import TestThreads
import Testing

@Suite(.blocking) struct SidecarCommandTests {
  private static var passes: SidecarPasses {
    SidecarPasses(pass: { _, _, _ in PassReport(outcome: .converged) }, plan: { _, _ in [] })
  }

  private func run(
    _ arguments: String..., environment: [String: String] = [:], passes: SidecarPasses = Self.passes
  ) -> (code: Int32, output: String, errors: String) {
    let output = Mutex("")
    let errors = Mutex("")
    let code = SidecarCommand(
      arguments, passes: passes, environment: { environment[$0] }, output: { text in output.withLock { $0 += text } },
      errorOutput: { text in errors.withLock { $0 += text } }
    ).run()
    return (code, output.withLock { $0 }, errors.withLock { $0 })
  }

  @Test func saysItsVersionAndItsUsage() {
    #expect(run("version").output.wholeMatch(of: #/postern-sidecar \d+\.\d+\.\d+\n/#) != nil)
    #expect(run("help").code == 0)
    #expect(run("help").output.hasPrefix("usage: postern-sidecar run|ready|plan|wait|version|help"))
  }

  @Test(
    arguments: [
      ([], "what is to be done?"), (["go"], "unknown command go"), (["ready", "--fast"], "unknown flag --fast"),
      (["ready", "now"], "unknown flag now"), (["run", "--port"], "--port needs a value"),
      (["run", "--port", "0"], "--port must be a port from 1 to 65535, not \"0\""),
      (["run", "--port=x"], "--port must be a port from 1 to 65535, not \"x\""),
      (["run", "--log-format", "xml"], "--log-format must be text or json, not \"xml\""),
      (["run", "--once=yes"], "--once takes no value"), (["wait"], "wait needs folders, and takes no flags"),
      (["wait", "--once", "/a"], "wait needs folders, and takes no flags"),
    ] as [([String], String)])
  func whatItDoesNotUnderstandEndsWith2AndTheUsage(arguments: [String], message: String) {
    let errors = Mutex("")
    let command = SidecarCommand(
      arguments, passes: Self.passes, environment: { _ in nil }, output: { _ in },
      errorOutput: { text in errors.withLock { $0 += text } })
    #expect(command.run() == 2)
    #expect(errors.withLock { $0 }.hasPrefix("postern-sidecar: \(message)\n\nusage:"))
  }

  @Test func aFlagGoesBeforeItsVariableWhichGoesBeforeTheDefault() throws {
    let environment = [
      "POSTERN_PORT": "5433", "POSTERN_HOST": "db", "POSTERN_LOG_FORMAT": "json", "POSTERN_LOG_LEVEL": "",
    ]
    let configuration = try SidecarConfiguration(flags: ["--port", "5434", "--volume=/v", "--once"]) { environment[$0] }
    var expected = SidecarConfiguration()
    expected.port = 5434
    expected.hosts = ["db"]
    expected.logFormat = .json
    expected.volume = "/v"
    expected.once = true
    #expect(configuration == expected)
    #expect(throws: SidecarConfigurationError.invalid("POSTERN_PORT", "must be a port from 1 to 65535, not \"x\"")) {
      try SidecarConfiguration(flags: []) { $0 == "POSTERN_PORT" ? "x" : nil }
    }
  }

  @Test func readySaysInOneLineWhyItIsNot() {
    let answer = run("ready", environment: ["POSTERN_STATUS_FILE": "/nonexistent/status.json"])
    #expect(answer.code == 1)
    #expect(answer.output == "not ready: the sidecar has not started: there is no /nonexistent/status.json\n")
  }

  @Test func planPrintsWhatWouldBeDoneAndEndsWith3WhereThatIsSomething() throws {
    let volume = try SidecarVolume()
    try volume.swap(InstanceSpec(customer: "acme"), adminPassword: "sesame")
    let passes = SidecarPasses(
      pass: { _, _, _ in PassReport(outcome: .converged) },
      plan: { desired, settings in ["-- \(desired.spec.customer) \(settings)", "SELECT 1"] })
    let answer = run("plan", "--volume", volume.path, passes: passes)
    #expect(answer.code == 3)
    #expect(answer.output == "-- acme postgres@127.0.0.1:5432/postgres (password redacted)\nSELECT 1\n")
    #expect(run("plan", "--volume", volume.path).code == 0)
    #expect(run("plan", "--volume", "/nonexistent").code == 1)
    let refused = SidecarPasses(
      pass: { _, _, _ in PassReport(outcome: .converged) },
      plan: { _, _ throws(PostgresError) in throw PostgresError(kind: .connection, message: "refused") })
    #expect(run("plan", "--volume", volume.path, passes: refused).errors == "postern-sidecar: refused\n")
  }

  @Test(
    arguments: [
      (1, 0, 1000), (1, 255, 800), (2, 0, 2000), (6, 0, 32000), (7, 0, 60000), (500, 0, 60000), (500, 255, 48000),
    ] as [(Int, UInt8, Int)])
  func afterFailuresItWaitsLongerEachTimeUpToAMinute(failures: Int, random: UInt8, milliseconds: Int) {
    #expect(SidecarBackoff.retry(failures: failures, random: random) == milliseconds)
  }

  @Test func whileNobodyListensItLooksEvery10To40MsAndWhilePostgresRefusesEvery10To200() {
    #expect((0..<4).map { SidecarBackoff.ping(attempt: $0, .noResponse) } == [10, 20, 40, 40])
    #expect((0..<7).map { SidecarBackoff.ping(attempt: $0, .rejecting(nil)) } == [10, 20, 40, 80, 160, 200, 200])
  }
}
