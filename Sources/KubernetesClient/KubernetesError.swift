package import KubernetesAPI

/// Why a request did not do what it was to do. It holds neither tokens nor what a Secret holds.
package struct KubernetesError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong.
  package enum Cause: Equatable, Sendable {
    /// The API server said no; what it said, as far as that may be repeated.
    case refused(Status)
    /// There is no connection; nothing was sent.
    case unreachable(reason: String)
    /// The server could not prove who it is; nothing was sent.
    case untrusted(reason: String)
    /// The connection broke, or the time went by, before the whole answer was there; it may have been carried out.
    case interrupted(reason: String)
    /// More than was asked for came, or something that is no JSON of the kind expected.
    case notUnderstood(reason: String)
    /// The token cannot be read.
    case noCredential(reason: String)
    /// It was not sent, as it cannot be meant.
    case invalid(reason: String)
    /// The task was cancelled.
    case cancelled
  }

  /// What was to be done, as in RBAC rules, but `apply` for server-side apply.
  package var verb: String
  /// Where: the path without its query.
  package var path: String
  /// The API server's host and port.
  package var server: String
  /// What went wrong.
  package var cause: Cause
  /// How long the API server asked to wait.
  package var retryAfter: Duration?

  /// One line for people: what was to be done, what went wrong, what to do.
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
    case .invalid(let reason): reason
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
  /// 409, `AlreadyExists`: somebody made it before.
  package var isAlreadyExists: Bool {
    guard case .refused(let status) = cause else { return false }
    return status.code == 409 && status.reason == "AlreadyExists"
  }
  /// 409: somebody else changed it, or manages a field that was to be applied, or a precondition does not hold.
  package var isConflict: Bool { code == 409 && !isAlreadyExists }
  /// 410: the resource version, or the place in a list, is too old; list again.
  package var isExpired: Bool { code == 410 }
  /// 401: the token or the client certificate is not taken.
  package var isUnauthorized: Bool { code == 401 }
  /// The task was cancelled.
  package var isCancelled: Bool { cause == .cancelled }

  /// Whether trying again may help.
  package var isTransient: Bool {
    switch cause {
    case .refused(let status): [429, 500, 502, 503, 504].contains(status.code)
    case .unreachable, .interrupted: true
    case .untrusted, .notUnderstood, .noCredential, .invalid, .cancelled: false
    }
  }

  /// Whether the server has surely done nothing: it was too busy, or never reached.
  var isWithoutEffect: Bool {
    if case .unreachable = cause { true } else { code == 429 || code == 503 }
  }
}
