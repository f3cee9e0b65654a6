import Admission
import PostgresProvisioner
import WebhookServer

/// The options of `serve`, each taken from the command line, else from `POSTERN_*`, and checked.
struct ServeSettings {
  /// An option that is missing or cannot be what it is.
  struct Problem: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  let server: ServerConfiguration
  let admission: AdmissionSettings
  let logFormat: LogWriter.Format

  init(options: Serve, environment: [String: String]) throws(Problem) {
    func value(_ option: String?, _ name: String) -> String? { option ?? environment[name] }
    func required(_ option: String?, _ flag: String, _ name: String) throws(Problem) -> String {
      guard let value = value(option, name) else {
        throw Problem(
          description: "\(flag) is missing (or \(name) in the environment): the webhook serves over TLS alone")
      }
      return value
    }
    func number(_ option: String?, _ flag: String, _ name: String, _ range: ClosedRange<Int>, _ fallback: Int)
      throws(Problem) -> Int
    {
      guard let text = value(option, name) else { return fallback }
      guard let number = Int(text), range.contains(number) else {
        throw Problem(
          description: "\(flag) is \"\(text)\"; a number from \(range.lowerBound) to \(range.upperBound) is expected")
      }
      return number
    }
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
      _ option: String?, _ flag: String, _ name: String, _ fallback: Choice
    ) throws(Problem) -> Choice {
      guard let text = value(option, name) else { return fallback }
      guard let choice = Choice(rawValue: text) else {
        let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
        throw Problem(description: "\(flag) is \"\(text)\"; \(known) is expected")
      }
      return choice
    }
    guard options.noController || environment["POSTERN_NO_CONTROLLER"] == "true" else {
      throw Problem(description: "this version serves the webhook alone; say so with --no-controller")
    }
    var server = ServerConfiguration(
      port: try number(options.port, "--port", "POSTERN_PORT", 0...65535, 8443),
      certificateFile: try required(options.tlsCertFile, "--tls-cert-file", "POSTERN_TLS_CERT_FILE"),
      privateKeyFile: try required(options.tlsPrivateKeyFile, "--tls-private-key-file", "POSTERN_TLS_PRIVATE_KEY_FILE"))
    server.operationsPort = try number(
      options.metricsPort, "--metrics-port", "POSTERN_METRICS_PORT", 0...65535, 9443)
    server.drainTime = .seconds(
      try number(options.drainSeconds, "--drain-seconds", "POSTERN_DRAIN_SECONDS", 0...600, 5))
    self.server = server
    var admission = AdmissionSettings()
    if let image = value(options.sidecarImage, "POSTERN_SIDECAR_IMAGE") { admission.sidecarImage = image }
    admission.sidecarMode = try choice(options.sidecarMode, "--sidecar-mode", "POSTERN_SIDECAR_MODE", .native)
    self.admission = admission
    logFormat = try choice(options.logFormat, "--log-format", "POSTERN_LOG_FORMAT", .text)
  }
}
