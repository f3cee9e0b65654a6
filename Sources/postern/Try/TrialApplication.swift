import Foundation

/// An application of a trial: whose variables it has.
struct TrialApplication {
  /// The workload and the container, for people.
  let name: String
  let environment: [String: String]

  /// Runs a command with these variables besides this process's own, and waits until it has ended.
  func run(_ command: [String]) throws(CommandError) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
    do { try process.run() } catch { throw .refused("cannot run \(command[0]): \(error)") }
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let how = process.terminationReason == .exit ? "with status" : "by signal"
      throw .refused("\(command[0]) ended \(how) \(process.terminationStatus)")
    }
  }
}
