import ArgumentParser

/// `postern` with the one command that needs no cluster and no certificate's authority, for `make demo`.
@main struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "postern", subcommands: [Try.self])
}
