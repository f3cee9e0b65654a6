import ArgumentParser
import Contract
import Dispatch

/// The program. With an asynchronous `main`, the main thread would end while the program goes on, and to end a thread is to
/// unwind it: for that the C runtime sorts the frames of the whole static program, which takes as long as its start.
@main
enum Program {
  static func main() {
    let end = DispatchSemaphore(value: 0)
    Task.detached {
      await Postern.main()
      end.signal()
    }
    end.wait()
  }
}

/// The command: `postern serve`, `check`, `inject`, `try`, `plan`, `status`, `psql`, `migrate`, `prune`, `version`.
/// Each says its name: to ask the runtime for the names of their types is a sixth of the program's start.
struct Postern: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ProgramName.isPlugin ? "kubectl postern" : "postern",
    abstract: "Databases and users inside a customer's Postgres, by label and annotation.",
    version: Release.version,
    subcommands: [
      Serve.self, Check.self, Inject.self, Try.self, Plan.self, ShowStatus.self, OpenPsql.self, Migrate.self,
      Prune.self,
      PrintVersion.self,
    ])

  static func main() async {
    guard ProgramName.isCompletion else { return await main(nil) }
    for line in await ProgramName.completions(of: CommandLine.arguments.dropFirst(), among: configuration.subcommands) {
      print(line)
    }
  }
}

/// `postern version`
struct PrintVersion: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() {
    print("postern \(Release.version)")
  }
}
