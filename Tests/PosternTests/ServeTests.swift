import Contract
import Admission
import ArgumentParser
import Foundation
import FoundationNetworking
import JSONBytes
import LogLine
import NIOCore
import NIOPosix
import PostgresProvisioner
import Synchronization
import TestSupport
import TestThreads
import Testing

@testable import postern

/// `postern serve`, called over TLS as the API server calls it.
@Suite(.blocking) struct ServeTests {
  static let reviews = Program.package.appending(path: "Tests/AdmissionTests/Fixtures/reviews")

  private func serve(_ certificates: Certificates, drain: Int = 0) throws -> (server: RunningProgram, port: Int) {
    let pair = try certificates.issue("server")
    let server = try RunningProgram([
      "serve", "--no-controller", "--port", "0", "--metrics-port", "0", "--drain-seconds", String(drain),
      "--tls-cert-file", pair.certificateFile, "--tls-private-key-file", pair.privateKeyFile,
    ])
    try server.waitFor("port") { $0.contains("serving") }
    let port = try #require(server.output.firstMatch(of: /\bport=(\d+)/).flatMap { Int($0.1) })
    return (server, port)
  }

  @Test func answersEveryRealReviewAndEndsCleanly() async throws {
    let certificates = try Certificates()
    let (server, port) = try serve(certificates)
    let client = try WebhookClient(
      host: "127.0.0.1", port: port, serverName: "localhost", trusting: certificates.authorityFile)
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.reviews.path).sorted()
    #expect(files.count == 23)
    for file in files {
      let review = Array(try Data(contentsOf: Self.reviews.appending(path: file)))
      let uid = try JSONValue(parsing: review)["request"]?["uid"]
      for path in [AdmissionPath.mutate, .validate] {
        let answer = try JSONValue(parsing: try await client.post(review, to: path))
        #expect(answer["apiVersion"] == .string("admission.k8s.io/v1"), "\(file) \(path)")
        #expect(answer["response"]?["uid"] == uid, "\(file) \(path)")
        #expect((answer["response"]?["patch"] == nil) == (answer["response"]?["patchType"] == nil), "\(file)")
        if path == .validate { #expect(answer["response"]?["patch"] == nil, "\(file)") }
      }
    }
    let metrics = try await get("metrics", of: server).text
    let series = #"postern_admission_reviews_total{path="mutate",kind="Pod",operation="CREATE",decision="patched"} "#
    #expect(metrics.contains(series))
    #expect(metrics.contains("postern_admission_duration_seconds_count 46\n"))
    #expect(metrics.contains("postern_build_info{version=\"\(Release.version)\"} 1\n"))
    #expect(server.terminate() == 0)
    #expect(server.output.contains("decision=patched"))
    #expect(!server.output.contains("inline-secret"))
  }

