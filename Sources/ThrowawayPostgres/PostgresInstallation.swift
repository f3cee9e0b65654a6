package import FoundationEssentials
import Linux

/// The programs of one PostgreSQL version on this machine.
package struct PostgresInstallation: Sendable, CustomStringConvertible {
  /// The folder that contains `initdb` and `postgres`.
  package let programs: URL
  /// The major version, such as 17.
  package let majorVersion: Int
  /// The minor version, such as 2 of 17.2.
  package let minorVersion: Int

  /// The name that tests show.
  package var description: String { "PostgreSQL \(majorVersion)" }

  /// One installation of each major version, oldest first. The folders that `POSTERN_TEST_POSTGRES` names, separated by
  /// colons, take precedence over Debian's under /usr/lib/postgresql.
  package static let all: [PostgresInstallation] = {
    let named = ProcessInfo.processInfo.environment["POSTERN_TEST_POSTGRES"]?.split(separator: ":").map(String.init)
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    let folders = (named ?? []) + versions.map { "\(debian)/\($0)/bin" }
    var found: [Int: PostgresInstallation] = [:]
    for folder in folders {
      guard let installation = PostgresInstallation(programs: URL(filePath: folder, directoryHint: .isDirectory)) else {
        continue
      }
      if found[installation.majorVersion] == nil { found[installation.majorVersion] = installation }
    }
    return found.values.sorted { $0.majorVersion < $1.majorVersion }
  }()

  /// The newest of ``all``.
  package static var newest: PostgresInstallation {
    get throws {
      guard let newest = all.last else {
        throw PostgresServerError("no PostgreSQL found: install postgresql, or set POSTERN_TEST_POSTGRES")
      }
      return newest
    }
  }

  /// The programs in a folder; nil where there are none. `postgres --version` gives their version.
  package init?(programs: URL) {
    var postgres = ChildProgram(programs.appending(path: "postgres").path, ["--version"])
    (postgres.output, postgres.errors) = (.collected, .asOutput)
    guard
      let answer = try? postgres.answer(), answer.status == 0,
      let major = answer.text.split(separator: " ").compactMap({ Int($0.prefix { $0.isNumber }) }).first
    else { return nil }
    self.programs = programs
    majorVersion = major
    minorVersion =
      answer.text.split(separator: " ").first { $0.first?.isNumber == true }?.split(separator: ".").dropFirst().first
      .flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
  }

  /// Runs one of the installation's programs, or another folder's, as the servers' user.
  func run(_ program: String, _ arguments: [String], from folder: URL? = nil) throws {
    var command = Unprivileged.program((folder ?? programs).appending(path: program).path, arguments)
    command.output = .collected
    let answer: ChildAnswer
    do { answer = try command.answer() } catch { throw PostgresServerError(error.message) }
    guard answer.status == 0 else { throw PostgresServerError("\(program): \(answer.text)") }
  }
}
