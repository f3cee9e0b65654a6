import Admission
import JSONBytes
import KubernetesAPI
import Logging
import PrometheusText
import WebhookServer

/// The admission decisions behind the HTTPS server: one log line a review.
enum AdmissionService {
  static func start(
    _ configuration: ServerConfiguration, admission: AdmissionSettings, logger: Logger
  ) async throws(ServerError) -> WebhookServer {
    let registry = PrometheusRegistry(AdmissionMetrics.families + ServerMetrics.families)
    let metrics = AdmissionMetrics(registry)
    let clock = ContinuousClock()
    return try await WebhookServer.start(
      configuration, logger: logger, metrics: ServerMetrics(registry), isReady: { true }
    ) { path, body in
      let start = clock.now
      do throws(ReviewError) {
        let path = path == .mutate ? AdmissionPath.mutate : .validate
        let answered = try answer(body, at: path, settings: admission)
        metrics.count(answered.record, at: path, took: start.duration(to: clock.now))
        log(answered.record, at: path, to: logger)
        return WebhookReply(status: 200, body: answered.body)
      } catch {
        logger.warning("not a review", metadata: ["path": "\(path)", "reason": "\(error.message)"])
        return WebhookReply(status: 400, body: refusal(error.message))
      }
    }
  }

  private static func log(_ record: ReviewRecord, at path: AdmissionPath, to logger: Logger) {
    logger.info(
      "review",
      metadata: [
        "path": "\(path)", "uid": "\(record.uid)", "kind": "\(record.kind)", "operation": "\(record.operation)",
        "namespace": "\(record.namespace)", "name": "\(record.name)", "decision": "\(record.decision)",
        "causes": "\(record.causes)",
      ])
  }

  private static func refusal(_ message: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("error", message)
    writer.endObject()
    return writer.bytes
  }
}
