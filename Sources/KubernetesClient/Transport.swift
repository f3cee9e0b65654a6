import Contract
import AsyncHTTPClient
import JSONBytes
import KubernetesAPI
import NIOCore
import NIOHTTP1

/// Sends calls. It adds credentials, limits the rate, applies timeouts, retries, and names the call in every error.
final class Transport: Sendable {
  let settings: ClientSettings
  let time: Time
  let cluster: ClusterConfiguration
  private let base: String
  /// The host, in brackets where it is an IPv6 address, and the port.
  let server: String
  private let requests: HTTPClient
  /// A client of its own for watches: they occupy their connections for long, and they are given up when nothing
  /// arrives, not at a deadline.
  private let watches: HTTPClient
  private let tokens: TokenSource
  private let bucket: TokenBucket
  let metrics: ClientMetrics

  init(_ cluster: ClusterConfiguration, _ settings: ClientSettings, _ metrics: ClientMetrics, _ time: Time) {
    self.settings = settings
    self.time = time
    self.metrics = metrics
    self.cluster = cluster
    let bracketed = { (host: String) in host.contains(":") ? "[\(host)]" : host }
    server = "\(bracketed(cluster.host)):\(cluster.port)"
    base = "https://\(bracketed(cluster.tlsServerName ?? cluster.host)):\(cluster.port)\(cluster.pathPrefix)"
    tokens = TokenSource(cluster.credential, time: time)
    bucket = TokenBucket(rate: settings.requestsPerSecond, burst: settings.burst, time: time)
    requests = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: .connecting(to: cluster, settings, limit: 64))
    var configuration = HTTPClient.Configuration.connecting(to: cluster, settings, limit: 1024)
    configuration.timeout.read = TimeAmount(settings.watchTimeout + settings.watchGrace)
    watches = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func shutdown() async {
    try? await requests.shutdown()
    try? await watches.shutdown()
  }

  /// Sends a call and returns the whole answer.
  func answer(to call: Call) async throws(KubernetesError) -> [UInt8] {
    try await consume(call) { body in
      Array(try await body.collect(upTo: self.settings.maximumBodyBytes).readableBytesView)
    }
  }

  /// Sends a call and lets `take` read the answer while it arrives. A retry begins `take` again.
  func consume<Value: Sendable>(
    _ call: Call, _ take: @escaping @Sendable (HTTPClientResponse.Body) async throws -> Value
  ) async throws(KubernetesError) -> Value {
    try await retrying(call) { token in
      try await withTimeout(self.settings.requestTimeout) {
        try await take(self.execute(call, with: token, on: self.requests, isTimed: true).body)
      }
    }
  }

  /// Starts a watch and returns its body.
  func stream(_ call: Call) async throws(KubernetesError) -> HTTPClientResponse.Body {
    try await retrying(call) { token in
      try await self.execute(call, with: token, on: self.watches, isTimed: false).body
    }
  }

  func error(_ call: Call, _ cause: KubernetesError.Cause) -> KubernetesError {
    KubernetesError(verb: call.verb, path: call.path, server: server, cause: cause)
  }

  /// The error of this call, made from any error that was thrown.
  func error(_ call: Call, thrown error: any Error) -> KubernetesError {
    if let error = error as? KubernetesError { return error }
    let cause = KubernetesError.Cause(transport: error, timeout: settings.requestTimeout)
    return self.error(call, Task.isCancelled ? .cancelled : cause)
  }

  /// Tries a call, with a new token where the API server does not take the first, and again where that may help.
  /// - Parameter maximumTries: nil: as the settings say.
  func retrying<Value>(
    _ call: Call, maximumTries: Int? = nil, _ attempt: (_ token: String?) async throws -> Value
  ) async throws(KubernetesError) -> Value {
    var backoff = Backoff(settings)
    var tries = 0
    var isRejected = false
    while true {
      tries += 1
      var token: String?
      do {
        try await bucket.take()
        do throws(NoToken) { token = try await tokens.token() } catch {
          throw self.error(call, .noCredential(reason: error.reason))
        }
        return try await attempt(token)
      } catch {
        let error = self.error(call, thrown: error)
        if error.isUnauthorized, !isRejected, await tokens.reject(token) {
          isRejected = true
          continue
        }
        guard tries < maximumTries ?? settings.maximumTries, call.isRetried(after: error),
          (error.retryAfter ?? .zero) <= settings.maximumRetryDelay
        else { throw error }
        do { try await time.sleep(backoff.next(after: error.retryAfter)) } catch { throw self.error(call, .cancelled) }
      }
    }
  }

  /// Tries once. Returns when the head of a successful answer has arrived.
  private func execute(
    _ call: Call, with token: String?, on client: HTTPClient, isTimed: Bool
  ) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: base + call.target)
    request.method = call.method
    request.headers = ["Accept": call.accept, "User-Agent": ObjectLabel.manager]
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let body = call.body {
      request.headers.add(name: "Content-Type", value: body.type)
      request.body = .bytes(ByteBuffer(bytes: body.bytes))
    }
    let start = time.now()
    var code: Int?
    defer {
      metrics.record(
        verb: call.verb, resource: call.resource.plural, code: code, took: isTimed ? time.now() - start : nil)
    }
    let response = try await client.execute(request, timeout: TimeAmount(settings.requestTimeout))
    code = Int(response.status.code)
    guard !(200..<300).contains(response.status.code) else { return response }
    throw await refusal(call, response)
  }

  /// The message about a Secret that was sent, without what may quote the Secret. If the body could not be parsed
  /// (server-side apply reports that as 500), nothing of the message is kept; of an admission plugin's refusal, only
  /// the plugin's name.
  private static func withoutSecrets(_ message: String, _ code: Int) -> String {
    if let denial = message.firstRange(of: " denied ") {
      return "\(message[..<denial.lowerBound]) denied the request; its words are withheld, as they may quote the Secret"
    }
    guard ![401, 403, 404, 409, 429, 503, 504].contains(code) else { return message }
    let question =
      code == 422
      ? ", and whether it is immutable: once it is deleted, Postern makes it anew, a user's with the same password" : ""
    return "what the API server says is withheld, as it may quote the Secret; check its keys and values\(question)"
  }

  private func refusal(_ call: Call, _ response: HTTPClientResponse) async -> KubernetesError {
    let code = Int(response.status.code)
    let body = try? await response.body.collect(upTo: 1 << 20)
    let value = body.flatMap { try? JSONValue(parsing: Array($0.readableBytesView)) }
    var status =
      value.flatMap { Status($0) }
      ?? Status(
        code: code, reason: response.status.reasonPhrase, message: "", name: "",
        kind: GroupVersionKind(group: "", version: "", kind: ""))
    if call.resource == .secrets, call.body != nil { status.message = Self.withoutSecrets(status.message, code) }
    var error = self.error(call, .refused(status))
    // In seconds; the API server never sends a date.
    error.retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }.map { .seconds(max(0, $0)) }
    return error
  }
}
