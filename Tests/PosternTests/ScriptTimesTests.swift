import DatabaseSpec
import Foundation
import JSONBytes
import LibPQ
import TestSupport
import TestThreads
import Testing
import ThrowawayPostgres

@testable import postern

/// `postern status CUSTOMER --script-times`, with a real Postgres that an API server forwards to.
@Suite(.blocking) struct ScriptTimesTests {
  private static let list = #"{"kind":"List","metadata":{"resourceVersion":"1"},"items":["#

  /// A cluster whose customer has the scripts `001` and `002` in the database `orders`.
  private func cluster(_ installation: PostgresInstallation) async throws -> ForwardedCluster {
    let shop = try PostgresName("shop")
    let scripts = ["001", "002"].map {
      Script(name: $0, content: .file(name: "\($0).sql", sha256: String(repeating: "0", count: 64)))
    }
    let spec = InstanceSpec(
      customer: "acme", users: [User(name: shop)],
      databases: [Database(name: try PostgresName("orders"), owner: shop, scripts: scripts)])
    let text = JSONValue.string(String(decoding: spec.encoded(), as: UTF8.self)).bytes
    let object = """
      {"kind":"ConfigMap","metadata":{"name":"acme-pg-spec","namespace":"shop","labels":{"postern.io/customer":"acme",
      "app.kubernetes.io/managed-by":"postern"}},"data":{"spec.json":\(String(decoding: text, as: UTF8.self))}}
      """
    return try await ForwardedCluster.start(installation) { request in
      switch request.path.split(separator: "/").last {
      case "deployments", "statefulsets", "secrets": .json(200, Self.list + "]}")
      case "configmaps": .json(200, Self.list + object + "]}")
      case "acme-pg-spec": .json(200, object)
      default: nil
      }
    }
  }

  private static let record = """
    CREATE SCHEMA postern; CREATE TABLE postern.script (name text PRIMARY KEY, sha256 text, applied_at timestamptz);
    INSERT INTO postern.script VALUES ('001', 'x', '2026-11-21T11:00:00+01')
    """

  @Test(arguments: PostgresInstallation.all)
  func theRecordOfEachDatabaseIsRead(_ installation: PostgresInstallation) async throws {
    let cluster = try await cluster(installation)
    let orders = try cluster.postgres.connect(database: "orders")
    try orders.execute(Self.record)
    // What the database's owner may set hinders nothing.
    try orders.execute(
      "ALTER DATABASE orders SET search_path = nowhere; ALTER DATABASE orders SET datestyle = 'SQL, DMY'")
    let answer = try await cluster.run(["status", "acme", "--script-times", "-o", "json"])
    #expect(answer.status == 0 && answer.errors.isEmpty, "\(answer)")
    let scripts = try json(answer.output)["scripts"]?.array ?? []
    #expect(scripts.map { $0["name"]?.string } == ["001", "002"], "\(answer)")
    #expect(scripts.map { $0["ranAt"]?.string } == ["2026-11-21T10:00:00Z", nil], "\(answer)")
    let table = try await cluster.run(["status", "acme", "--script-times"])
    #expect(table.output.contains(/DATABASE +NAME +RERUN +RAN +STATE/), "\(table)")
    #expect(
      table.output.contains(/orders +001 +never +\d+d?\S* +/) && table.output.contains(/orders +002 +never +- +/),
      "\(table)")
    let without = try await cluster.run(["status", "acme"])
    #expect(without.output.contains(/DATABASE +NAME +RERUN +STATE/), "\(without)")
    for answer in [answer, table, without] {
      #expect(!(answer.output + answer.errors).contains(cluster.postgres.password))
    }
    await cluster.stop()
  }

  /// What a tenant has made under the record's name could run the tenant's code as the superuser.
  @Test func anotherRolesRecordIsNotRead() async throws {
    let cluster = try await cluster(.newest)
    try cluster.postgres.connect(database: "orders").execute(
      """
      CREATE SCHEMA postern AUTHORIZATION shop; SET ROLE shop;
      CREATE FUNCTION postern.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
      CREATE VIEW postern.script AS SELECT postern.trap() AS name, 'x' AS sha256, now() AS applied_at
      """)
    let answer = try await cluster.run(["status", "acme", "--script-times"])
    #expect(answer.status == 0 && !answer.errors.contains("trapped"), "\(answer)")
    #expect(
      answer.errors.contains(
        #"note: when the scripts of database orders ran is not known: its record belongs to role "shop", which is no superuser"#
      ),
      "\(answer)")
    await cluster.stop()
  }

  @Test func whatCannotBeAskedIsANote() async throws {
    let cluster = try await cluster(.newest)
    try cluster.postgres.connect().execute("DROP DATABASE orders")
    let answer = try await cluster.run(["status", "acme", "--script-times"])
    #expect(answer.status == 0 && answer.output.contains("orders"), "\(answer)")
    #expect(answer.errors.contains("when the scripts of database orders ran is not known: "), "\(answer)")
    cluster.postgres.halt()
    let down = try await cluster.run(["status", "acme", "--script-times"])
    #expect(down.status == 0 && down.errors.contains("is not known"), "\(down)")
    await cluster.stop()
  }

  @Test(arguments: [["--script-times"], ["acme", "--script-times", "--watch"]])
  func itIsForOneCustomerInFull(arguments: [String]) throws {
    let answer = try Program.run(["status"] + arguments)
    #expect(answer.status == 64 && answer.errors.contains("--script-times is for one customer in full"), "\(answer)")
  }
}
