import ArgumentParser

/// The command: `postern serve`, `check`, `inject`, `try`, `plan`, `version`.
@main
struct Postern: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postern",
    abstract: "Databases and users inside a customer's Postgres, by label and annotation.",
    version: Version.text,
    subcommands: [Serve.self, Check.self, Inject.self, Try.self, Plan.self, PrintVersion.self])
}

/// What this build calls itself.
enum Version {
  static let text = "0.1.0"
}

/// `postern version`
struct PrintVersion: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() {
    print("postern \(Version.text)")
  }
}
