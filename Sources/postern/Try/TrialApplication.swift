import Foundation
import Linux

/// An application of a trial: whose variables it has.
struct TrialApplication {
  /// The workload and the container, for people.
  let name: String
  let environment: [String: String]

  /// Runs a command with these variables besides this process's own, and waits until it has ended. It has the
  /// terminal: an interrupt is its business, and the trial goes on to its end.
  func run(_ command: [String]) throws(CommandError) {
    let variables = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
    let status: Int32
    do throws(FileError) {
      status = try ChildProcess.run(
        "/usr/bin/env", command, environment: variables.map { "\($0.key)=\($0.value)" })
    } catch { throw .refused("cannot run \(command[0]): \(error.message)") }
    guard status == 0 else { throw .refused("\(command[0]) ended with status \(status)") }
  }
}
