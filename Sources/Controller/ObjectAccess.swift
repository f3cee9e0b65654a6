import Contract
import Declarations
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// Why a pass ends before its end.
enum Interruption: Error {
  /// Another replica may be leading.
  case notLeading
  case failed(KubernetesError)
}

/// Reads and writes a customer's objects. Each write is made only while this replica leads.
struct ObjectAccess: Sendable {
  let client: KubernetesClient
  let key: CustomerKey
  let mayWrite: @Sendable () -> Bool
  /// Told of each object that was written.
  let wrote: @Sendable (LiveObject) -> Void

  /// All Secrets that bear the customer's label.
  func secrets() async throws(Interruption) -> [LiveObject] {
    let selection = Selection(
      .secrets, namespace: key.namespace, labelSelector: "\(AnnotationKey.customerLabel)=\(key.customer)")
    do throws(KubernetesError) {
      return try await client.list(selection).items.compactMap { LiveObject($0, kind: .secret) }
    } catch { throw .failed(error) }
  }

  /// An object; nil where there is none.
  func get(_ kind: DesiredObject.Kind, _ name: String) async throws(Interruption) -> LiveObject? {
    do throws(KubernetesError) {
      return LiveObject(try await client.get(kind.resource, name, in: key.namespace), kind: kind)
    } catch {
      guard error.isNotFound else { throw .failed(error) }
      return nil
    }
  }

  /// Makes an object; nil where one of its name is there.
  func create(_ object: DesiredObject) async throws(Interruption) -> LiveObject? {
    try check()
    do throws(KubernetesError) {
      return noted(try await client.create(object.kind.resource, object.creation), object.kind)
    } catch {
      guard error.isAlreadyExists else { throw .failed(error) }
      return nil
    }
  }

  /// Brings an object to what is desired.
  /// - Parameter live: as it was read; nil where there was none.
  func apply(_ object: DesiredObject, over live: LiveObject?) async throws(Interruption) -> LiveObject? {
    try check()
    let resource = object.kind.resource
    do throws(KubernetesError) {
      let applied = noted(try await client.apply(resource, object.application(over: live), force: true), object.kind)
      guard let applied else { return nil }
      let stale = object.staleKeys(in: applied)
      guard !stale.isEmpty, mayWrite() else { return applied }
      let patch = ObjectPatch.merge(DesiredObject.removal(of: stale, from: applied))
      return noted(try await client.patch(resource, object.name, in: key.namespace, patch), object.kind)
    } catch { throw .failed(error) }
  }

  /// Deletes an object, if it still is as it was read.
  func delete(_ live: LiveObject) async throws(Interruption) {
    try check()
    do throws(KubernetesError) {
      try await client.delete(
        live.kind.resource, live.name, in: key.namespace, uid: live.uid, resourceVersion: live.resourceVersion)
    } catch {
      guard error.isNotFound else { throw .failed(error) }
    }
  }

  /// Has the kubelet look at a Pod's volumes now, not within a minute. A Pod that is gone needs none of it.
  func annotate(_ pod: ObservedPod, updated: String) async throws(Interruption) {
    try check()
    var annotations = JSONObject()
    annotations[AnnotationKey.updated] = .string(updated)
    var metadata = JSONObject()
    metadata["uid"] = .string(pod.uid)
    metadata["annotations"] = .object(annotations)
    var patch = JSONObject()
    patch["metadata"] = .object(metadata)
    do throws(KubernetesError) {
      try await client.patch(.pods, pod.name, in: key.namespace, .merge(.object(patch)))
    } catch {
      guard error.isNotFound || error.isConflict else { throw .failed(error) }
    }
  }

  private func check() throws(Interruption) {
    guard mayWrite() else { throw .notLeading }
  }

  private func noted(_ value: JSONValue, _ kind: DesiredObject.Kind) -> LiveObject? {
    let live = LiveObject(value, kind: kind)
    if let live { wrote(live) }
    return live
  }
}
