import Admission
import Contract
import Controller
import LogLine
import Logging
import WebhookServer

/// The options of `serve`. Each is taken from the command line, else from `POSTERN_*`, and checked.
struct ServeSettings {
  let server: ServerConfiguration
  let admission: AdmissionSettings
  /// What is done in the cluster; nil: nothing, and no cluster is needed.
  let cluster: ClusterSettings?
  /// Whether applications' Pods are restarted after a turn.
  let restarts: Bool
  let logFormat: LogWriter.Format
  let logLevel: Logger.Level

  init(options: Serve, environment: [String: String]) throws(CommandError) {
    let reader = OptionReader(environment: environment)
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
    admission = try options.sidecar.settings(reader)
    restarts = try reader.flag(options.restarts, "POSTERN_RESTARTS")
    logFormat = try reader.choice(options.logFormat, "--log-format", "POSTERN_LOG_FORMAT") ?? .text
    logLevel = try reader.choice(options.logLevel, "--log-level", "POSTERN_LOG_LEVEL") ?? .info
    let cluster = ClusterSettings(
      kubeconfig: reader.value(options.kubeconfig, "POSTERN_KUBECONFIG"),
      namespace: try reader.name(nil, "POSTERN_NAMESPACE", "POSTERN_NAMESPACE"),
      podName: reader.value(nil, "POSTERN_POD_NAME"),
      service: try reader.name(options.service, "--service", "POSTERN_SERVICE") ?? Installation.name,
      namespaces: try reader.names(options.namespaces, "--namespaces", "POSTERN_NAMESPACES"),
      isSelfSigned: isSelfSigned, hasWebhook: !hasNoWebhook,
      knowledge: hasNoController ? (watchesWorkloads ? .declarations : .none) : .all,
      sidecarUpdate: SidecarUpdateSettings(
        image: admission.sidecarImage,
        mode: try reader.choice(options.sidecarUpdate, "--sidecar-update", "POSTERN_SIDECAR_UPDATE") ?? .auto,
        maximumUnavailable: try reader.number(
          options.sidecarUpdateMaxUnavailable, "--sidecar-update-max-unavailable",
          "POSTERN_SIDECAR_UPDATE_MAX_UNAVAILABLE", 1...100, 3)),
      restarts: restarts)
    self.cluster = isSelfSigned || cluster.knowledge != .none ? cluster : nil
  }
}

extension OptionReader {
  fileprivate func certificate(_ options: Serve, isSelfSigned: Bool) throws(CommandError) -> CertificateSource {
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
