import Foundation
import JSONBytes
import LibPQ
import TestThreads
import Testing
import ThrowawayPostgres

@testable import postern

/// docs/how-to/from-psql-sidecar.md, tried: the script of the psql sidecar sets a server up, and the page's manifest is
/// planned against it.
@Suite(.blocking) struct MovingTests {
  private static let psql = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/psql" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  /// The block of the page that has this title.
  private func block(_ title: String) throws -> String {
    let page = Program.package.appending(path: "docs/how-to/from-psql-sidecar.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let start = try #require(text.range(of: "```yaml title=\"\(title)\"\n"))
    let end = try #require(text.range(of: "\n```", range: start.upperBound..<text.endIndex))
    return String(text[start.upperBound..<end.lowerBound])
  }

  @Test(.enabled(if: psql != nil, "no psql in the PATH")) func whatThePsqlSidecarMadeIsAdoptedAndNothingOfItChanged()
    throws
  {
    let manifests = try block("postgres.yaml")
    let folder = FileManager.default.temporaryDirectory.appending(path: "moving-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "postgres.yaml")
    try Data(manifests.utf8).write(to: file)
    let read = try ManifestReader().read([file.path, Program.fixture("psql-sidecar.yaml")]).map(\.object)
    let users = try #require(read.firstNonNil { $0["stringData"]?["db_users.secret"]?.string })
    try Data(users.utf8).write(to: folder.appending(path: "users"))
    let script = try #require(read.firstNonNil { $0["data"]?["init-user-db.sh"]?.string })

    let server = try PostgresServer(.newest)
    defer { server.stop() }
    let shell = try Program.run(
      ["-c", script.replacing("--host localhost --port 5432", with: "--host 127.0.0.1 --port \(server.port)")],
      program: URL(filePath: "/bin/sh"),
      environment: [
        "DBUSERS": folder.appending(path: "users").path, "POSTGRES_USER": server.superuser,
        "POSTGRES_PASSWORD": server.password, "PGDATABASE": "postgres",
      ])
    #expect(shell.status == 0, "\(shell.errors)")
    let made = try server.connect().query("SELECT datname FROM pg_database WHERE datname LIKE '%\\_db' ORDER BY 1")
    #expect(made.rowCount == 2)

    let password = try #require(server.password.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    let plan = try Program.run([
      "plan", file.path, "--url", "postgresql://\(server.superuser):\(password)@127.0.0.1:\(server.port)/postgres",
    ])
    #expect(plan.status == 3, "\(plan.errors)")
    #expect(plan.output.contains("adopt role name=keycloak"))
    #expect(plan.output.contains("adopt role name=dolibarr"))
    for word in ["CREATE ROLE", "ALTER ROLE", "CREATE DATABASE", "ALTER DATABASE", "DROP", "OWNER"] {
      #expect(!plan.output.contains(word), "\(word) in \(plan.output)")
    }
  }
}

extension Array {
  fileprivate func firstNonNil<Value>(_ value: (Element) -> Value?) -> Value? {
    for element in self { if let found = value(element) { return found } }
    return nil
  }
}
