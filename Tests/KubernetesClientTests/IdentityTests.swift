import Foundation
import KubernetesAPI
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

@testable import KubernetesClient

/// How the client authenticates itself, and which servers it accepts.
@Suite struct IdentityTests {
  private static let good = FakeServer.Answer.json(200, "{}")

  /// A token file in a folder of its own, which is removed with the tests' authority.
  private func tokenFile(_ token: String) throws -> URL {
    let file = try authority.get().folder.appending(path: "token-\(UUID().uuidString)")
    try Data(token.utf8).write(to: file)
    return file
  }

  private func get(_ talk: Talk) async throws { _ = try await talk.client.get(.namespaces, "a") }

  @Test func aTokenThatIsNotTakenIsReadAnewAtOnce() async throws {
    let file = try tokenFile("old\n")
    let script: FakeServer.Script = { _, request in
      request.token == "Bearer new" ? Self.good : .status(401, "Unauthorized", "Unauthorized")
    }
    try await talking(script, cluster: { $0.credential = .tokenFile(file.path) }) { talk in
      let error = await failure { try await get(talk) }
      #expect(error?.isUnauthorized == true)
      // The token is read again once; then the request fails.
      #expect(talk.server.requests.map(\.token) == ["Bearer old", "Bearer old"])
      try Data("new".utf8).write(to: file)
      try await talk.client.create(.namespaces, try json("{}"))
      #expect(talk.server.requests.last?.token == "Bearer new")
      #expect(talk.time.waits.isEmpty)
    }
  }

  @Test func aRotatedTokenIsReadAnewForWhatIsNeverDoneTwice() async throws {
    let file = try tokenFile("old")
    let script: FakeServer.Script = { number, request in
      guard number > 0 else { return Self.good }
      if request.token == "Bearer old" {
        // The kubelet has just written the next token.
        try? Data("new".utf8).write(to: file)
        return .status(401, "Unauthorized", "Unauthorized")
      }
      return request.query["watch"] == nil ? Self.good : .stream { $0.end() }
    }
    try await talking(script, cluster: { $0.credential = .tokenFile(file.path) }) { talk in
      try await get(talk)
      try await talk.client.create(.namespaces, try json("{}"))
      #expect(talk.server.requests.map(\.token) == ["Bearer old", "Bearer old", "Bearer new"])
      try Data("old".utf8).write(to: file)
      talk.time.pass(.seconds(60))
      for try await _ in try await talk.client.watch(Selection(.pods), from: "1") {}
      #expect(talk.server.requests.map(\.token).suffix(2) == ["Bearer old", "Bearer new"])
      #expect(talk.time.waits.isEmpty)
    }
  }

  @Test func aTokenIsKeptForAMinute() async throws {
    let file = try tokenFile("first")
    try await talking({ _, _ in Self.good }, cluster: { $0.credential = .tokenFile(file.path) }) { talk in
      try await get(talk)
      try Data("second".utf8).write(to: file)
      talk.time.pass(.seconds(59))
      try await get(talk)
      talk.time.pass(.seconds(1))
      try await get(talk)
      // The old token is still used when the file cannot be read for a moment.
      try FileManager.default.removeItem(at: file)
      talk.time.pass(.seconds(60))
      try await get(talk)
      let tokens = talk.server.requests.map(\.token)
      #expect(tokens == ["Bearer first", "Bearer first", "Bearer second", "Bearer second"])
    }
  }

  @Test func aTokenThatCannotBeReadIsAnErrorWithItsFile() async throws {
    try await talking({ _, _ in Self.good }, cluster: { $0.credential = .tokenFile("/nonexistent/token") }) { talk in
      let error = await failure { try await get(talk) }
      #expect(
        error?.description
          == "get /api/v1/namespaces/a: no token: /nonexistent/token: No such file or directory")
      #expect(talk.server.requests.isEmpty)
    }
  }

  @Test(arguments: ["two\nlines", "s3cr3t\u{1}"]) func aTokenThatNoHeaderTakesIsNotSaid(_ token: String) async throws {
    try await talking({ _, _ in Self.good }, cluster: { $0.credential = .token(token) }) { talk in
      let error = await failure { try await get(talk) }
      #expect(error != nil)
      #expect("\(String(describing: error))".contains("s3cr3t") == false)
      #expect("\(String(describing: error))".contains("two") == false)
    }
  }

  @Test func aConfigurationThatIsPrintedSaysNoToken() throws {
    let cluster = try cluster(443, credential: .token("s3cr3t"))
    for text in ["\(cluster)", String(reflecting: cluster), "\(cluster.credential)"] {
      #expect(text.contains("a token"))
      #expect(!text.contains("s3cr3t"))
    }
  }

  @Test func theClientCertificateIsPresented() async throws {
    let pair = try authority.get().issue("client")
    let serial = try NIOSSLCertificate.fromPEMFile(pair.certificateFile).first?.serialNumber
    let key = try NIOSSLPrivateKey(file: pair.privateKeyFile, format: .pem)
    let chain = try NIOSSLCertificate.fromPEMFile(pair.certificateFile)
    try await talking(
      { _, _ in Self.good },
      cluster: {
        $0.credential = .none
        $0.tls.certificateChain = chain.map { .certificate($0) }
        $0.tls.privateKey = .privateKey(key)
      }
    ) { talk in
      try await get(talk)
      let request = try #require(talk.server.requests.first)
      #expect(request.certificate == serial)
      #expect(request.token == nil)
    }
  }

  @Test func aServerOfAnotherAuthorityIsNotTrustedAndGetsNothing() async throws {
    let other = try Certificates()
    try await talking({ _, _ in Self.good }, cluster: { $0.tls.trustRoots = .file(other.authorityFile) }) { talk in
      let error = await failure { try await get(talk) }
      #expect(
        error?.description == "get /api/v1/namespaces/a: 127.0.0.1:\(talk.server.port) is not trusted: its "
          + "certificate is not signed by the cluster's authority, or is not valid now; check "
          + "certificate-authority (ca.crt) and tls-server-name")
      #expect(talk.server.requests.isEmpty)
      #expect(talk.time.waits.isEmpty)
    }
  }

  /// The certificate does not contain the address.
  @Test func theServersNameMayDifferFromItsAddress() async throws {
    let name = "postern-webhook.postern-system.svc"
    try await talking({ _, _ in Self.good }, at: "127.0.0.2", cluster: { $0.tlsServerName = name }) { talk in
      try await get(talk)
      #expect(talk.server.requests.first?.headers.first(name: "Host") == "\(name):\(talk.server.port)")
    }
  }

  @Test(arguments: [nil, "kubernetes"]) func aNameThatTheCertificateDoesNotBearIsRefused(_ name: String?) async throws {
    try await talking({ _, _ in Self.good }, at: "127.0.0.2", cluster: { $0.tlsServerName = name }) { talk in
      let error = await failure { try await get(talk) }
      #expect(error?.cause == .untrusted(reason: "its certificate does not name the host"))
      #expect(talk.server.requests.isEmpty)
    }
  }

  @Test func aNameWithoutAnAddressIsSaid() async throws {
    try await talking(
      { _, _ in Self.good }, settings: { $0.maximumTries = 1 }, cluster: { $0.host = "no-such-host.invalid" }
    ) { talk in
      let error = await failure { try await get(talk) }
      #expect(error?.cause == .unreachable(reason: "the name is not known"))
    }
  }
}
