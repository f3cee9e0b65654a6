import Dispatch
import JSONBytes
import Linux

/// The answer of an ``ExecPlugin``.
struct ExecCredential: Sendable {
  let token: String?
  /// The client certificate and its key, as PEM.
  let certificate: String?
  let key: String?
  /// As in RFC 3339; nil where it does not say.
  let expires: String?

  /// Nil where it is no answer, or contains no credential.
  init?(decoding bytes: [UInt8], apiVersion: String) {
    guard let root = try? JSONValue(parsing: bytes), root["kind"]?.string == "ExecCredential",
      root["apiVersion"]?.string == apiVersion, let status = root["status"]
    else { return nil }
    func text(_ key: String) -> String? { status[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    token = text("token")
    (certificate, key) = (text("clientCertificateData"), text("clientKeyData"))
    expires = text("expirationTimestamp")
    guard (certificate == nil) == (key == nil), token != nil || certificate != nil else { return nil }
  }

  /// A time that is not in UTC is not understood; then the server's refusal shows that the credential has expired.
  var isExpired: Bool {
    guard let expires, expires.hasSuffix("Z"), expires.utf8.count >= 20 else { return false }
    return expires.prefix(19) <= SystemClock.timestamp().prefix(19)
  }
}

/// The tokens of an ``ExecPlugin``, which is never run twice at once.
package actor ExecTokens {
  private let plugin: ExecPlugin
  private var current: ExecCredential?
  private var running: Task<Result<ExecCredential, ConfigurationError>, Never>?

  init(_ plugin: ExecPlugin, first: ExecCredential) {
    self.plugin = plugin
    current = first
  }

  func token() async throws(ConfigurationError) -> String? {
    if let current, !current.isExpired { return current.token }
    let task = running ?? Task { await renew() }
    running = task
    return try await task.value.get().token
  }

  /// Only this writes the result: who waits for it may wake when the next run has begun.
  private func renew() async -> Result<ExecCredential, ConfigurationError> {
    let result = await Self.result(of: plugin)
    running = nil
    current = try? result.get()
    return result
  }

  /// The server did not accept this token.
  func reject(_ token: String?) { if current?.token == token { current = nil } }

  /// Runs the program on a thread that may block.
  private static func result(of plugin: ExecPlugin) async -> Result<ExecCredential, ConfigurationError> {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: Result { () throws(ConfigurationError) in try plugin.run() })
      }
    }
  }
}
