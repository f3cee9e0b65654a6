import Admission
import ArgumentParser
import Foundation
import Logging
import NIOPosix
import UnixSignals
import WebhookServer

/// `postern serve`
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve the admission webhook.",
    discussion: """
      Answers POST /mutate and /validate, GET /healthz and /readyz, over TLS; and GET /metrics, /healthz and /readyz, \
      over plain HTTP, on the metrics port. A renewed certificate is picked up without \
      a restart. Every option can also be given in the environment: --tls-cert-file as POSTERN_TLS_CERT_FILE, and so on.
      """)

  @Option(help: ArgumentHelp("The certificate chain, PEM.", valueName: "file"))
  var tlsCertFile: String?

  @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
  var tlsPrivateKeyFile: String?

  @Option(help: "The port of the webhook. (default: 8443)")
  var port: String?

  @Option(help: "The port of /metrics, plain HTTP. (default: 9443)")
  var metricsPort: String?

  @Option(help: "The image of the injected sidecar.")
  var sidecarImage: String?

  @Option(help: "native (an init container that restarts) or classic (a container). (default: native)")
  var sidecarMode: String?

  @Option(help: "Seconds to serve on, unready, after SIGTERM. (default: 5)")
  var drainSeconds: String?

  @Option(help: "text or json. (default: text)")
  var logFormat: String?

  @Flag(help: "The webhook alone: make no Secrets and ConfigMaps.")
  var noController = false

  func run() async throws {
    let settings: ServeSettings
    do {
      settings = try ServeSettings(options: self, environment: ProcessInfo.processInfo.environment)
    } catch {
      Console().error("error: \(error)")
      throw ExitCode(ExitStatus.unreadable)
    }
    let format = settings.logFormat
    LoggingSystem.bootstrap { _ in LineLogHandler(format: format) }
    let logger = Logger(label: "postern")
    let server: WebhookServer
    do {
      let reviewLog = ReviewLog(format: format)
      server = try await AdmissionService.start(
        settings.server, admission: settings.admission, logger: logger, reviewed: reviewLog.write)
    } catch {
      Console().error("error: \(error.message)")
      throw ExitCode(ExitStatus.refused)
    }
    logger.info(
      "serving",
      metadata: ["port": "\(server.port)", "metrics": "\(server.operationsPort ?? 0)", "version": "\(Version.text)"])
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    for await signal in signals {
      logger.info("ending", metadata: ["signal": "\(signal)", "drain": "\(settings.server.drainTime)"])
      break
    }
    await server.shutdown()
    logger.info("ended")
  }
}
