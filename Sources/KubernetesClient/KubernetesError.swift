package import KubernetesAPI

/// Why a request failed. It contains neither tokens nor contents of a Secret.
package struct KubernetesError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong.
  package enum Cause: Equatable, Sendable {
    /// The API server refused. The status is reduced to what may be repeated.
    case refused(Status)
    /// There is no connection; nothing was sent.
    case unreachable(reason: String)
    /// The server could not be authenticated; nothing was sent.
    case untrusted(reason: String)
    /// The connection broke, or the time ran out, before the whole answer arrived. The request may have been carried
    /// out.
    case interrupted(reason: String)
    /// The answer was larger than allowed, or not JSON of the expected kind.
    case notUnderstood(reason: String)
    /// The token cannot be read.
    case noCredential(reason: String)
    /// The request is invalid and was not sent.
    case invalid(reason: String)
    /// The Pod's port cannot be reached, or its connection broke.
    case notForwarded(reason: String)
    /// The task was cancelled.
    case cancelled
  }

  /// The action, as in RBAC rules, but `apply` for server-side apply.
  package var verb: String
  /// The path, without its query.
  package var path: String
  /// The API server's host and port.
  package var server: String
  /// What went wrong.
  package var cause: Cause
  /// How long the API server asked the client to wait.
  package var retryAfter: Duration?

  /// One line for people: the action, what went wrong, what to do.
  package var description: String { "\(verb) \(path): \(reason)" }

  private var reason: String {
    switch cause {
    case .refused(let status):
      "\(status.code)\(status.reason.isEmpty ? "" : " \(status.reason)")\(status.message.isEmpty ? "" : ": ")"
        + status.message
    case .unreachable(let reason):
      "no connection to \(server): \(reason); check the address, and whether the API server runs"
    case .untrusted(let reason):
      "\(server) is not trusted: \(reason); check certificate-authority (ca.crt) and tls-server-name"
    case .interrupted(let reason): "no whole answer from \(server): \(reason); it may have been carried out"
    case .notUnderstood(let reason): "an answer from \(server) that is not understood: \(reason)"
    case .noCredential(let reason): "no token: \(reason)"
    case .invalid(let reason), .notForwarded(let reason): reason
    case .cancelled: "cancelled"
    }
  }

  /// The HTTP status code; nil where no answer came.
  package var code: Int? {
    guard case .refused(let status) = cause else { return nil }
    return status.code
  }

  /// 404: there is no such object.
  package var isNotFound: Bool { code == 404 }
  /// 409, `AlreadyExists`: another client created it before.
  package var isAlreadyExists: Bool {
    guard case .refused(let status) = cause else { return false }
    return status.code == 409 && status.reason == "AlreadyExists"
  }
  /// 409: another client has changed the object, or owns a field that was to be applied, or a precondition does not
  /// hold.
  package var isConflict: Bool { code == 409 && !isAlreadyExists }
  /// 410: the resource version, or the page token of a list, is too old; list again.
  package var isExpired: Bool { code == 410 }
  /// 401: the server does not accept the token or the client certificate.
  package var isUnauthorized: Bool { code == 401 }
  /// 403: it is not allowed.
  package var isForbidden: Bool { code == 403 }
  /// 403 or 422: rights, an admission policy or the API's own rules do not allow it, and will not allow the same again.
  package var isDisallowed: Bool { isForbidden || code == 422 }
  /// The task was cancelled.
  package var isCancelled: Bool { cause == .cancelled }

  /// Whether trying again may help.
  package var isTransient: Bool {
    switch cause {
    case .refused(let status): [429, 500, 502, 503, 504].contains(status.code)
    case .unreachable, .interrupted: true
    case .untrusted, .notUnderstood, .noCredential, .invalid, .notForwarded, .cancelled: false
    }
  }

  /// Whether the server has certainly done nothing, because it was too busy or never reached.
  var isWithoutEffect: Bool {
    if case .unreachable = cause { true } else { code == 429 || code == 503 }
  }
}
