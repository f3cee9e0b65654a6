import Contract
import DatabaseSpec
import Foundation
import LibPQ
import Linux
import PostgresProvisioner
import Provisioning
import Synchronization
import TestThreads
import Testing
import ThrowawayPostgres

/// The program behaves as its sources say, however it was built.
@Suite(.blocking) struct SidecarProgramTests {
  /// The answer of the same sources when they run in the test process.
  private func answer(_ arguments: [String]) -> SidecarProcess.Answer {
    let output = Mutex("")
    let errors = Mutex("")
    let command = SidecarCommand(
      arguments, passes: .provisioner(), environment: { _ in nil }, output: { text in output.withLock { $0 += text } },
      errorOutput: { text in errors.withLock { $0 += text } })
    let code = command.run()
    return SidecarProcess.Answer(code: code, output: output.withLock { $0 }, errors: errors.withLock { $0 })
  }

  @Test(
    arguments: [
      [], ["help"], ["--help"], ["version"], ["--version"], ["gó"], ["ready", "--fast"], ["ready", "--once=yes"],
      ["run", "--port"], ["run", "--port", "0"], ["run", "--port=65536"], ["run", "--port", "٣"], ["run", ""],
      ["run", "--log-format", "xml"], ["run", "--log-level=Info"],
      ["ready", "--status-file", "/nonexistent/status.json"], ["ready", "--status-file", "/proc/self/mem"],
      ["ready", "--status-file", "/dev/null"], ["plan", "--volume", "/nonexistent"], ["plan", "--volume", "/dev/null"],
    ] as [[String]])
  func answersToACommandLine(arguments: [String]) throws {
    #expect(try SidecarProcess.answer(arguments) == answer(arguments))
  }

