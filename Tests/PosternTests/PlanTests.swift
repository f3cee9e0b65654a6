import Foundation
import LibPQ
import TestThreads
import Testing
import ThrowawayPostgres

@Suite(.blocking) struct PlanTests {
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

  /// Where the password of a user stands in its turn: by the user's Secret, and by the Secret that is mounted.
  struct Turn: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var login = "shop"
    var mounted: String?
    var first: String
    var second: String
  }

  @Test(arguments: [
    Turn(
      testDescription: "before the first turn", first: #""shop" LOGIN .* VALID UNTIL 'infinity'"#,
      second: #""shop_b" NOLOGIN"#),
    Turn(
      testDescription: "while the login of before can be used", login: "shop_b",
      mounted: #"{"shop":{"second":true,"until":"2099-01-01T00:00:00Z"}}"#,
      first: #""shop" LOGIN .* VALID UNTIL '2099-01-01"#, second: #""shop_b" LOGIN"#),
    Turn(
      testDescription: "while the next login is made ready", mounted: #"{"shop":{"second":false,"pending":true}}"#,
      first: #""shop" LOGIN .* VALID UNTIL 'infinity'"#, second: #""shop_b" LOGIN"#),
  ])
  func plansBothLoginsAsTheyAreInTheirTurn(turn: Turn) throws {
    let server = try PostgresServer(.newest)
    defer { server.stop() }
    let url = "postgresql://\(server.superuser)@127.0.0.1:\(server.port)/postgres"
    var manifest = """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","labels":{"postern.io/customer":"acme"},
      "annotations":{"postern.io/users":"[{name: shop, rotate: 30d}]"}},
      "spec":{"containers":[{"name":"postgres","image":"postgres:18"}]}}
      ---
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"acme-pg-user-shop","labels":{"app.kubernetes.io/managed-by":"postern"}},
      "stringData":{"username":"\(turn.login)","password":"\(turn.login == "shop" ? "first" : "second")"}}
      """
    if let logins = turn.mounted {
      let file = #"{"apiVersion":"postern.io/v1","users":{"shop":"first","shop_b":"second"},"logins":\#(logins)}"#
      manifest += """

        ---
        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"acme-pg-passwords","labels":{"postern.io/customer":"acme"}},
        "data":{"passwords.json":"\(Data(file.utf8).base64EncodedString())"}}
        """
    }
    let answer = try Program.run(
      ["plan", "-", "--url", url], input: manifest, environment: ["PGPASSWORD": server.password])
    #expect(answer.status == 3, "\(answer.errors)")
    let roles = answer.output.split(separator: "\n").filter { $0.contains("CREATE ROLE") }
    for expected in [turn.first, turn.second] {
      let pattern = try Regex(expected)
      #expect(roles.contains { $0.contains(pattern) }, "\(expected) in \(roles)")
    }
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
