import Contract
import DatabaseSpec
import LibPQ
import Linux
package import LogLine
import Provisioning

/// The sidecar's settings from its environment and its flags. Flags take precedence.
package struct SidecarConfiguration: Equatable, Sendable {
  /// The hosts at which to look for Postgres; the first that answers is used: `--host`, `POSTERN_HOST`. In a Pod,
  /// Postgres is on the same loopback.
  package var hosts = ["127.0.0.1", "::1"]
  /// Its TCP port: `--port`, `POSTERN_PORT`.
  package var port = 5432
  /// The path at which the volume is mounted: `--volume`, `POSTERN_VOLUME`.
  package var volume = VolumeLayout.mountPath
  /// The path of the status file: `--status-file`, `POSTERN_STATUS_FILE`.
  package var statusFile = StatusFile.defaultPath
  /// The port of the status: `--status-port`, `POSTERN_STATUS_PORT`; nil: none.
  package var statusPort: Int?
  /// The format of log lines: `--log-format`, `POSTERN_LOG_FORMAT`.
  package var logFormat = LogWriter.Format.text
  /// The least level of log lines that are written: `--log-level`, `POSTERN_LOG_LEVEL`.
  package var logLevel = LogLevel.info
  /// Whether to run only one pass: `--once`.
  package var once = false

  /// The defaults.
  package init() {}

  /// Reads flags (`--port 5433`, `--port=5433`) and the environment.
  package init(
    flags: [String], environment: (String) -> String? = CurrentProcess.environment
  ) throws(SidecarConfigurationError) {
    self.init()
    for flag in Flag.allCases {
      guard let variable = flag.variable else { continue }
      if let value = environment(variable), !value.utf8.isEmpty { try set(flag, value, from: variable) }
    }
    var rest = flags[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts[0].utf8.starts(with: "--".utf8), let flag = Flag(rawValue: String(parts[0].dropFirst(2))) else {
        throw .unknown(argument)
      }
      if flag == .once {
        guard parts.count == 1 else { throw .invalid("--once", "takes no value") }
        once = true
        continue
      }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
        throw .invalid("--\(flag.rawValue)", "needs a value")
      }
      try set(flag, value, from: "--\(flag.rawValue)")
    }
  }

  /// How the superuser logs in.
  /// - Parameter host: one of ``hosts``.
  func settings(for contents: VolumeContents, host: String) -> ConnectionSettings {
    // Nobody can eavesdrop within this machine, so TLS is used only for servers that require it.
    ConnectionSettings(
      host: host, port: port, user: contents.adminUser, password: contents.desired.adminPassword?.unredacted,
      sslMode: ConnectionSettings.isLocal(host) ? .allow : nil)
  }

  /// Where Postgres is expected, for people.
  var place: String { "\(hosts.joined(separator: " or ")), port \(port)" }

  /// Pings the server at each of ``hosts``. Returns the best answer and its host: one that accepts connections, if
  /// there is one.
  func ping(user: String) -> (answer: PingStatus, host: String) {
    var best = (answer: PingStatus.notAttempted, host: hosts.first ?? "")
    for host in hosts {
      let answer: PingStatus
      do throws(PostgresError) { answer = try Connection.ping(host: host, port: port, user: user) } catch { continue }
      if answer == .accepting { return (answer, host) }
      if case .rejecting = answer { best = (answer, host) }
      if best.answer == .notAttempted { best = (answer, host) }
    }
    return best
  }

  private enum Flag: String, CaseIterable {
    case host, port, volume, once
    case statusFile = "status-file"
    case statusPort = "status-port"
    case logFormat = "log-format"
    case logLevel = "log-level"

    /// Nil for settings that only have a flag.
    var variable: String? {
      switch self {
      case .host: SidecarVariable.host
      case .port: SidecarVariable.port
      case .volume: SidecarVariable.volume
      case .once: nil
      case .statusFile: SidecarVariable.statusFile
      case .statusPort: SidecarVariable.statusPort
      case .logFormat: SidecarVariable.logFormat
      case .logLevel: SidecarVariable.logLevel
      }
    }
  }

  private mutating func set(_ flag: Flag, _ value: String, from source: String) throws(SidecarConfigurationError) {
    switch flag {
    case .host: hosts = [value]
    case .volume: volume = value
    case .statusFile: statusFile = value
    case .once: once = true
    case .port: port = try Self.port(value, from: source)
    case .statusPort:
      statusPort = value.utf8.elementsEqual(StatusPort.none.utf8) ? nil : try Self.port(value, from: source)
    case .logFormat:
      guard let format = LogWriter.Format(rawValue: value) else {
        throw .invalid(source, "must be text or json, not \"\(value)\"")
      }
      logFormat = format
    case .logLevel:
      guard let level = LogLevel(rawValue: value) else {
        throw .invalid(source, "must be debug, info, warning or error, not \"\(value)\"")
      }
      logLevel = level
    }
  }

  private static func port(_ value: String, from source: String) throws(SidecarConfigurationError) -> Int {
    guard let number = Int(value), (1...65535).contains(number) else {
      throw .invalid(source, "must be a port from 1 to 65535, not \"\(value)\"")
    }
    return number
  }
}

/// An error in a flag or a variable.
package enum SidecarConfigurationError: Error, Equatable, Sendable {
  /// There is no such flag.
  case unknown(String)
  /// A flag or variable, and the error in its value.
  case invalid(String, String)

  /// One line for people.
  package var message: String {
    switch self {
    case .unknown(let argument): "unknown flag \(argument)"
    case .invalid(let source, let reason): "\(source) \(reason)"
    }
  }
}
