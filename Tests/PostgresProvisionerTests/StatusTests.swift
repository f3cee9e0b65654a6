import DatabaseSpec
import Foundation
import Linux
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing

@Suite(.blocking) struct StatusTests {
  private let desired = DesiredState(spec: InstanceSpec(customer: "acme"), specHash: "abc")
  private let failure = ItemProblem(item: "user shop", message: "no", sqlState: "42501", hint: "ask")

  private func status(after outcomes: PassReport.Outcome...) -> Status {
    var status = Status()
    status.postgresIsThere(startedAt: "1")
    for outcome in outcomes {
      let problems = outcome == .incomplete ? [failure] : []
      status.passEnded(PassReport(outcome: outcome, problems: problems), desired, at: "now")
    }
    return status
  }

  @Test func isNotReadyBeforeAPassHasConvergedAndSaysWhy() {
    #expect(Status().whyNotReady == "the first pass has not converged yet")
    #expect(status(after: .incomplete).whyNotReady == "user shop: no")
    #expect(status(after: .interrupted).whyNotReady != nil)
    #expect(status(after: .converged).whyNotReady == nil)
  }

  /// The kubelet puts what `ready` prints into Events.
  @Test func theFileHasNoWordsOfAScriptOrOfRows() throws {
    var words = failure
    words.message = "line 1: row 4711"
    words.hint = "look at 4711"
    words.told = .init(message: "line 1: SQLSTATE P0001")
    var status = Status()
    status.postgresIsThere(startedAt: "1")
    status.passEnded(PassReport(outcome: .incomplete, problems: [words]), desired, at: "now")
    #expect(!String(decoding: status.encoded(), as: UTF8.self).contains("4711"))
    #expect(Status(decoding: status.encoded())?.whyNotReady == "user shop: line 1: SQLSTATE P0001")
  }

  @Test(arguments: [PassReport.Outcome.converged, .incomplete, .standby, .disconnected, .interrupted, .superseded])
  func itTellsOfTheLoginsThatAPassHasSet(outcome: PassReport.Outcome) throws {
    var desired = desired
    desired.generation = "g"
    var status = Status()
    status.passEnded(PassReport(outcome: outcome), desired, at: "now")
    #expect(status.logins == nil)
    desired.spec.users = [User(name: try PostgresName("shop"), rotate: Rotation(every: 86_400))]
    var report = PassReport(outcome: outcome)
    report.heldLogins = [try PostgresName("shop")]
    status.passEnded(report, desired, at: "now")
    let isTold = [.converged, .incomplete, .standby].contains(outcome)
    #expect(status.logins == (isTold ? .init(generation: "g", held: ["shop"]) : nil))
    #expect(Status(decoding: status.encoded()) == status)
    // Of another user, only the Secret says so yet.
    desired.logins = [try PostgresName("shop"): LoginState(), try PostgresName("next"): LoginState(other: .pending)]
    status.passEnded(report, desired, at: "now")
    #expect(status.logins?.held == (isTold ? ["shop", "next"] : nil))
    report.heldLogins = try (0..<101).map { try PostgresName("u\($0)") }
    status.passEnded(report, desired, at: "now")
    let told = String(decoding: status.encodedForNetwork(time: "2027-01-01T00:00:00.000Z"), as: UTF8.self)
    #expect(!told.contains("held") && told.contains(#""time":"2027-01-01T00:00:00.000Z""#))
    // What is known of a server that is away is not known any more.
    status.postgresIsAway("gone")
    #expect(status.logins == nil)
  }

  /// A pass that stopped early leaves what is known of the logins as it was, and knows nothing of another Postgres.
  @Test(arguments: [PassReport.Outcome.incomplete, .standby, .disconnected, .interrupted, .superseded])
  func itTellsOfNoLoginsThatAPassHasNotLookedAt(outcome: PassReport.Outcome) throws {
    var desired = desired
    desired.spec.users = [User(name: try PostgresName("shop"), rotate: Rotation(every: 86_400))]
    desired.generation = "g"
    var status = Status()
    status.postgresIsThere(startedAt: "1")
    status.passEnded(PassReport(outcome: .converged), desired, at: "now")
    #expect(status.logins == .init(generation: "g"))
    desired.generation = "h"
    status.passEnded(PassReport(outcome: outcome), desired, at: "later")
    #expect(status.logins == .init(generation: "g"))
    status.passEndedBesideScript(PassReport(outcome: outcome), desired)
    #expect(status.logins == .init(generation: "g"))
    status.postgresIsThere(startedAt: "1")
    #expect(status.logins == .init(generation: "g"))
    status.postgresIsThere(startedAt: "2")
    #expect(status.logins == nil)
  }

  @Test func aStandbyIsReadyAndNothingIsApplied() {
    #expect(status(after: .standby).isReady)
    #expect(status(after: .standby).specHash == nil)
  }

  @Test func aLaterFailingChangeDoesNotTakeItOutOfItsService() {
    let status = status(after: .converged, .incomplete)
    #expect(status.isReady)
    #expect(status.outcome == .incomplete)
    #expect(status.problems == [failure])
    #expect(status.specHash == "abc")
  }

