import Foundation
import Linux
import Testing

@testable import ServingCertificate

/// What `certs/` offers to those who bring their own certificates.
@Suite struct CertsFolderTests {
  private static let folder = URL(filePath: #filePath).appending(path: "../../../certs").standardizedFileURL
  private static let policy = CertificatePolicy(service: "postern", namespace: "postern-system")

  /// Runs the script; returns its output and its exit status.
  private func make(_ arguments: [String]) throws -> (output: String, status: Int32) {
    var script = ChildProgram(Self.folder.appending(path: "make-certificates").path, arguments)
    (script.output, script.errors) = (.collected, .asOutput)
    let answer = try script.answer()
    return (answer.text, answer.status)
  }

  private func secret(_ folder: URL) throws -> CertificateSecret {
    func text(_ file: String) throws -> String { try String(contentsOf: folder.appending(path: file), encoding: .utf8) }
    return CertificateSecret(
      certificate: try text("tls.crt"), privateKey: try text("tls.key"), authorities: try text("ca.crt"),
      authorityKey: try text("ca.key"))
  }

  @Test func theScriptMakesWhatPosternWouldMakeAndRenewsIt() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "postern-certs-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let now = { Int(Date().timeIntervalSince1970) }
    #expect(try make([folder.path]).status == 0)
    let first = try secret(folder)
    #expect(Findings(first, Self.policy, now: now()).isGood)
    for key in ["ca.key", "tls.key"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: key).path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    let (commands, status) = try make(["--apply", folder.path])
    #expect(status == 0)
    #expect(commands.contains("kubectl create secret tls postern-webhook-cert --namespace 'postern-system'"))
    #expect(!commands.contains("PRIVATE KEY"))
    let second = try secret(folder)
    #expect(second.authorities == first.authorities)
    #expect(second.certificate != first.certificate)
    #expect(Findings(second, Self.policy, now: now()).isGood)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "ca.crt", "ca.key", "tls.crt", "tls.key",
      ])
    // An authority that cannot issue leaves the present pair unchanged.
    try first.certificate.write(to: folder.appending(path: "ca.crt"), atomically: true, encoding: .utf8)
    #expect(try make([folder.path]).status == 1)
    #expect(try secret(folder).certificate == second.certificate)
  }

  @Test(arguments: [["--days", "x", "f"], ["--nonsense"], ["a", "b"], []])
  func theScriptSaysWhatIsWrong(_ arguments: [String]) throws {
    let (output, status) = try make(arguments)
    #expect(status != 0)
    #expect(output.hasPrefix("error: ") || output.hasPrefix("usage: "))
  }

  @Test func certManagerIsAskedForTheSameNames() throws {
    let manifests = try String(contentsOf: Self.folder.appending(path: "cert-manager.yaml"), encoding: .utf8)
    for name in Self.policy.names { #expect(manifests.contains("    - \(name)\n")) }
  }
}
