import ArgumentParser
import Contract

/// The command: `postern serve`, `check`, `inject`, `try`, `plan`, `status`, `prune`, `version`.
@main
struct Postern: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postern",
    abstract: "Databases and users inside a customer's Postgres, by label and annotation.",
    version: Release.version,
    subcommands: [
      Serve.self, Check.self, Inject.self, Try.self, Plan.self, ShowStatus.self, Prune.self, PrintVersion.self,
    ])
}

/// `postern version`
struct PrintVersion: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() {
    print("postern \(Release.version)")
  }
}