  @Test func aSidecarThatStartsAnewBelievesTheFileForTheSamePostgres() throws {
    let file = try #require(Status(decoding: status(after: .converged, .incomplete).encoded()))
    var status = Status(after: file)
    #expect(status.whyNotReady == "the first pass has not converged yet")
    status.postgresIsThere(startedAt: "1")
    #expect(status.isReady)
    status.passEnded(PassReport(outcome: .incomplete, problems: [failure]), desired, at: "later")
    #expect(status.isReady)
    #expect(status.specHash == "abc")
    var other = Status(after: file)
    other.postgresIsThere(startedAt: "2")
    #expect(!other.isReady)
    var never = Status(after: self.status(after: .incomplete))
    never.postgresIsThere(startedAt: "1")
    #expect(!never.isReady)
  }

  @Test func aScriptThatRunsIsNamed() {
    var status = status(after: .incomplete)
    status.scriptRuns(RunningScript(item: "script 001 in orders", since: "then", waitsFor: "pid 7"), [failure])
    #expect(
      status.whyNotReady
        == "script 001 in orders has been running since then, and waits for a lock that is held by pid 7")
    #expect(status.problems == [failure])
    status.scriptRuns(nil, [])
    #expect(status.whyNotReady == "user shop: no")
  }

  @Test func anotherStartOfPostgresHasToConvergeAgain() {
    var status = status(after: .converged)
    status.postgresIsThere(startedAt: "1")
    #expect(status.isReady)
    status.postgresIsThere(startedAt: "2")
    #expect(!status.isReady)
    status.passEnded(PassReport(outcome: .converged), desired, at: "later")
    #expect(status.isReady)
    #expect(status.appliedAt == "now")
  }

  @Test func isNotReadyWhilePostgresIsAway() {
    var status = status(after: .converged)
    status.postgresIsAway("gone")
    #expect(status.whyNotReady == "gone")
  }

  @Test func aConnectionThatEndedOrAFullServerSaysSoAndChangesNothingOfReadiness() {
    for var status in [status(after: .converged), status(after: .incomplete)] {
      let isReady = status.isReady
      let ended = ItemProblem(item: "server", message: "terminating connection")
      status.passEnded(PassReport(outcome: .disconnected, problems: [ended]), desired, at: "later")
      #expect(status.isReady == isReady)
      #expect(status.outcome == .waitingForPostgres)
      #expect(status.message == "the connection to Postgres ended: terminating connection")
      #expect(status.problems == [])
      status.postgresIsFull("too many")
      #expect(status.isReady == isReady)
      #expect(status.message == "too many")
    }
  }

  @Test func unusableFilesChangeNothingOfReadiness() {
    var ready = status(after: .converged)
    ready.filesAreUnusable("spec.json is not there yet")
    #expect(ready.isReady)
    #expect(ready.outcome == .waitingForFiles)
    var unready = status()
    unready.filesAreUnusable("spec.json is not there yet")
    #expect(unready.whyNotReady == "spec.json is not there yet")
  }

  @Test func theTimeOfApplicationIsThatOfTheLastChange() {
    var status = status(after: .converged)
    status.passEnded(PassReport(outcome: .converged), desired, at: "later")
    #expect(status.appliedAt == "now")
    status.passEnded(PassReport(outcome: .converged, applied: ["made role"]), desired, at: "later")
    #expect(status.appliedAt == "later")
    var other = desired
    other.specHash = "def"
    status.passEnded(PassReport(outcome: .converged), other, at: "last")
    #expect(status.appliedAt == "last")
    #expect(status.specHash == "def")
  }

  @Test(arguments: Status.Outcome.allCases)
  func isReadAsItWasWritten(_ outcome: Status.Outcome) {
    let warning = ItemProblem(item: "script \"a\"\n", message: "changed", isFailure: false)
    let full = Status(
      customer: "acme", isReady: true, outcome: outcome, message: "m", specHash: "abc", appliedAt: "now",
      postgresStart: "1795255200.5", convergedStart: "1795255200.5", problems: [failure, warning],
      running: RunningScript(item: "script 001 in orders", since: "then", waitsFor: "pid 1"))
    #expect(Status(decoding: full.encoded()) == full)
    let empty = Status(outcome: outcome)
    #expect(Status(decoding: empty.encoded()) == empty)
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"apiVersion":"postern.io/v2","ready":true,"outcome":"converged","problems":[]}"#,
  ])
  func whatIsNoStatusIsNotReadAsOne(_ text: String) {
    #expect(Status(decoding: Array(text.utf8)) == nil)
  }

  @Test func theFileIsMadeWithItsFolderAndTellsTheProbe() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "status-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = StatusFile(path: "\(folder)/run/status.json")
    #expect(file.whyNotReady() == "the sidecar has not started: there is no \(file.path)")
    try file.write(status(after: .incomplete))
    #expect(file.whyNotReady() == "user shop: no")
    try file.write(status(after: .converged))
    #expect(file.whyNotReady() == nil)
    try File.write([1], to: file.path)
    #expect(file.whyNotReady() == "\(file.path) holds no status that this version can read")
  }

  @Test(.timeLimit(.minutes(1)))
  func theProbeWaitsForTheFirstPassAndTellsAtOnceWhatGoesWrongLater() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "status-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = StatusFile(path: "\(folder)/status.json")
    try file.write(Status())
    #expect(file.whyNotReady(waiting: 20) == "the first pass has not converged yet")
    var status = status(after: .converged)
    let converged = status
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.1)
      try? file.write(converged)
    }
    #expect(file.whyNotReady(waiting: 300_000) == nil)
    // The same holds for a standby, on which nothing is ever applied.
    for outcome in [PassReport.Outcome.converged, .standby, .incomplete] {
      status = self.status(after: outcome)
      status.postgresIsAway("gone")
      try file.write(status)
      #expect(file.whyNotReady(waiting: 300_000) == "gone")
    }
  }
}
