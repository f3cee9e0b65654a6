import ArgumentParser
import Logging

/// `postern try FILE`
struct Try: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "try",
    abstract: "Go the whole way on this machine, with no cluster.",
    discussion: """
      Starts a throwaway Postgres, sends the manifest through the real webhook over TLS, lays out the Pod's volume as \
      the kubelet would, runs the real sidecar, prints its log and each user's connection URI; then watches the file, \
      and applies what you save. Ctrl-C ends it, and nothing is left behind.

      With -- COMMAND, the command runs when everything is provisioned, with the variables and files of the first container \
      in the file that connects to this customer, or as the first user. Then all ends, with 0 where the command did.
      """)

  @Argument(help: "The manifest: one labelled Deployment, StatefulSet or Pod, and the Secrets and ConfigMaps it needs.")
  var file: String

  @Option(
    help: ArgumentHelp("Where initdb and postgres are. (default: the newest that is installed)", valueName: "dir"))
  var postgresBin: String?

  @Option(help: ArgumentHelp("Where the throwaway's files go. (default: a temporary folder)", valueName: "dir"))
  var folder: String?

  @Flag(help: "Stop when everything is provisioned.")
  var once = false

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp(
      "An application's command, behind --: it runs with its connection's environment.", valueName: "command"))
  var command: [String] = []

  func run() async throws {
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    let console = Console()
    // Before there is anything that an end would leave behind.
    let interruption = Interruption()
    try await report(on: console) { () throws(CommandError) in
      do throws(CommandError) {
        try await tryOut(TrialReport(file: file, console: console), interruption)
      } catch {
        // A signal of the terminal's also ends the programs that make a certificate or a server's data.
        guard !interruption.isOver else { return .success }
        // Design §5 has one exit status for whatever kept the trial from being provisioned.
        throw CommandError(status: .refused, lines: error.lines)
      }
      return .success
    }
    if let signal = interruption.signal, !interruption.isExpected { throw ExitCode(128 + signal) }
  }

  private func tryOut(_ report: TrialReport, _ interruption: Interruption) async throws(CommandError) {
    let trial = try await Trial(file: file, postgresBin: postgresBin, folder: folder)
    do throws(CommandError) {
      try await goOn(trial, report, interruption)
    } catch {
      await trial.end()
      throw error
    }
    await trial.end()
  }

  private func goOn(
    _ trial: Trial, _ report: TrialReport, _ interruption: Interruption
  ) async throws(CommandError) {
    report.decided(try await trial.apply())
    guard !interruption.isOver else { return }
    report.sidecarStarts(on: try trial.startPostgres())
    guard !interruption.isOver else { return }
    try trial.startSidecar(once: runsOnce) { line in report.console.print("  \(line)") }
    try await runsOnce ? finish(trial, report, interruption) : follow(trial, report, interruption)
  }

  private var runsOnce: Bool { once || !command.isEmpty }

  private func finish(
    _ trial: Trial, _ report: TrialReport, _ interruption: Interruption
  ) async throws(CommandError) {
    guard let isProvisioned = await trial.waitForSidecar(unless: interruption) else { return }
    report.connections(trial.connections)
    guard isProvisioned else {
      throw .refused("not everything could be provisioned; the sidecar's log above says what and why")
    }
    guard !command.isEmpty else { return report.next() }
    let application = try await trial.application()
    guard !interruption.isOver else { return }
    report.runs(application, command)
    try application.run(command)
  }

  /// Applies the file whenever it is saved, until the user interrupts.
  private func follow(
    _ trial: Trial, _ report: TrialReport, _ interruption: Interruption
  ) async throws(CommandError) {
    try await trial.waitForFirstPass(unless: interruption)
    guard !interruption.isOver else { return }
    report.connections(trial.connections)
    report.watches()
    interruption.isExpected = true
    while !interruption.isOver {
      do throws(CommandError) {
        guard let applied = try await trial.applyNextChange(unless: interruption) else { break }
        report.updated(applied)
        guard applied.hasChanges else { continue }
        try await trial.waitForPass(unless: interruption)
        report.connections(trial.connections)
      } catch {
        report.refused(error)
      }
    }
    report.console.print()
  }
}
