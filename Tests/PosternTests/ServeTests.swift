import Admission
import Foundation
import FoundationNetworking
import JSONBytes
import TestSupport
import Testing

@testable import postern

/// `postern serve`, asked over TLS as the API server asks it.
@Suite struct ServeTests {
  static let reviews = Program.package.appending(path: "Tests/AdmissionTests/Fixtures/reviews")

  private func serve(_ certificates: Certificates) throws -> (server: RunningProgram, port: Int) {
    let pair = try certificates.issue("server")
    let server = try RunningProgram([
      "serve", "--no-controller", "--port", "0", "--metrics-port", "0", "--drain-seconds", "0", "--tls-cert-file",
      pair.certificateFile,
      "--tls-private-key-file", pair.privateKeyFile,
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
    let metricsPort = try #require(server.output.firstMatch(of: /metrics=(\d+)/).flatMap { Int($0.1) })
    let url = try #require(URL(string: "http://127.0.0.1:\(metricsPort)/metrics"))
    let metrics = String(decoding: try await URLSession.shared.data(from: url).0, as: UTF8.self)
    let series = #"postern_admission_reviews_total{path="mutate",kind="Pod",operation="CREATE",decision="patched"} "#
    #expect(metrics.contains(series))
    #expect(metrics.contains("postern_admission_duration_seconds_count 46\n"))
    #expect(metrics.contains("postern_build_info{version=\"\(Version.text)\"} 1\n"))
    #expect(server.terminate() == 0)
    #expect(server.output.contains("decision=patched"))
    #expect(!server.output.contains("inline-secret"))
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

  @Test func refusesToRunWithoutAnythingToDoInTheCluster() throws {
    let answer = try Program.run(["serve"] + Self.files)
    #expect(answer.status == 2)
    #expect(answer.errors.contains("say so with --no-controller"))
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
