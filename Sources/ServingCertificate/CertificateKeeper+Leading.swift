import JSONBytes
import KubernetesAPI
import KubernetesClient
import Logging
import Synchronization

extension CertificateKeeper {
  /// Repairs and renews the Secret, and keeps `caBundle` up to date, until the task is cancelled.
  /// - Parameter mayWrite: is asked before every write; if it returns false, nothing is written.
  package func lead(mayWrite: @escaping @Sendable () -> Bool) async {
    state.withLock { state in
      state.configurations = [:]
      state.published = nil
    }
    await withTaskGroup { group in
      for resource in Self.configurations {
        group.addTask {
          await self.client.watchOne(resource, self.settings.configuration, as: .tree) { self.saw($0, resource) }
        }
      }
      group.addTask { await self.keep(mayWrite) }
    }
  }

  private func saw(_ object: JSONValue?, _ resource: Resource) {
    let before = state.withLock { $0.configurations.updateValue(object, forKey: resource) }
    if object == nil, before != .some(.none) {
      logger.warning(
        "no webhook configuration to keep trust in", metadata: ["\(resource.kind)": "\(settings.configuration)"])
    }
    changed.call()
  }

  private func keep(_ mayWrite: @Sendable () -> Bool) async {
    var pause = Pause()
    while !Task.isCancelled {
      do {
        let rest = try await tend(mayWrite)
        pause = Pause()
        await changed.sleep(atMost: rest)
      } catch {
        if Task.isCancelled { return }
        logger.warning("certificates not kept", metadata: ["error": "\(error)"])
        await pause.take()
      }
    }
  }

  /// Does the next step on the Secret, or else updates `caBundle`.
  /// - Returns: how long to wait, if nothing changes before.
  private func tend(_ mayWrite: @Sendable () -> Bool) async throws -> Duration {
    guard let old = state.withLock({ $0.secret }) else { return settings.pollInterval }
    let secret = CertificateSecret(old)
    let wallTime = wallTime()
    let settling = settling(secret.authorities)
    let remembered = state.withLock { $0.remembered }
    let step = settings.policy.step(
      for: secret, remembered: remembered, isPublished: settling == .zero, now: wallTime)
    guard step != .keep else {
      let rest = try await publish(secret.authorities, mayWrite)
      return min(rest, settling.flatMap { $0 > .zero ? $0 : nil } ?? rest)
    }
    let new = try settings.policy.carriedOut(step, on: secret, remembered: remembered, now: wallTime)
    guard mayWrite() else { return settings.pollInterval }
    let written = try await client.update(
      .secrets, new.secret(settings.secret, in: settings.namespace, replacing: old))
    logger.notice("certificates changed", metadata: ["secret": "\(name)", "step": "\(step)"])
    saw(written, over: old)
    return .zero
  }

  /// How long to wait until all clients can be assumed to trust these authorities; nil where `caBundle` differs or is
  /// not known yet. A webhook configuration that does not exist has no clients to wait for.
  private func settling(_ authorities: String) -> Duration? {
    state.withLock { state -> Duration? in
      let isInPlace = Self.configurations.allSatisfy { resource in
        guard let known = state.configurations[resource] else { return false }
        return known.map { WebhookConfiguration.patch($0, caBundle: authorities) == nil } ?? true
      }
      guard isInPlace else {
        state.published = nil
        return nil
      }
      let published =
        state.published.flatMap { $0.authorities == authorities ? $0 : nil } ?? (authorities: authorities, since: now)
      state.published = published
      return max(.zero, settings.settleTime - (now - published.since))
    }
  }

  /// Writes these authorities into the `caBundle` of the webhook configurations.
  /// - Returns: how long to wait, if nothing changes before.
  private func publish(_ authorities: String, _ mayWrite: @Sendable () -> Bool) async throws -> Duration {
    var rest = settings.pollInterval
    var failure: KubernetesError?
    for resource in Self.configurations {
      let (known, spacing) = state.withLock { ($0.configurations[resource], $0.spacing[resource] ?? WriteSpacing()) }
      guard case .some(.some(let object)) = known,
        let patch = WebhookConfiguration.patch(object, caBundle: authorities)
      else { continue }
      let wait = spacing.rest(at: now)
      guard wait == .zero else {
        rest = min(rest, wait)
        continue
      }
      guard mayWrite() else { return settings.pollInterval }
      state.withLock { $0.spacing[resource, default: WriteSpacing()].wrote(at: now) }
      let patched: JSONValue
      do throws(KubernetesError) {
        patched = try await client.patch(resource, settings.configuration, .json(patch))
      } catch {
        // The other one's clients trust nobody either until it is written.
        failure = error
        continue
      }
      state.withLock {
        if $0.configurations[resource] == .some(.some(object)) { $0.configurations[resource] = patched }
      }
      let metadata: Logger.Metadata = ["\(resource.kind)": "\(settings.configuration)"]
      if spacing.isContested {
        logger.warning("caBundle set again; does another (cert-manager's injector?) write it too?", metadata: metadata)
      } else {
        logger.notice("caBundle set", metadata: metadata)
      }
      rest = .zero
    }
    if let failure { throw failure }
    return rest
  }
}
