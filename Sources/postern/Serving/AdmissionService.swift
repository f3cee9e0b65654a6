import Admission
import JSONBytes
import KubernetesAPI
import Logging
import PrometheusText
import WebhookServer

/// The admission decisions behind the HTTPS server.
enum AdmissionService {
  /// The families that the registry must be made with.
  static let families = AdmissionMetrics.families + ServerMetrics.families

  /// - Parameters:
  ///   - health: how everything but the server itself is.
  ///   - reviewed: called for every review that was answered.
  static func start(
    _ configuration: ServerConfiguration, admission: AdmissionSettings, registry: PrometheusRegistry,
    health: ServerHealth, logger: Logger,
    reviewed: @escaping @Sendable (ReviewRecord, AdmissionPath) -> Void
  ) async throws(ServerError) -> WebhookServer {
    let metrics = AdmissionMetrics(registry)
    let clock = ContinuousClock()
    let admission = admission.withClock
    return try await WebhookServer.start(
      configuration, logger: logger, metrics: ServerMetrics(registry), health: health
    ) { path, body in
      let start = clock.now
      do throws(ReviewError) {
        let path = path == .mutate ? AdmissionPath.mutate : .validate
        let answered = try answer(body, at: path, settings: admission)
        metrics.count(answered.record, at: path, took: start.duration(to: clock.now))
        reviewed(answered.record, path)
        return WebhookReply(status: 200, body: answered.body)
      } catch {
        logger.warning("not a review", metadata: ["path": "\(path)", "reason": "\(error.message)"])
        return WebhookReply(status: 400, body: refusal(error.message))
      }
    }
  }

  private static func refusal(_ message: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("error", message)
    writer.endObject()
    return writer.bytes
  }
}
