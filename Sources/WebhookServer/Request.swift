import NIOHTTP1

/// What a request's head says: what to do when its body has arrived, and whether the connection persists.
struct Request {
  enum Action: Equatable {
    case webhook(WebhookPath)
    case health
    case readiness
    case metrics
    case refuse(Refusal)
  }

  /// Which of the server's two ports a request came to.
  enum Port {
    case webhook
    /// Plain HTTP, for scrapers and probes. It accepts no reviews.
    case operations
  }

  let action: Action
  /// The body's length, if the client states it.
  let contentLength: Int?
  /// Whether the client waits for `100 Continue`.
  let expectsContinue: Bool
  /// Whether the client can send another request on this connection.
  let keepsAlive: Bool
  /// Whether it is HTTP/1.0, so that the answer must say if the connection persists.
  let isHTTP10: Bool
  /// Whether it is HEAD, so that the answer has no body.
  let isHead: Bool

  init(_ head: HTTPRequestHead, at port: Port) {
    let fields = RequestFields(head.headers)
    let method = head.method
    isHTTP10 = head.version == .http1_0
    isHead = method == .HEAD
    keepsAlive = head.isKeepAlive && method != .CONNECT && !fields.asksForUpgrade
    contentLength = fields.contentLength
    let hasBody = fields.isChunked || fields.contentLength ?? 0 > 0
    expectsContinue = fields.expectsContinue && hasBody && !isHTTP10
    action =
      fields.hasHost || isHTTP10 ? Self.action(head, fields, at: port, hasBody: hasBody) : .refuse(.noHost)
  }

  private static func action(
    _ head: HTTPRequestHead, _ fields: RequestFields, at port: Port, hasBody: Bool
  ) -> Action {
    switch (path(head.uri), port) {
    case ("/mutate", .webhook): webhook(.mutate, head, fields, hasBody: hasBody)
    case ("/validate", .webhook): webhook(.validate, head, fields, hasBody: hasBody)
    case ("/healthz", _): reading(head, .health)
    case ("/readyz", _): reading(head, .readiness)
    case ("/metrics", .operations): reading(head, .metrics)
    case (_, .webhook): .refuse(.notFound)
    case (_, .operations): .refuse(.notFoundInOperations)
    }
  }

  private static func reading(_ head: HTTPRequestHead, _ action: Action) -> Action {
    head.method == .GET || head.method == .HEAD ? action : .refuse(.getOnly)
  }

  private static func webhook(
    _ path: WebhookPath, _ head: HTTPRequestHead, _ fields: RequestFields, hasBody: Bool
  ) -> Action {
    guard head.method == .POST else { return .refuse(.postOnly) }
    guard hasBody else { return .refuse(.emptyBody) }
    return fields.isJSON ? .webhook(path) : .refuse(.notJSON)
  }

  /// The path of a request target, without the query. It may be an absolute URI too, which servers must accept (RFC
  /// 9112 §3.2.2).
  private static func path(_ target: String) -> String {
    var rest = target.utf8[...]
    if rest.first != UInt8(ascii: "/"), let scheme = target.firstRange(of: "://") {
      rest = rest[scheme.upperBound...].drop { $0 != UInt8(ascii: "/") }
    }
    return String(Substring(rest.prefix { $0 != UInt8(ascii: "?") }))
  }
}