  @Test func whatOnlyTheStartHasReadIsGivenBack() async throws {
    let (server, port) = try serve(try Certificates())
    func resident() throws -> (now: Int, most: Int) {
      let status = try String(contentsOfFile: "/proc/\(server.processIdentifier)/status", encoding: .utf8)
      func kibibytes(_ key: String) throws -> Int {
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(key) })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
      }
      return (try kibibytes("VmRSS:"), try kibibytes("VmHWM:"))
    }
    #expect(try await eventually { try resident().now < resident().most - 4096 })
    #expect(port > 0)
    #expect(server.terminate() == 0)
  }

  /// Sends a GET to the port for scrapers and probes.
  private func get(_ path: String, of server: RunningProgram) async throws -> (status: Int?, text: String) {
    let port = try #require(server.output.firstMatch(of: /metrics=(\d+)/).flatMap { Int($0.1) })
    let url = try #require(URL(string: "http://127.0.0.1:\(port)/\(path)"))
    let (body, response) = try await URLSession.shared.data(from: url)
    return ((response as? HTTPURLResponse)?.statusCode, String(decoding: body, as: UTF8.self))
  }

  /// Answers are sent before the log lines are written, and the lines of one turn of the event loop are written at
  /// once.
  @Test func linesAreWrittenBehindTheAnswersTogether() async throws {
    let review = Array(try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")))
    let record = try answer(review, at: .mutate, settings: AdmissionSettings()).record
    let written = Mutex<[String]>([])
    let log = ReviewLog(format: .text, isWanted: true) { bytes in
      written.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
    }
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let before = try await eventLoop.submit {
      log.write(record, at: .mutate)
      log.write(record, at: .validate)
      return written.withLock { $0.count }
    }.get()
    #expect(before == 0)
    try await eventLoop.submit {}.get()
    let lines = written.withLock { $0 }
    #expect(lines.count == 1)
    #expect(lines.joined().matches(of: /path=(mutate|validate)/).map(\.1) == ["mutate", "validate"])
    log.write(record, at: .mutate)
    #expect(written.withLock { $0.count } == 2)

    written.withLock { $0 = [] }
    try await eventLoop.submit { for _ in 0..<100 { log.write(record, at: .mutate) } }.get()
    try await eventLoop.submit {}.get()
    let many = written.withLock { $0 }
    #expect(many.allSatisfy { $0.utf8.count <= 4096 && $0.hasSuffix("\n") })
    #expect(many.joined().split(separator: "\n").count == 100)
    #expect(many.count < 10)
  }

  @Test func aReviewIsALineOfLevelInfo() throws {
    let review = Array(try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")))
    let record = try answer(review, at: .mutate, settings: AdmissionSettings()).record
    let written = Mutex("")
    let output = { @Sendable (bytes: [UInt8]) in written.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
    ReviewLog(format: .text, isWanted: false, output: output).write(record, at: .mutate)
    #expect(written.withLock { $0 }.isEmpty)
    ReviewLog(format: .text, isWanted: true, output: output).write(record, at: .mutate)
    let line = written.withLock { $0 }
    #expect(line.contains(" info  review  path=mutate uid=\(record.uid) kind=Pod operation=CREATE "))
    #expect(line.hasSuffix("\n"))
  }

  @Test func aForgedReviewMakesNoLongLine() throws {
    let text = String(decoding: try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")), as: UTF8.self)
    let name = String(repeating: "é", count: 100_000)
    let review = text.replacing(#""dryRun":false"#, with: #""dryRun":false,"name":"\#(name)""#)
    let record = try answer(Array(review.utf8), at: .mutate, settings: AdmissionSettings()).record
    let written = Mutex("")
    ReviewLog(format: .text, isWanted: true) { bytes in
      written.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    }.write(record, at: .mutate)
    #expect(written.withLock { $0.utf8.count } < 1000)
  }

  @Test func whatIsNoReviewIsRefusedAndTheNextIsAnswered() async throws {
    let certificates = try Certificates()
    let (server, port) = try serve(certificates)
    let client = try WebhookClient(
      host: "127.0.0.1", port: port, serverName: "localhost", trusting: certificates.authorityFile)
    let review = Array(try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")))
    let empty = #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}"#
    for body in [[], Array("{".utf8), Array(empty.utf8), Array(review.dropLast(2)), [0xFF], review + [0x7B]] {
      for path in AdmissionPath.allCases {
        let failure = await #expect(throws: CommandError.self) { try await client.post(body, to: path) }
        #expect(failure == .refused("the webhook answered 400 Bad Request"))
        #expect(try JSONValue(parsing: try await client.post(review, to: path))["response"]?["allowed"] == .bool(true))
      }
    }
    #expect(server.terminate() == 0)
  }

  /// The largest review that an API server sends: a Pod with as many annotations and variables as possible, twice in
  /// the review.
  @Test func aRealReviewOfSevenMiBIsDecided() async throws {
    let certificates = try Certificates()
    let (server, port) = try serve(certificates)
    let client = try WebhookClient(
      host: "127.0.0.1", port: port, serverName: "localhost", trusting: certificates.authorityFile)
    let text = String(decoding: try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")), as: UTF8.self)
    let filler = String(repeating: #"\\é \""#, count: (7 << 20) / 7)
    let review = text.replacing(#""dryRun":false"#, with: #""dryRun":false,"filler":"\#(filler)""#)
    #expect(review.utf8.count > 7 << 20)
    let answer = try JSONValue(parsing: try await client.post(Array(review.utf8), to: .mutate))
    #expect(answer["response"]?["patch"] != nil)
    #expect(server.terminate() == 0)
  }

  @Test func onSIGTERMItIsUnreadyServesOnAndEndsCleanly() async throws {
    let certificates = try Certificates()
    let (server, port) = try serve(certificates, drain: 8)
    let client = try WebhookClient(
      host: "127.0.0.1", port: port, serverName: "localhost", trusting: certificates.authorityFile)
    let review = Array(try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")))
    #expect(try await get("readyz", of: server).status == 200)
    server.askToEnd()
    try server.waitFor("signal") { $0.contains("ending") }
    #expect(try await get("readyz", of: server).status == 503)
    #expect(try await get("healthz", of: server).status == 200)
    #expect(try JSONValue(parsing: try await client.post(review, to: .mutate))["response"]?["patch"] != nil)
    #expect(server.waitForEnd() == 0)
    await #expect(throws: (any Error).self) { try await client.post(review, to: .mutate) }
    #expect(server.output.hasSuffix("ended\n"))
  }

  /// With the controller alone there is no port for reviews, but there are probes and metrics.
  @Test func withoutTheWebhookOnlyProbesAndMetricsAreServed() async throws {
    let certificates = try Certificates()
    let server = try RunningProgram(
      [
        "serve", "--no-webhook", "--self-signed", "--kubeconfig", nobodyListens(certificates), "--port", "0",
        "--metrics-port", "0",
      ], environment: ["POSTERN_POD_NAME": "replica"])
    try server.waitFor("port") { $0.contains("serving") }
    #expect(server.output.contains(" port=0 "))
    #expect(try await get("healthz", of: server).status == 200)
    #expect(try await get("readyz", of: server).status == 503)
    #expect(try await get("metrics", of: server).text.contains("postern_leader 0"))
    #expect(server.terminate() == 0)
  }

  @Test func nothingIsLeftToDoWithoutBoth() throws {
    let options = try Serve.parse(["--no-webhook", "--no-controller"])
    #expect(throws: CommandError.self) { try ServeSettings(options: options, environment: [:]) }
  }

  /// The file of a kubeconfig whose server does not run.
  private func nobodyListens(_ certificates: Certificates) throws -> String {
    let file = certificates.folder.appending(path: "nobody-listens")
    try Data(kubeconfig(port: 1, namespace: "postern-system").utf8).write(to: file)
    return file.path
  }

  /// No review is answered before all declarations of the cluster are known, so none is allowed because they are
  /// missing.
  @Test func itIsNotReadyBeforeItsCachesAreThere() async throws {
    let certificates = try Certificates()
    let pair = try certificates.issue("server")
    let server = try RunningProgram(
      [
        "serve", "--kubeconfig", nobodyListens(certificates), "--port", "0", "--metrics-port", "0", "--drain-seconds",
        "0",
        "--tls-cert-file", pair.certificateFile, "--tls-private-key-file", pair.privateKeyFile,
      ], environment: ["POSTERN_POD_NAME": "replica"])
    try server.waitFor("port") { $0.contains("serving") }
    let port = try #require(server.output.firstMatch(of: /\bport=(\d+)/).flatMap { Int($0.1) })
    let client = try WebhookClient(
      host: "127.0.0.1", port: port, serverName: "localhost", trusting: certificates.authorityFile)
    let review = Array(try Data(contentsOf: Self.reviews.appending(path: "07-pod-create.json")))
    #expect(try await get("readyz", of: server).status == 503)
    #expect(try await get("healthz", of: server).status == 200)
    for path in AdmissionPath.allCases {
      let failure = await #expect(throws: CommandError.self) { try await client.post(review, to: path) }
      #expect(failure == .refused("the webhook answered 503 Service Unavailable"))
    }
    #expect(server.terminate() == 0)
  }

  static let files = ["--tls-cert-file", "/no/cert", "--tls-private-key-file", "/no/key"]

  static let mistakes: [(arguments: [String], error: String)] = [
    ([], "--tls-cert-file is missing"),
    (["--self-signed"] + files, "--self-signed and --tls-cert-file are both given; choose one"),
    (["--self-signed", "--kubeconfig", "/no/kubeconfig"], "no cluster: /no/kubeconfig: No such file or directory"),
    (["--namespaces", "shop, A_b"] + files, #"--namespaces is "shop, A_b"; "A_b" can be no name"#),
    (["--log-level", "loud"] + files, #"--log-level is "loud""#),
    (["--port", "http"], #"--port is "http"; a number from 0 to 65535 is expected"#),
    (["--sidecar-mode", "modern"] + files, #"--sidecar-mode is "modern"; native or classic is expected"#),
    (["--sidecar-user", "root"] + files, #"--sidecar-user is "root"; fixed or namespace is expected"#),
    (["--sidecar-resources", "cpu=lots"] + files, #"--sidecar-resources: cpu is "lots""#),
    (["--image-pull-policy", "always"] + files, #"--image-pull-policy is "always"; Always or IfNotPresent or Never"#),
    (["--image-pull-secret", "Mirror"] + files, #"--image-pull-secret is "Mirror"; the name of a Secret is expected"#),
    (files, "cannot read /no/cert"),
  ]

  @Test(arguments: mistakes)
  func saysInOneLineWhatIsWrong(arguments: [String], error: String) throws {
    let answer = try Program.run(["serve", "--no-controller"] + arguments)
    #expect(answer.status != 0)
    let lines = answer.errors.split(separator: "\n")
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("error: ") == true && lines.first?.contains(error) == true, "\(answer.errors)")
  }

  @Test func refusesToKeepObjectsWithoutACluster() throws {
    let answer = try Program.run(["serve", "--kubeconfig", "/no/kubeconfig"] + Self.files)
    #expect(answer.status == 2)
    #expect(answer.errors.hasPrefix("error: no cluster: /no/kubeconfig: No such file or directory"))
  }

  @Test func saysThatThePortIsInUse() throws {
    let certificates = try Certificates()
    let (server, port) = try serve(certificates)
    let pair = try certificates.issue("second")
    let answer = try Program.run([
      "serve", "--no-controller", "--port", String(port), "--metrics-port", "0", "--tls-cert-file",
      pair.certificateFile,
      "--tls-private-key-file", pair.privateKeyFile,
    ])
    #expect(answer.status == 1)
    #expect(answer.errors.contains("the port is in use"))
    #expect(server.terminate() == 0)
  }
}
