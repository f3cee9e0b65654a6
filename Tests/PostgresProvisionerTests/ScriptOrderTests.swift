import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Scripts after one that is missing or has failed.
@Suite(.blocking) struct ScriptOrderTests {
  private static let missing = Script(
    name: "001", content: .configMap(ObjectKey(name: "not-there-yet", key: "s.sql")))

  @Test(arguments: PostgresInstallation.all)
  func waitsForATextThatIsNotThereYetAndSaysSo(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let second = bench.script("002", "INSERT INTO t VALUES (1)")
    let third = bench.script("003", "INSERT INTO t VALUES (2)")
    try bench.database("x", owner: "shop", scripts: [Self.missing, second, third])
    try bench.database("y", owner: "shop", scripts: [bench.script("only", "CREATE TABLE t (a int)")])
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    #expect(
      report.problems.map { "\($0.item): \($0.message)" } == [
        "script 001 in x: its text, the key s.sql of the ConfigMap not-there-yet, is not there yet",
        "script 002 in x: waits for script 001 in x", "script 003 in x: waits for script 001 in x",
      ])
    #expect(report.applied.filter { $0.hasPrefix("run") } == ["run script name=only database=y owner=shop"])

    let first = bench.script("001", "CREATE TABLE t (a int)")
    try bench.database("x", owner: "shop", scripts: [first, second, third])
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT sum(a) FROM t", in: "x", as: "shop") == "3")

    // Once it has run, no script waits for its text.
    try bench.database("x", owner: "shop", scripts: [Self.missing, second, third, bench.script("004", "SELECT 1")])
    let later = bench.pass()
    #expect(later.outcome == .converged)
    #expect(later.applied == ["run script name=004 database=x owner=shop"])
    #expect(later.problems.map(\.isFailure) == [false])
  }

  @Test(arguments: PostgresInstallation.all)
  func waitsForOneThatFailsOrCannotBeRunAndSaysSo(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    for (name, sql) in [("x", "SELECT 1/0"), ("y", "\\i other.sql")] {
      try bench.database(
        name, owner: "shop", scripts: [bench.script("001", sql), bench.script("002", "CREATE TABLE t (a int)")])
    }
    let report = bench.pass()
    #expect(
      Set(report.problems.map(\.item)) == ["script 001 in x", "script 002 in x", "script 001 in y", "script 002 in y"])
    #expect(report.problems.filter { $0.message.hasPrefix("waits for script 001 in ") }.count == 2)
    #expect(try bench.value("SELECT to_regclass('t') IS NULL", in: "x", as: "shop") == "t")
  }
}
