import Foundation
import LibPQ
import Testing
import ThrowawayPostgres

@Suite struct PlanTests {
  @Test func printsTheStatementsWithoutPasswordsAndDoesNothing() throws {
    let server = try PostgresServer(.newest)
    defer { server.stop() }
    let password = try #require(
      server.password.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    let url = "postgresql://\(server.superuser):\(password)@127.0.0.1:\(server.port)/postgres"
    let answer = try Program.run(["plan", Program.fixture("labelled-deployment.yaml"), "--url", url])
    #expect(answer.status == 3, "\(answer.errors)")
    #expect(answer.output.contains(#"CREATE ROLE "keycloak""#))
    #expect(answer.output.contains(#"CREATE DATABASE "dolibarr_db""#))
    #expect(!(answer.output + answer.errors).contains(server.password))
    let roles = try server.connect().query("SELECT 1 FROM pg_roles WHERE rolname = 'keycloak'")
    #expect(roles.rowCount == 0)
  }

  @Test(.enabled("libpq can refuse") { canRefuse })
  func givesNoPasswordToAServerThatAsksForItInClearText() throws {
    let server = try PostgresServer(.newest)
    defer { server.stop() }
    let connection = try server.connect()
    let file = try #require(try connection.query("SHOW hba_file").value(0, 0))
    try connection.execute(
      "COPY (VALUES ('host all all 127.0.0.1/32 password')) TO '\(file)'; SELECT pg_reload_conf()")
    let url = "postgresql://postgres:hunter2@127.0.0.1:\(server.port)/postgres"
    let answer = try Program.run(["plan", Program.fixture("labelled-pod.yaml"), "--url", url])
    #expect(answer.status == 1)
    #expect(answer.errors.contains("server requested a cleartext password"), "\(answer.errors)")
    #expect(answer.errors.contains("pg_hba.conf to scram-sha-256"))
    #expect(!answer.errors.contains("hunter2"))
  }

  /// Whether the command under test has a libpq that can refuse a method. What ships must have one.
  private static let canRefuse =
    ProcessInfo.processInfo.environment["POSTERN_TEST_PROGRAMS"] != nil || Connection.canRefuseAuthentication

  @Test func saysThatNobodyIsThere() throws {
    let url = "postgresql://postgres:hunter2@127.0.0.1:1/postgres"
    let answer = try Program.run(["plan", Program.fixture("labelled-pod.yaml"), "--url", url])
    #expect(answer.status == 1)
    #expect(answer.errors.contains("127.0.0.1"))
    #expect(!answer.errors.contains("hunter2"))
  }

  @Test func refusesAURLThatIsNone() throws {
    let answer = try Program.run(["plan", Program.fixture("labelled-pod.yaml"), "--url", "localhost"])
    #expect(answer.status == 1)
    #expect(answer.errors.contains("postgresql://USER:PASSWORD@HOST:PORT/DATABASE"))
  }
}
