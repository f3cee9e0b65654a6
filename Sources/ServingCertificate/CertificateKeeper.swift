import JSONBytes
import KubernetesAPI
package import KubernetesClient
import Linux
package import Logging
import Synchronization

/// Keeps an authority and a serving certificate in a Secret, and keeps the clients' trust in them.
///
/// Every replica runs ``watch()``: it serves the certificate in the Secret, and creates the Secret if there is none.
/// The leader also runs ``lead(mayWrite:)``: it repairs and renews the Secret and keeps the webhook configurations'
/// `caBundle` up to date. Every write names the version of the object that it replaces, so that two writers never undo
/// each other's work.
package final class CertificateKeeper: Sendable {
  struct State {
    /// Whether the watch has reported the present state.
    var isKnown = false
    /// Nil: there is no Secret.
    var secret: JSONValue?
    /// The last good content of the Secret.
    var remembered: CertificateSecret?
    /// The content that was last given to the server.
    var served: CertificateSecret?
    /// The content that was refused, so that it is told once.
    var refused: CertificateSecret?
    /// While leading: the configurations that the watches have reported; nil: does not exist.
    var configurations: [Resource: JSONValue?] = [:]
    var spacing: [Resource: WriteSpacing] = [:]
    /// The authorities that `caBundle` contains everywhere, and since when, by the monotonic clock.
    var published: (authorities: String, since: Duration)?
  }

  static let configurations: [Resource] = [.mutatingWebhookConfigurations, .validatingWebhookConfigurations]

  let client: KubernetesClient
  let settings: CertificateSettings
  let logger: Logger
  private let use: CertificateUse
  /// The wall clock, in seconds since 1970.
  let wallTime: @Sendable () -> Int
  let state = Mutex(State())
  /// Called when the Secret is missing.
  private let missing = WakeUp()
  /// Called when something has changed that a leader must look at.
  let changed = WakeUp()
  private let start = ContinuousClock.now

  /// - Parameter wallTime: in seconds since 1970; nil: the system's clock.
  package init(
    _ client: KubernetesClient, settings: CertificateSettings, logger: Logger, use: CertificateUse,
    wallTime: (@Sendable () -> Int)? = nil
  ) {
    self.client = client
    self.settings = settings
    self.logger = logger
    self.use = use
    self.wallTime = wallTime ?? { Int(SystemClock.wallMilliseconds / 1000) }
  }

  var now: Duration { ContinuousClock.now - start }

  /// Serves the certificate in the Secret, and creates the Secret where there is none, until the task is cancelled.
  package func watch() async {
    await withTaskGroup { group in
      group.addTask {
        await self.client.watchOne(.secrets, self.settings.secret, in: self.settings.namespace, as: .tree) {
          self.saw($0)
        }
      }
      group.addTask { await self.makeWhereMissing() }
    }
  }

  /// Takes the Secret's present state; nil: there is no Secret.
  /// - Parameter old: what this process has just replaced. If the watch has meanwhile reported a later state, this call
  ///   does nothing.
  func saw(_ object: JSONValue?, over old: JSONValue? = nil) {
    let secret = object.map { CertificateSecret($0) }
    let findings = secret.map { Findings($0, settings.policy, now: wallTime()) }
    // Call `use` under the lock, so that an older pair never replaces a newer one.
    state.withLock { state in
      guard old == nil || state.secret == old else { return }
      state.isKnown = true
      state.secret = object
      guard let secret, let findings else { return }
      if findings.isGood { state.remembered = secret }
      guard secret.certificate != state.served?.certificate || secret.privateKey != state.served?.privateKey
      else { return state.refused = nil }
      guard findings.serving == nil else {
        (state.served, state.refused) = (secret, nil)
        return use.serve(secret.certificate, secret.privateKey)
      }
      guard secret != state.refused else { return }
      state.refused = secret
      use.refuse(
        "the Secret \(name) holds no serving certificate that is valid now, bears "
          + "\(settings.policy.names.joined(separator: ", ")) and is issued by an authority in it")
    }
    if object == nil { missing.call() }
    changed.call()
  }

  /// Judges what was refused anew: the clock may have been wrong, or the certificate's time may have begun.
  private func reconsider() {
    guard let refused = state.withLock({ $0.refused == nil ? nil : $0.secret }) else { return }
    saw(refused, over: refused)
  }

  private func makeWhereMissing() async {
    var pause = Pause()
    while !Task.isCancelled {
      let (isMissing, remembered) = state.withLock { ($0.isKnown && $0.secret == nil, $0.remembered) }
      guard isMissing else {
        reconsider()
        await missing.sleep(atMost: settings.pollInterval)
        continue
      }
      do {
        let now = wallTime()
        let step = settings.policy.step(for: nil, remembered: remembered, isPublished: false, now: now)
        let secret = try settings.policy.carriedOut(step, on: nil, remembered: remembered, now: now)
        try await client.create(.secrets, secret.secret(settings.secret, in: settings.namespace))
        logger.info("certificates made", metadata: ["secret": "\(name)", "step": "\(step)"])
        pause = Pause()
        // Wait until the watch reports it, so that it is not created twice.
        await missing.sleep(atMost: settings.pollInterval)
      } catch let error as KubernetesError where error.isAlreadyExists {
        // Another replica created it; the watch will report it.
        await missing.sleep(atMost: settings.pollInterval)
      } catch {
        if Task.isCancelled { return }
        logger.error("certificates not made", metadata: ["secret": "\(name)", "error": "\(error)"])
        await pause.take()
      }
    }
  }

  var name: String { "\(settings.namespace)/\(settings.secret)" }
}

/// Waits after errors: each is random, at most a second at first and at most a minute later.
struct Pause {
  private var bound: Duration = .seconds(1)

  mutating func take() async {
    try? await Task.sleep(for: bound * Double.random(in: 0.5...1))
    bound = min(bound * 2, .seconds(60))
  }
}
