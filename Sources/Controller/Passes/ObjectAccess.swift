import Contract
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// Why a pass ends early.
enum Interruption: Error {
  /// This replica no longer leads; another may.
  case notLeading
  case failed(KubernetesError)
  /// The instance contains, or refers to, more than a pass may keep.
  case tooMuch
  /// Scripts are being checked. Another pass runs when their verdicts are known.
  case awaitsVerdicts
  /// There is no room to check scripts now. The pass must be tried again.
  case crowded
}

/// Reads and writes a customer's objects. It writes only while this replica leads.
struct ObjectAccess: Sendable {
  /// How much a pass may keep. A ConfigMap or Secret has at most 1 MiB of values, and all that is mounted fits into one
  /// of each.
  static let maximumBytes = 8 << 20

  let client: KubernetesClient
  let key: CustomerKey
  let mayWrite: @Sendable () -> Bool
  /// Called with each object that was written.
  let wrote: @Sendable (LiveObject) -> Void
  /// Limits the bytes that are read and kept.
  let budget = ByteBudget(Self.maximumBytes)

  /// All Secrets with the customer's label.
  /// - Parameter isNeeded: whether the values of a Secret with this name are needed.
  func secrets(
    keepingDataOf isNeeded: @escaping @Sendable (String) -> Bool
  ) async throws(Interruption) -> [LiveObject] {
    let selection = Selection(
      .secrets, namespace: key.namespace, labelSelector: "\(AnnotationKey.customerLabel)=\(key.customer)")
    let budget = budget
    let secrets: [LiveObject]
    do throws(KubernetesError) {
      let reader = ObjectReader { object throws(JSONError) in
        let secret = try LiveObject(object, kind: .secret)
        return isNeeded(secret.name) && budget.take(secret) ? secret : secret.withoutData
      }
      secrets = try await client.list(selection, as: reader).items
    } catch { throw .failed(error) }
    guard !budget.isExceeded else { throw .tooMuch }
    return secrets
  }

  /// An object; nil where there is none.
  func get(
    _ kind: DesiredObject.Kind, _ name: String, isRetried: Bool = true
  ) async throws(Interruption) -> LiveObject? {
    let live: LiveObject
    do throws(KubernetesError) {
      live = try await client.get(
        kind.resource, name, in: key.namespace, isRetried: isRetried, as: Self.reader(kind))
    } catch {
      guard error.isNotFound else { throw .failed(error) }
      return nil
    }
    guard budget.take(live) else { throw .tooMuch }
    return live
  }

  /// Creates an object; nil where one with its name exists.
  func create(_ object: DesiredObject) async throws(Interruption) -> LiveObject? {
    try check()
    do throws(KubernetesError) {
      return noted(
        try await client.create(object.kind.resource, object.creation, as: Self.reader(object.kind)))
    } catch {
      guard error.isAlreadyExists else { throw .failed(error) }
      return nil
    }
  }

  /// Changes an object to the desired state.
  /// - Parameter live: the object as it was read; nil where there was none.
  func apply(_ object: DesiredObject, over live: LiveObject?) async throws(Interruption) -> LiveObject {
    var live = live
    // If the pass ended behind the apply, nobody would know any more whose the keys were. What is mounted loses its keys last, so
    // that the spec names no file that is not there.
    if let found = live, object.type == SecretKey.userType { live = try await removeStale(of: object, from: found) }
    try check()
    let applied: LiveObject
    do throws(KubernetesError) {
      applied = noted(
        try await client.apply(
          object.kind.resource, object.application(over: live), force: true, as: Self.reader(object.kind)))
    } catch { throw .failed(error) }
    return mayWrite() ? try await removeStale(of: object, from: applied, former: live) : applied
  }

  /// Removes what an apply does not remove.
  private func removeStale(
    of object: DesiredObject, from live: LiveObject, former: LiveObject? = nil
  ) async throws(Interruption) -> LiveObject {
    guard let removal = object.removal(from: live, former: former) else { return live }
    try check()
    do throws(KubernetesError) {
      return noted(
        try await client.patch(
          object.kind.resource, object.name, in: key.namespace, .merge(removal), as: Self.reader(object.kind)))
    } catch { throw .failed(error) }
  }

  /// Deletes an object, if it has not changed since it was read.
  func delete(_ live: LiveObject) async throws(Interruption) {
    try check()
    do throws(KubernetesError) {
      try await client.delete(
        live.kind.resource, live.name, in: key.namespace, uid: live.uid, resourceVersion: live.resourceVersion)
    } catch {
      guard error.isNotFound else { throw .failed(error) }
    }
  }

  /// Changes annotations of an object, if it has not changed since it was read.
  /// - Returns: the object afterwards; nil where it had changed, which the next pass sees.
  @discardableResult
  func annotate(_ live: LiveObject, _ annotations: [String: JSONValue]) async throws(Interruption) -> LiveObject? {
    try check()
    let metadata = JSONValue.members([
      ("uid", .string(live.uid)), ("resourceVersion", .string(live.resourceVersion)),
      ("annotations", .members(annotations.map { ($0.key, $0.value) })),
    ])
    let patch = JSONValue.members([("metadata", metadata)])
    do throws(KubernetesError) {
      return noted(
        try await client.patch(
          live.kind.resource, live.name, in: key.namespace, .merge(patch), as: Self.reader(live.kind)))
    } catch {
      guard error.isNotFound || error.isConflict else { throw .failed(error) }
      return nil
    }
  }

  /// Makes the kubelet update a Pod's volumes now, instead of within a minute. A Pod that no longer exists is ignored.
  func annotate(_ pod: ObservedPod, updated: String) async throws(Interruption) {
    try await annotatePod(pod.name, uid: pod.uid, updated: updated)
  }

  /// The same for a Pod of this name.
  func annotatePod(_ name: String, uid: String, updated: String) async throws(Interruption) {
    try check()
    let annotations = JSONValue.members([(AnnotationKey.updated, .string(updated))])
    let patch = JSONValue.members([("metadata", .members([("uid", .string(uid)), ("annotations", annotations)]))])
    do throws(KubernetesError) {
      // The answer contains the Pod, which is not needed.
      try await client.patch(.pods, name, in: key.namespace, .merge(patch), as: .nothing)
    } catch {
      guard error.isNotFound || error.isConflict else { throw .failed(error) }
    }
  }

  /// The same for applications' Pods. One that cannot be told holds up no other.
  func annotatePods(_ pods: some Sequence<ConnectedPod>, updated: String) async throws(Interruption) {
    var refusals = Refusals()
    for pod in pods.shuffled() where refusals.mayWrite {
      do throws(Interruption) { try await annotatePod(pod.name, uid: pod.uid, updated: updated) } catch {
        try refusals.take(error)
      }
    }
  }

  /// The applications' Pods in the namespace that connect by a label, to whichever customer.
  func connectedPods() async throws(Interruption) -> [ConnectedPod] {
    try await ConnectedPod.list(client, in: key.namespace)
  }

  func check() throws(Interruption) {
    guard mayWrite() else { throw .notLeading }
  }

  private func noted(_ live: LiveObject) -> LiveObject {
    wrote(live)
    return live
  }

  private static func reader(_ kind: DesiredObject.Kind) -> ObjectReader<LiveObject> {
    ObjectReader { object throws(JSONError) in try LiveObject(object, kind: kind) }
  }
}
