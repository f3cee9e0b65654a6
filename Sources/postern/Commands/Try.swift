import ArgumentParser
import Foundation
import Logging

/// `postern try FILE`
struct Try: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go the whole way on this machine, with no cluster.",
    discussion: """
      Starts a throwaway Postgres, sends the manifest through the real webhook over TLS, lays out the Pod's volume as \
      the kubelet would, runs the real sidecar, prints its log and each user's connection URI; then watches the file, \
      and applies what you save. Ctrl-C ends it, and nothing is left behind.
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

  func run() async throws {
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    let console = Console()
    do {
      let trial = try await Trial(file: file, postgresBin: postgresBin, folder: folder, console: console)
      do {
        try await once ? trial.runOnce() : trial.runUntilInterrupted()
      } catch {
        await trial.end()
        throw error
      }
      await trial.end()
    } catch let failure as TrialFailure {
      for line in failure.lines { console.error(line) }
      throw ExitCode(ExitStatus.refused)
    } catch let error as ManifestError {
      console.error("error: \(error)")
      throw ExitCode(ExitStatus.refused)
    }
  }
}
