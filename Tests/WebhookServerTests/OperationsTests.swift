import Foundation
import Logging
import PrometheusText
import TestSupport
import Testing
import WebhookServer

/// The port for scrapers and probes.
@Suite struct OperationsTests {
  private func get(_ path: String, _ server: WebhookServer) async throws -> Client.Response {
    let client = try await Client.connectPlain(try #require(server.operationsPort))
    defer { Task { await client.close() } }
    client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
    return try await client.response()
  }

  @Test func answersProbesAndScrapesOverPlainHTTPAndTakesNoReview() async throws {
    var configuration = try configuration()
    configuration.operationsPort = 0
    let isReady = Flag()
    try await serving(configuration, health: ServerHealth(canDecide: { isReady.isSet })) { server in
      #expect(try await get("/healthz", server).status == 200)
      #expect(try await get("/readyz", server).status == 503)
      isReady.set()
      #expect(try await get("/readyz", server).status == 200)
      let metrics = try await get("/metrics", server)
      #expect(metrics.status == 200)
      #expect(metrics.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(metrics.text.contains("# TYPE postern_http_requests_in_flight gauge\n"))
      #expect(try await get("/mutate", server).status == 404)
      #expect(try await server.client().get("/metrics").status == 404)
    }
  }

  @Test func probesAreAnsweredByTheStateOfTheProcessWithTheReasons() async throws {
    var configuration = try configuration()
    configuration.operationsPort = 0
    let (isStale, isStuck) = (Flag(), Flag())
    let health = ServerHealth(
      whyNotReady: { isStale.isSet ? ["no word of Pods for 5 minutes", "nor of Secrets"] : [] },
      whyNotAlive: { isStuck.isSet ? ["the queue does not move"] : [] })
    try await serving(configuration, health: health) { server in
      #expect(try await get("/healthz", server).text == "ok\n")
      #expect(try await get("/readyz", server).text == "ok\n")
      isStale.set()
      #expect(try await get("/healthz", server).status == 200)
      let readiness = try await get("/readyz", server)
      #expect(readiness.status == 503)
      #expect(readiness.text == "not ready: no word of Pods for 5 minutes; nor of Secrets\n")
      // Reviews that arrive anyway can still be decided.
      #expect(try await server.client().post("/mutate", [0x7B, 0x7D]).status == 200)
      isStuck.set()
      for answer in [try await get("/healthz", server), try await server.client().get("/healthz")] {
        #expect(answer.status == 503)
        #expect(answer.text == "not healthy: the queue does not move\n")
      }
    }
  }

  @Test func withoutACertificateThereIsThePortOfOperationsAlone() async throws {
    var configuration = ServerConfiguration(port: 0, certificate: .none)
    configuration.host = "127.0.0.1"
    configuration.drainTime = .zero
    configuration.operationsPort = 0
    try await serving(configuration) { server in
      #expect(server.port == 0)
      for path in ["/readyz", "/metrics"] {
        let answer = try await get(path, server)
        #expect(answer.status == 200)
      }
    }
  }

  @Test func countsConnectionsRefusalsAndWhatIsInFlight() async throws {
    var configuration = try configuration()
    configuration.maximumConnections = 1
    configuration.maximumSurplusConnections = 0
    configuration.patience = .seconds(60)
    configuration.operationsPort = 0
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, registry: registry) { server in
      let client = try await server.client()
      #expect(registry.value("postern_http_connections") == "1")
      #expect(try await client.get("/nothing").status == 404)
      #expect(registry.value("postern_http_refusals_total{code=\"404\"}") == "1")
      client.send(
        "POST /mutate HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
      #expect(try await eventually { registry.value("postern_http_requests_in_flight") == "1" })
      await #expect(throws: (any Error).self) { try await server.client() }
      #expect(registry.value("postern_http_connections_refused_total") == "1")
      // Probes are still answered.
      #expect(try await get("/healthz", server).status == 200)
      client.send("}")
      #expect(try await client.response().text == "m{}")
      #expect(registry.value("postern_http_requests_in_flight") == "0")
      await client.close()
      #expect(try await eventually { registry.value("postern_http_connections") == "0" })
    }
  }

  @Test func saysWhenTheCertificateExpires() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration(), registry: registry) { _ in
      let expiry = try #require(registry.value("postern_certificate_expiry_timestamp_seconds").flatMap { Double($0) })
      #expect(expiry > Date().timeIntervalSince1970)
    }
  }

  /// The alert takes the smallest of all replicas.
  @Test func whereNoCertificateIsServedNothingSaysWhenItExpires() {
    let registry = PrometheusRegistry(ServerMetrics.families)
    _ = ServerMetrics(registry)
    #expect(registry.value("postern_certificate_expiry_timestamp_seconds") == nil)
  }

  @Test func cutsAndCountsAClientThatStopsInTheMiddle() async throws {
    var configuration = try configuration()
    configuration.headerTimeout = .milliseconds(50)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, registry: registry) { server in
      let client = try await server.client()
      client.send("POST /mut")
      #expect(try await eventually { registry.value("postern_http_connections") == "0" })
      #expect(registry.value("postern_http_connections_cut_total{waiting_for=\"header\"}") == "1")
    }
  }
}
