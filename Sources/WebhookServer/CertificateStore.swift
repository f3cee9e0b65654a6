import CoreMetrics
import Linux
import Logging
import NIOSSL
import Synchronization

/// The TLS context that new connections get, and its renewal, from two files or by who gives a pair. Connections keep
/// the one they began with.
final class CertificateStore: Sendable {
  private struct Seen {
    var served: CertificatePair?
    /// What was refused last: the same again is no news.
    var refused: Result<CertificatePair, ServerError>?
  }

  private let source: CertificateSource
  private let lingerTime: Duration
  private let logger: Logger
  private let metrics: ServerMetrics
  private let now: @Sendable () -> Int
  private let current: Mutex<NIOSSLContext?>
  /// Held for the length of a reload, so that an older pair never replaces a newer one.
  private let seen: Mutex<Seen>

  init(
    _ configuration: ServerConfiguration, logger: Logger, metrics: ServerMetrics,
    now: @escaping @Sendable () -> Int = {
      Int(SystemClock.wallMilliseconds / 1000)
    }
  ) throws(ServerError) {
    source = configuration.certificate
    lingerTime = configuration.lingerTime
    self.logger = logger
    self.metrics = metrics
    self.now = now
    guard case .files(let certificate, let privateKey) = source else {
      current = Mutex(nil)
      seen = Mutex(Seen())
      return
    }
    let pair = try CertificatePair(certificateFile: certificate, privateKeyFile: privateKey)
    let usable = try pair.usable(lingerTime: lingerTime, now: now())
    current = Mutex(usable.context)
    seen = Mutex(Seen(served: pair))
    metrics.certificateExpiry.set(usable.expiry)
  }

  /// For the next connection; nil where no pair was given yet.
  var context: NIOSSLContext? { current.withLock { $0 } }

  /// Looks at the files. A new pair that is good is taken; one that is not is logged and counted once, and the old
  /// pair stays. Whether a new one was taken.
  ///
  /// The contents are compared, not the times: it costs two small reads, and no way of replacing files (rename, the
  /// `..data` link of a Kubernetes volume, a write in place) escapes it.
  func reload() -> Bool {
    guard case .files(let certificate, let privateKey) = source else { return false }
    return seen.withLock { seen in
      var found = read(certificate, privateKey)
      if let served = seen.served, found == .success(served) {
        seen.refused = nil
        return false
      }
      // The two files are not replaced in one step, or were between the two reads: look until they hold still.
      var verdict = judge(found)
      while case .failure = verdict {
        let again = read(certificate, privateKey)
        if again == found { break }
        found = again
        verdict = judge(found)
      }
      return take(found, verdict, &seen)
    }
  }

  /// Takes a pair from memory, as ``reload()`` takes one from files.
  func use(_ pair: CertificatePair) -> Bool {
    seen.withLock { seen in take(.success(pair), judge(.success(pair)), &seen) }
  }

  /// Logs and counts that a pair was not even given.
  func refuse(_ reason: String) {
    metrics.reloadFailures.increment()
    logger.error("certificate not taken: \(reason)")
  }

  private func take(
    _ found: Result<CertificatePair, ServerError>, _ verdict: Result<CertificatePair.Usable, ServerError>,
    _ seen: inout Seen
  ) -> Bool {
    switch (found, verdict) {
    case (.success(let pair), .success(let usable)):
      guard pair != seen.served else { return false }
      let isFirst = seen.served == nil
      seen.served = pair
      seen.refused = nil
      current.withLock { $0 = usable.context }
      metrics.certificateExpiry.set(usable.expiry)
      logger.info(
        isFirst ? "certificate taken" : "certificate reloaded", metadata: ["file": "\(pair.certificateName)"])
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

  private func read(_ certificate: String, _ privateKey: String) -> Result<CertificatePair, ServerError> {
    Result { () throws(ServerError) in
      try CertificatePair(certificateFile: certificate, privateKeyFile: privateKey)
    }
  }

  private func judge(
    _ found: Result<CertificatePair, ServerError>
  ) -> Result<CertificatePair.Usable, ServerError> {
    found.flatMap { pair in
      Result { () throws(ServerError) in try pair.usable(lingerTime: lingerTime, now: now()) }
    }
  }
}
