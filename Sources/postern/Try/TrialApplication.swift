import FoundationEssentials
import Linux

/// An application of a trial: whose variables it has.
struct TrialApplication {
  /// The workload and the container, for people.
  let name: String
  let environment: [String: String]

  /// Runs a command with these variables besides this process's own, and waits until it has ended. It has the
  /// terminal: an interrupt is its business, and the trial goes on to its end.
  func run(_ command: [String]) throws(CommandError) {
    var program = ChildProgram(command[0], Array(command.dropFirst()))
    program.environment = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
    let status: Int32
    do throws(FileError) { status = try program.runAtTerminal() } catch {
      throw .refused("cannot run \(error.message)")
    }
    guard status == 0 else { throw .refused("\(command[0]) ended with status \(status)") }
  }
}
