import CoreMetrics
import Linux
import Logging
import NIOSSL
import Synchronization

/// Holds the TLS context for new connections and renews it, from files or from a pair that a caller gives. A connection
/// keeps the context that it began with.
final class CertificateStore: Sendable {
  private struct Seen {
    var served: TLSMaterial
    /// What was refused last. The same material is not logged and counted a second time.
    var refused: Result<TLSMaterial, ServerError>?
  }

  private let source: CertificateSource
  private let clientAuthorityFile: String?
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
    clientAuthorityFile = configuration.clientAuthorityFile
    self.logger = logger
    self.metrics = metrics
    self.now = now
    let material = try Self.read(source, clientAuthorityFile, given: nil)
    let usable = try material.usable(now: now())
    current = Mutex(usable?.context)
    seen = Mutex(Seen(served: material))
    if let usable { metrics.certificateExpires(at: usable.expiry) }
  }

  /// The context for the next connection; nil before a pair was given.
  var context: NIOSSLContext? { current.withLock { $0 } }

  /// Reads the files. A new and valid pair is taken. An invalid one is logged and counted once, and the old pair stays.
  /// Returns whether a new pair was taken.
  ///
  /// It compares contents, not modification times: that costs a few small reads, and it notices every way of replacing
  /// files (rename, the `..data` link of a Kubernetes volume, a write in place).
  func reload() -> Bool {
    seen.withLock { seen in
      var found = read(given: seen.served.pair)
      if found == .success(seen.served) {
        seen.refused = nil
        return false
      }
      // The files may have been replaced between two reads. Read them again until two reads agree.
      var verdict = judge(found)
      while case .failure = verdict {
        let again = read(given: seen.served.pair)
        if again == found { break }
        found = again
        verdict = judge(found)
      }
      return take(found, verdict, &seen)
    }
  }

  /// Takes a pair from memory, as ``reload()`` takes one from files.
  func use(_ pair: CertificatePair) -> Bool {
    seen.withLock { seen in
      let material = TLSMaterial(pair: pair, clientAuthority: seen.served.clientAuthority)
      return take(.success(material), judge(.success(material)), &seen)
    }
  }

  /// Logs and counts that a new pair could not even be given to this store.
  func refuse(_ reason: String) {
    metrics.reloadFailures.increment()
    logger.error("certificate not taken: \(reason)")
  }

  private func take(
    _ found: Result<TLSMaterial, ServerError>, _ verdict: Result<TLSMaterial.Usable?, ServerError>, _ seen: inout Seen
  ) -> Bool {
    switch (found, verdict) {
    case (.success(let material), .success(let usable)):
      guard material != seen.served else { return false }
      let old = seen.served
      seen = Seen(served: material)
      current.withLock { $0 = usable?.context }
      if let usable { metrics.certificateExpires(at: usable.expiry) }
      if material.clientAuthority != old.clientAuthority { logger.info("client authority reloaded") }
      if let pair = material.pair, pair != old.pair {
        logger.info(
          old.pair == nil ? "certificate taken" : "certificate reloaded", metadata: ["file": "\(pair.certificateName)"])
      }
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

  private func read(given pair: CertificatePair?) -> Result<TLSMaterial, ServerError> {
    Result { () throws(ServerError) in try Self.read(source, clientAuthorityFile, given: pair) }
  }

  private static func read(
    _ source: CertificateSource, _ clientAuthorityFile: String?, given pair: CertificatePair?
  ) throws(ServerError) -> TLSMaterial {
    var material = TLSMaterial(pair: pair, clientAuthority: nil)
    if case .files(let certificate, let privateKey) = source {
      material.pair = try CertificatePair(certificateFile: certificate, privateKeyFile: privateKey)
    }
    if let clientAuthorityFile { material.clientAuthority = try ClientAuthority(file: clientAuthorityFile) }
    return material
  }

  private func judge(_ found: Result<TLSMaterial, ServerError>) -> Result<TLSMaterial.Usable?, ServerError> {
    found.flatMap { material in
      Result { () throws(ServerError) in try material.usable(now: now()) }
    }
  }
}
