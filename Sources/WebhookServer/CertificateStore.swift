import CoreMetrics
import Linux
import Logging
import NIOSSL
import Synchronization

/// The TLS context that new connections get, and its renewal from the two files. Connections keep the one they began
/// with.
final class CertificateStore: Sendable {
  private struct Seen {
    var served: CertificatePair
    /// What was refused last: the same again is no news.
    var refused: Result<CertificatePair, ServerError>?
  }

  private let configuration: ServerConfiguration
  private let logger: Logger
  private let metrics: ServerMetrics
  private let now: @Sendable () -> Int
  private let current: Mutex<NIOSSLContext>
  /// Held for the length of a reload, so that an older pair never replaces a newer one.
  private let seen: Mutex<Seen>

  init(
    _ configuration: ServerConfiguration, logger: Logger, metrics: ServerMetrics,
    now: @escaping @Sendable () -> Int = {
      Int(SystemClock.wallMilliseconds / 1000)
    }
  ) throws(ServerError) {
    self.configuration = configuration
    self.logger = logger
    self.metrics = metrics
    self.now = now
    let pair = try CertificatePair(reading: configuration)
    let usable = try pair.usable(configuration, now: now())
    current = Mutex(usable.context)
    seen = Mutex(Seen(served: pair))
    metrics.certificateExpiry.set(usable.expiry)
  }

  /// For the next connection.
  var context: NIOSSLContext { current.withLock { $0 } }

  /// Looks at the files. A new pair that is good is taken; one that is not is logged and counted once, and the old
  /// pair stays. Whether a new one was taken.
  ///
  /// The contents are compared, not the times: it costs two small reads, and no way of replacing files (rename, the
  /// `..data` link of a Kubernetes volume, a write in place) escapes it.
  func reload() -> Bool {
    seen.withLock { seen in
      var found = read()
      if found == .success(seen.served) {
        seen.refused = nil
        return false
      }
      // The two files are not replaced in one step, or were between the two reads: look until they hold still.
      var verdict = judge(found)
      while case .failure = verdict {
        let again = read()
        if again == found { break }
        found = again
        verdict = judge(found)
      }
      switch (found, verdict) {
      case (.success(let pair), .success(let usable)):
        guard pair != seen.served else { return false }
        seen.served = pair
        seen.refused = nil
        current.withLock { $0 = usable.context }
        metrics.certificateExpiry.set(usable.expiry)
        logger.info("certificate reloaded", metadata: ["file": "\(configuration.certificateFile)"])
        return true
      case (_, .failure(let error)) where found != seen.refused:
        seen.refused = found
        metrics.reloadFailures.increment()
        logger.error("certificate not reloaded, the old one stays: \(error.message)")
        return false
      default:
        return false
      }
    }
  }

  private func read() -> Result<CertificatePair, ServerError> {
    Result { () throws(ServerError) in try CertificatePair(reading: configuration) }
  }

  private func judge(
    _ found: Result<CertificatePair, ServerError>
  ) -> Result<CertificatePair.Usable, ServerError> {
    found.flatMap { pair in
      Result { () throws(ServerError) in try pair.usable(configuration, now: now()) }
    }
  }
}
