import Admission
import Contract
import Declarations
import LogLine
import Logging
import WebhookServer

/// The options of `serve`. Each is taken from the command line, else from `POSTERN_*`, and checked.
struct ServeSettings {
  let server: ServerConfiguration
  let admission: AdmissionSettings
  /// What is done in the cluster; nil: nothing, and no cluster is needed.
  let cluster: ClusterSettings?
  let logFormat: LogWriter.Format
  let logLevel: Logger.Level

  init(options: Serve, environment: [String: String]) throws(CommandError) {
    let reader = Reader(environment: environment)
    let isSelfSigned = try reader.flag(options.selfSigned, "POSTERN_SELF_SIGNED")
    let hasNoController = try reader.flag(options.noController, "POSTERN_NO_CONTROLLER")
    let hasNoWebhook = try reader.flag(options.noWebhook, "POSTERN_NO_WEBHOOK")
    let watchesWorkloads = try reader.flag(options.watchWorkloads, "POSTERN_WATCH_WORKLOADS")
    guard !hasNoWebhook || !hasNoController else {
      throw .unreadable("--no-webhook and --no-controller are both given; nothing is left to do")
    }
    var server = ServerConfiguration(
      port: try reader.number(options.port, "--port", "POSTERN_PORT", 0...65535, 8443),
      certificate: hasNoWebhook ? .none : try reader.certificate(options, isSelfSigned: isSelfSigned))
    server.clientAuthorityFile = reader.value(options.clientCaFile, "POSTERN_CLIENT_CA_FILE")
    server.operationsPort = try reader.number(
      options.metricsPort, "--metrics-port", "POSTERN_METRICS_PORT", 0...65535, 9443)
    server.drainTime = .seconds(
      try reader.number(options.drainSeconds, "--drain-seconds", "POSTERN_DRAIN_SECONDS", 0...600, hasNoWebhook ? 0 : 5)
    )
    self.server = server
    var admission = AdmissionSettings()
    if let image = reader.value(options.sidecarImage, "POSTERN_SIDECAR_IMAGE") { admission.sidecarImage = image }
    admission.sidecarMode = try reader.choice(options.sidecarMode, "--sidecar-mode", "POSTERN_SIDECAR_MODE", .native)
    admission.statusPort = try reader.statusPort(options.statusPort)
    self.admission = admission
    logFormat = try reader.choice(options.logFormat, "--log-format", "POSTERN_LOG_FORMAT", .text)
    logLevel = try reader.choice(options.logLevel, "--log-level", "POSTERN_LOG_LEVEL", .info)
    let cluster = ClusterSettings(
      kubeconfig: reader.value(options.kubeconfig, "POSTERN_KUBECONFIG"),
      namespace: try reader.name(nil, "POSTERN_NAMESPACE", "POSTERN_NAMESPACE"),
      podName: reader.value(nil, "POSTERN_POD_NAME"),
      service: try reader.name(options.service, "--service", "POSTERN_SERVICE") ?? Installation.name,
      namespaces: try reader.names(options.namespaces, "--namespaces", "POSTERN_NAMESPACES"),
      isSelfSigned: isSelfSigned, hasWebhook: !hasNoWebhook,
      knowledge: hasNoController ? (watchesWorkloads ? .declarations : .none) : .all)
    self.cluster = isSelfSigned || cluster.knowledge != .none ? cluster : nil
  }
}

extension ServeSettings {
  /// Takes options one by one.
  fileprivate struct Reader {
    let environment: [String: String]

    func value(_ option: String?, _ name: String) -> String? {
      (option ?? environment[name]).flatMap { $0.isEmpty ? nil : $0 }
    }

    func flag(_ option: Bool, _ name: String) throws(CommandError) -> Bool {
      guard !option, let text = value(nil, name) else { return option }
      guard let value = Bool(text) else {
        throw .unreadable("\(name) is \"\(text)\"; true or false is expected")
      }
      return value
    }

    func number(_ option: String?, _ flag: String, _ name: String, _ range: ClosedRange<Int>, _ fallback: Int)
      throws(CommandError) -> Int
    {
      guard let text = value(option, name) else { return fallback }
      guard let number = Int(text), range.contains(number) else {
        throw .unreadable(
          "\(flag) is \"\(text)\"; a number from \(range.lowerBound) to \(range.upperBound) is expected")
      }
      return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
      _ option: String?, _ flag: String, _ name: String, _ fallback: Choice
    ) throws(CommandError) -> Choice {
      guard let text = value(option, name) else { return fallback }
      guard let choice = Choice(rawValue: text) else {
        let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
        throw .unreadable("\(flag) is \"\(text)\"; \(known) is expected")
      }
      return choice
    }

    func statusPort(_ option: String?) throws(CommandError) -> StatusPortChoice {
      let name = "POSTERN_STATUS_PORT"
      guard value(option, name) != StatusPort.none else { return StatusPortChoice.none }
      return .number(try number(option, "--status-port", name, 1024...65535, StatusPort.number))
    }

    /// A DNS label.
    func name(_ option: String?, _ flag: String, _ name: String) throws(CommandError) -> String? {
      let names = try names(option, flag, name)
      guard names.count < 2 else { throw .unreadable("\(flag) names several; one is expected") }
      return names.first
    }

    /// Names with commas between them, each a DNS label.
    func names(_ option: String?, _ flag: String, _ name: String) throws(CommandError) -> [String] {
      guard let text = value(option, name) else { return [] }
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimming(" ")) }
      for name in names where name.wholeMatch(of: /[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/) == nil {
        throw .unreadable("\(flag) is \"\(text)\"; \"\(name)\" can be no name: lower-case letters, digits and \"-\"")
      }
      return names
    }

    func certificate(_ options: Serve, isSelfSigned: Bool) throws(CommandError) -> CertificateSource {
      let certificate = value(options.tlsCertFile, "POSTERN_TLS_CERT_FILE")
      let privateKey = value(options.tlsPrivateKeyFile, "POSTERN_TLS_PRIVATE_KEY_FILE")
      guard !isSelfSigned else {
        guard certificate == nil, privateKey == nil else {
          throw .unreadable("--self-signed and --tls-cert-file are both given; choose one")
        }
        return .memory
      }
      let reason = "the webhook serves over TLS alone; or let it make its own certificate with --self-signed"
      guard let certificate else {
        throw .unreadable("--tls-cert-file is missing (or POSTERN_TLS_CERT_FILE in the environment): \(reason)")
      }
      guard let privateKey else {
        throw .unreadable(
          "--tls-private-key-file is missing (or POSTERN_TLS_PRIVATE_KEY_FILE in the environment): \(reason)")
      }
      return .files(certificate: certificate, privateKey: privateKey)
    }
  }
}

extension Substring {
  fileprivate func trimming(_ character: Character) -> Substring {
    var text = drop { $0 == character }
    while text.last == character { text.removeLast() }
    return text
  }
}
