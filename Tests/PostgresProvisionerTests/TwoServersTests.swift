import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// A second server on the data folder of the first, as where a Deployment surges: what the older one is told may be lost.
@Suite(.blocking) struct TwoServersTests {
  @Test(arguments: PostgresInstallation.all)
  func nothingIsWrittenIntoTheServerThatWasSucceeded(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    #expect(bench.pass().problems == [])
    let folder = try #require(bench.server.connect().query("SHOW data_directory").value(0, 0))
    let file = URL(filePath: folder).appending(path: "postmaster.pid")
    let lock = try String(contentsOf: file, encoding: .utf8)
    var lines = lock.components(separatedBy: "\n")
    // As the second one's: its own process 1, and when it was started.
    let own = try #require(Int(lines[2]))
    lines[2] = String(own + 5)
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    try bench.user("late")
    let report = bench.pass()
    #expect(report.outcome == .incomplete && report.heldLogins == nil)
    #expect(report.problems.map(\.item) == ["server"])
    #expect(report.problems.first?.message.contains("another Postgres was started") == true)
    #expect(try bench.server.connect().query("SELECT FROM pg_roles WHERE rolname = 'late'").rowCount == 0)
    // What cannot be read as a time says nothing.
    lines[2] = "?"
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    #expect(bench.pass().outcome == .converged)
    // One that has ended on the folder took the file away. Within a minute this one ends itself because of that.
    try bench.user("later")
    try FileManager.default.removeItem(at: file)
    let left = bench.pass()
    #expect(left.problems.first?.message.contains("another Postgres has ended") == true)
    try Data(lock.utf8).write(to: file)
    #expect(try bench.server.connect().query("SELECT FROM pg_roles WHERE rolname = 'later'").rowCount == 0)
    // Its own start lies before what it reports, by as much as it needs to begin.
    lines[2] = String(own - 20)
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    #expect(bench.pass().outcome == .converged)
    try Data(lock.utf8).write(to: file)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