  /// What a later controller has written changes nothing, whatever it says; and what it wrote before goes on.
  @Test(arguments: PostgresInstallation.all)
  func aSpecOfALaterVersionChangesNothingAndTheNextThatItReadsIsApplied(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    let volume = try bench.volume()
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .converged })
    let roles = "SELECT string_agg(rolname || rolcanlogin, ' ' ORDER BY rolname) FROM pg_roles"
    let before = try bench.value(roles)
    func swap(_ version: String) throws {
      let spec = String(decoding: bench.desired.spec.encoded(), as: UTF8.self)
      try volume.swap([
        VolumeLayout.specFile: Array(spec.replacing(#""postern.io/v1""#, with: #""\#(version)""#).utf8),
        VolumeLayout.passwordsFile: PasswordsFile(passwords: bench.desired.passwords).encoded(),
        VolumeLayout.adminPasswordFile: Array(bench.server.password.utf8),
      ])
    }
    try bench.remove("shop")
    bench.desired.spec.databases = []
    try bench.user("other")
    try swap("postern.io/v1.3")
    #expect(sidecar.waitForStatus { $0.message?.contains("this sidecar reads") == true })
    #expect(try bench.value(roles) == before)
    // Postgres goes on to be ready: what was declared before holds.
    #expect(try sidecar.ready().code == 0)
    try swap("postern.io/v1")
    #expect(sidecar.waitForStatus { $0.outcome == .converged && $0.message == nil }, "\(sidecar.log)")
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop'") == "f")
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'other'") == "t")
  }

  @Test(
    arguments: [
      "{", "{}", "[1, 2", "\"\\ud800", "{\"apiVersion\": \"postern.io/v2\"}", "{\"apiVersion\": \"postern.io/v1\"}",
      #"{"apiVersion": "postern.io/v1", "customer": "a", "users": {}}"#,
      #"{"apiVersion": "postern.io/v1", "customer": "a", "users": [{"name": ""}]}"#,
      #"{"apiVersion": "postern.io/v1", "customer": "a", "users": [{"name": "u\u0000"}]}"#,
      #"{"apiVersion": "postern.io/v1", "customer": "a", "users": [{"name": "é", "connectionLimit": 1e3}]}"#,
      #"{"apiVersion": "postern.io/v1", "customer": "a", "databases": [{"name": "d"}]}"#,
      #"{"apiVersion": "postern.io/v1", "customer": "a", "removedUsers": "burn"}"#,
      #"{"apiVersion": "postern.io/v1", "customer": "a", "users": [{"name": "u"}]}"#,
    ])
  func answersToASpecThatItCannotGoBy(spec: String) throws {
    let volume = try SidecarVolume()
    try volume.swap([VolumeLayout.specFile: Array(spec.utf8)])
    let arguments = ["plan", "--volume", volume.path]
    #expect(try SidecarProcess.answer(arguments) == answer(arguments))
  }

  @Test(
    arguments: [
      "{}", #"{"apiVersion": "postern.io/v1", "users": {"\ud83d\ude00": ""}}"#,
      #"{"apiVersion": "postern.io/v1", "users": {"shop": "a\u0000b"}}"#,
      #"{"apiVersion": "postern.io/v1", "users": {"shop": 5}}"#,
    ])
  func answersToPasswordsThatItCannotGoBy(passwords: String) throws {
    let volume = try SidecarVolume()
    try volume.swap([
      VolumeLayout.specFile: SidecarVolume.spec().encoded(), VolumeLayout.passwordsFile: Array(passwords.utf8),
    ])
    let arguments = ["plan", "--volume", volume.path]
    #expect(try SidecarProcess.answer(arguments) == answer(arguments))
  }

  /// Names and values of every kind, and items that fail: an extension that no server has, and a script with an error.
  private func declaration() throws -> (spec: InstanceSpec, passwords: [String: String], scripts: [String]) {
    let users = ["shop", "Zoë \"the\" $1", "ユーザー😀", "e\u{301}"]
    let names = try users.map { try PostgresName($0) }
    let (orders, archive) = (try PostgresName("orders"), try PostgresName("Ärchiv's"))
    let scripts = ["CREATE TABLE t (a text DEFAULT 'ä'); SELECT 1 / 0", "CREATE TABLE u ();\n\\copy u from 'x'"]
    var spec = InstanceSpec(customer: "acme")
    spec.users = [
      User(name: names[0], connectionLimit: 5, validUntil: Expiry("2031-01-01T00:00:00Z")),
      User(name: names[1], grants: [Grant(database: orders, level: .read)], memberOf: [try PostgresName("pg_monitor")]),
      User(name: names[2], grants: [Grant(database: archive, level: .write)]), User(name: names[3]),
      User(name: try PostgresName("gone"), ensure: .absent),
    ]
    spec.databases = [
      Database(
        name: orders, owner: names[0], extensions: [Extension(name: try PostgresName("no_such_extension"))],
        schemas: [Schema(name: try PostgresName("Sch\"éma"), owner: names[1])],
        scripts: zip(["001", "002"], scripts).map { name, text in
          Script(
            name: name, content: .file(name: SidecarVolume.file(of: text), sha256: SidecarVolume.sha256(text)))
        }),
      Database(name: archive, owner: names[2], encoding: "UTF8", locale: "C", connectionLimit: 3),
    ]
    let passwords = [
      "sesame", "p\u{AD}ass\u{2168}wörd\u{A0}x", "\u{1F600}'\\\"$$", String(repeating: "1234567890", count: 100),
    ]
    return (spec, Dictionary(uniqueKeysWithValues: zip(users, passwords)), scripts)
  }

  @Test(arguments: PostgresInstallation.all)
  func plansTheSame(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer.shared(installation)
    let volume = try SidecarVolume()
    let (spec, passwords, scripts) = try declaration()
    try volume.swap(spec, passwords: passwords, scripts: scripts, adminPassword: server.password)
    let arguments = ["plan", "--volume", volume.path, "--port", String(server.port)]
    let expected = answer(arguments)
    #expect(expected.code == 3)
    #expect(try SidecarProcess.answer(arguments) == expected)
    try volume.swap(spec, passwords: passwords, scripts: scripts, adminPassword: "wrong")
    #expect(try SidecarProcess.answer(arguments) == answer(arguments))
    let nobody = ["plan", "--volume", volume.path, "--port", "1"]
    #expect(try SidecarProcess.answer(nobody) == answer(nobody))
  }

  /// What a program logs in two runs on a new server, without times and the port, and what `ready` then prints.
  private func log(
    _ program: URL, _ installation: PostgresInstallation, _ volume: SidecarVolume
  ) throws -> [String] {
    let (spec, passwords, scripts) = try declaration()
    let server = try PostgresServer(installation)
    try volume.swap(spec, passwords: passwords, scripts: scripts, adminPassword: server.password)
    let statusFile = "\(volume.path)/status.json"
    var log: [String] = []
    for format in ["text", "json"] {
      let arguments = [
        "run", "--once", "--volume", volume.path, "--port", String(server.port), "--status-file", statusFile,
        "--log-level", "debug", "--log-format", format,
      ]
      let answer = try SidecarProcess.answer(arguments, program: program)
      #expect(answer.code == 1)
      for line in answer.errors.split(separator: "\n") {
        let timeless = line.dropFirst(format == "json" ? #"{"time":"2026-11-21T10:00:00.000Z""#.count : 24)
        log.append(timeless.replacingOccurrences(of: String(server.port), with: "PORT"))
      }
    }
    log.append(try SidecarProcess.answer(["ready", "--status-file", statusFile], program: program).output)
    // Whatever characters it contains, the password that works is the one that was stored.
    for (user, database) in [(spec.users[0], "orders"), (spec.users[1], "orders"), (spec.users[2], "Ärchiv's")] {
      let name = user.name.text
      let settings = server.settings(user: name, password: passwords[name], database: database)
      #expect(try Connection(settings).query("SELECT 1").rowCount == 1)
    }
    return log
  }

  @Test(
    .enabled("this is about the build that ships") { SidecarProcess.shipped != nil },
    arguments: PostgresInstallation.all)
  func doesAndLogsWhatTheOrdinaryBuildDoesAndLogs(_ installation: PostgresInstallation) throws {
    let volume = try SidecarVolume()
    // Databases are created two at a time, so their order may differ.
    let shipped = try log(try #require(SidecarProcess.shipped), installation, volume).sorted()
    let ordinary = try log(SidecarProcess.builtWithTests, installation, volume).sorted()
    #expect(shipped.count > 20)
    #expect(Array(Set(shipped).symmetricDifference(ordinary)).sorted() == [])
    #expect(shipped == ordinary)
  }
}
