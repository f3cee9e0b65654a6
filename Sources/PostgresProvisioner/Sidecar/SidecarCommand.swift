import Contract
import LibPQ
import Linux
import LogLine

/// `postern-sidecar`: reads its arguments, runs the command, and returns the exit code.
package struct SidecarCommand {
  static let usage = """
    usage: postern-sidecar run|ready|plan|wait|version|help [flags]

      run      makes Postgres what the mounted files declare, and keeps it so; with --once, one pass: exit code 0 when
               it converged, 1 when some item failed
      ready    exit code 0 when the first pass over the present Postgres has converged; else says why not. The end of
               the first since the sidecar has started is waited for, 4 seconds at most
      plan     prints what would be done, as SQL without passwords: exit code 0 for nothing, 3 for something
      wait     waits until databases take the logins in the folders that follow, each with the files of a user's Secret:
               exit code 0 then, 1 where it is asked to end before
      version  prints the version

      --host ADDRESS       where Postgres is (POSTERN_HOST; 127.0.0.1 or ::1)
      --port PORT          its TCP port (POSTERN_PORT; 5432)
      --volume DIR         where the files are mounted (POSTERN_VOLUME; /etc/postern)
      --status-file FILE   where the status is kept (POSTERN_STATUS_FILE; /run/postern/status.json)
      --status-port PORT   where GET /readyz, /metrics and /status are answered over HTTP, or none (POSTERN_STATUS_PORT;
                           none)
      --log-format FORMAT  text or json (POSTERN_LOG_FORMAT; text)
      --log-level LEVEL    debug, info, warning or error (POSTERN_LOG_LEVEL; info)
      --once               one pass

    The superuser: POSTERN_ADMIN_USER_FILE, POSTERN_ADMIN_USER, the file admin/username, "postgres"; the password:
    POSTERN_ADMIN_PASSWORD_FILE, POSTERN_ADMIN_PASSWORD, the file admin/password, none.

    """

  private let arguments: [String]
  private let passes: SidecarPasses
  private let environment: (String) -> String?
  private let output: (String) -> Void
  private let errorOutput: (String) -> Void

  /// A command with these arguments, without the program's name.
  package init(
    _ arguments: [String], passes: SidecarPasses,
    environment: @escaping (String) -> String? = CurrentProcess.environment,
    output: @escaping (String) -> Void = { try? CurrentProcess.writeOutput($0) },
    errorOutput: @escaping (String) -> Void = CurrentProcess.writeError
  ) {
    self.arguments = arguments
    self.passes = passes
    self.environment = environment
    self.output = output
    self.errorOutput = errorOutput
  }

  /// Runs the command.
  /// - Returns: the exit code; 2 where the arguments are wrong.
  package func run() -> Int32 {
    guard let verb = arguments.first else { return misunderstood("what is to be done?") }
    switch verb {
    case "help", "--help", "-h":
      output(Self.usage)
      return 0
    case "version", "--version":
      output("postern-sidecar \(Release.version)\n")
      return 0
    case "wait": return wait(Array(arguments.dropFirst()))
    case "run", "ready", "plan": break
    default: return misunderstood("unknown command \(verb)")
    }
    let configuration: SidecarConfiguration
    do throws(SidecarConfigurationError) {
      configuration = try SidecarConfiguration(flags: Array(arguments.dropFirst()), environment: environment)
    } catch { return misunderstood(error.message) }
    switch verb {
    case "ready": return ready(configuration)
    case "plan": return plan(configuration)
    default: return run(configuration)
    }
  }

  private func misunderstood(_ message: String) -> Int32 {
    errorOutput("postern-sidecar: \(message)\n\n\(Self.usage)")
    return 2
  }

  private func failed(_ message: String) -> Int32 {
    errorOutput("postern-sidecar: \(message)\n")
    return 1
  }

  private func run(_ configuration: SidecarConfiguration) -> Int32 {
    let writer = LogWriter(format: configuration.logFormat, minimum: configuration.logLevel, write: errorOutput)
    do throws(FileError) {
      try CurrentProcess.catchSignals()
      return try Sidecar(configuration, passes: passes, writer: writer, environment: environment).run()
    } catch { return failed(error.message) }
  }

  private func ready(_ configuration: SidecarConfiguration) -> Int32 {
    guard
      let reason = StatusFile(path: configuration.statusFile).whyNotReady(
        waiting: SidecarContainer.ReadinessProbe.patience)
    else { return 0 }
    output("not ready: \(reason)\n")
    return 1
  }

  private func wait(_ folders: [String]) -> Int32 {
    guard !folders.isEmpty, !folders.contains(where: { $0.utf8.first == UInt8(ascii: "-") }) else {
      return misunderstood("wait needs folders, and takes no flags")
    }
    do throws(FileError) { try CurrentProcess.catchSignals() } catch { return failed(error.message) }
    return LoginWait(folders: folders, output: output).run() ? 0 : 1
  }

  private func plan(_ configuration: SidecarConfiguration) -> Int32 {
    let contents: VolumeContents
    do throws(VolumeError) {
      contents = try VolumeReader(mountPath: configuration.volume, environment: environment).read()
    } catch { return failed(error.message) }
    do throws(PostgresError) {
      let lines = try passes.plan(
        contents.desired,
        configuration.settings(
          for: contents, host: configuration.ping(user: contents.adminUser).host))
      for line in lines { output("\(line)\n") }
      return lines.isEmpty ? 0 : 3
    } catch { return failed(error.description) }
  }
}
