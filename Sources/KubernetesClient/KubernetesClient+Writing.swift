package import JSONBytes
package import KubernetesAPI
import NIOHTTP1

/// How an object is patched (Kubernetes docs, "Update API Objects in Place Using kubectl patch").
package enum ObjectPatch: Sendable {
  /// RFC 7386: members with their new values, and null for those that are removed.
  case merge(JSONValue)
  /// RFC 6902: an array of operations.
  case json(JSONValue)
  /// Kubernetes' own form, in which elements of some lists are identified by a member. It must have the same effect when
  /// it is applied twice.
  case strategic(JSONValue)
}

extension KubernetesClient {
  /// Server-side apply: creates the object, or sets the fields that are given and removes those that this field manager
  /// gave before and gives no more.
  /// - Parameters:
  ///   - object: with its name, its namespace, `apiVersion` and `kind`.
  ///   - force: whether to take over fields that another manager owns; otherwise these are a conflict.
  ///   - dryRun: whether the server only checks the request and stores nothing.
  /// - Returns: the object as it is now.
  @discardableResult
  package func apply<Item: Sendable>(
    _ resource: Resource, _ object: JSONValue, force: Bool, dryRun: Bool = false,
    as read: ObjectReader<Item> = ObjectReader<JSONValue>.tree
  ) async throws(KubernetesError) -> Item {
    try await write("apply", .PATCH, resource, object, named: true, dryRun: dryRun, as: read) { call in
      call.body = ("application/apply-patch+yaml", object.bytes)
      call.query.append(("force", force ? "true" : "false"))
    }
  }

  /// Creates an object that does not exist yet.
  /// - Returns: the object as it is now.
  @discardableResult
  package func create<Item: Sendable>(
    _ resource: Resource, _ object: JSONValue, dryRun: Bool = false,
    as read: ObjectReader<Item> = ObjectReader<JSONValue>.tree
  ) async throws(KubernetesError) -> Item {
    try await write("create", .POST, resource, object, named: false, dryRun: dryRun, as: read) {
      $0.isRepeatable = false
    }
  }

  /// Replaces an object. With `metadata.resourceVersion`, it does so only if the object has not changed since.
  /// - Returns: the object as it is now.
  @discardableResult
  package func update(_ resource: Resource, _ object: JSONValue) async throws(KubernetesError) -> JSONValue {
    try await write("update", .PUT, resource, object, named: true, dryRun: false, as: .tree) { call in
      call.isRepeatable = object.isForOneVersion
    }
  }

  /// Changes a part of an object.
  /// - Returns: the object as it is now.
  @discardableResult
  package func patch<Item: Sendable>(
    _ resource: Resource, _ name: String, in namespace: String? = nil, _ patch: ObjectPatch, dryRun: Bool = false,
    as read: ObjectReader<Item> = ObjectReader<JSONValue>.tree
  ) async throws(KubernetesError) -> Item {
    var call = Call("patch", .PATCH, resource, namespace: namespace, name: name)
    switch patch {
    case .merge(let value):
      call.body = ("application/merge-patch+json", value.bytes)
      call.isRepeatable = value.isForOneVersion
    case .json(let value):
      call.body = ("application/json-patch+json", value.bytes)
      call.isRepeatable = false
    case .strategic(let value): call.body = (Self.strategicMerge, value.bytes)
    }
    call.query = Self.query(dryRun: dryRun)
    return try await object(call, named: name, in: namespace, as: read)
  }

  /// Changes a part of an object's status by a strategic merge patch. Elements of lists such as `conditions` are
  /// identified by their type, and the others stay. The patch must have the same effect when it is applied twice.
  package func patchStatus(
    _ resource: Resource, _ name: String, in namespace: String? = nil, _ patch: JSONValue
  ) async throws(KubernetesError) {
    var call = Call("patch", .PATCH, resource, namespace: namespace, name: name, subresource: "status")
    call.body = (Self.strategicMerge, patch.bytes)
    call.query = Self.query(dryRun: false)
    try await object(call, named: name, in: namespace, as: ObjectReader<Void>.nothing)
  }

  /// Deletes an object, or marks it for deletion where finalizers keep it.
  /// - Parameters:
  ///   - uid: delete only the object with this UID.
  ///   - resourceVersion: delete only if the object has not changed since.
  package func delete(
    _ resource: Resource, _ name: String, in namespace: String? = nil, uid: String? = nil,
    resourceVersion: String? = nil
  ) async throws(KubernetesError) {
    var call = Call("delete", .DELETE, resource, namespace: namespace, name: name)
    let isConditional = uid != nil || resourceVersion != nil
    let preconditions = JSONValue.members([
      ("uid", uid.map { .string($0) }), ("resourceVersion", resourceVersion.map { .string($0) }),
    ])
    let options = JSONValue.members([
      ("apiVersion", .string("v1")), ("kind", .string("DeleteOptions")),
      ("preconditions", isConditional ? preconditions : nil),
    ])
    call.body = ("application/json", options.bytes)
    // Without a precondition, the second try might delete another object that has the same name.
    call.isRepeatable = isConditional
    // The answer is a Status, or the object where finalizers keep it.
    try await object(call, named: name, in: namespace, as: ObjectReader<Void>.nothing)
  }

  /// Asks that a Pod be deleted as when its node is drained (Kubernetes docs, "API-initiated Eviction"). It is asked once:
  /// where a PodDisruptionBudget does not allow it now, the error's code is 429.
  /// - Parameter uid: evict only the Pod with this UID.
  package func evict(_ pod: String, in namespace: String, uid: String) async throws(KubernetesError) {
    let eviction = JSONValue.members([
      ("apiVersion", .string("policy/v1")), ("kind", .string("Eviction")),
      ("metadata", .members([("name", .string(pod)), ("namespace", .string(namespace))])),
      ("deleteOptions", .members([("preconditions", .members([("uid", .string(uid))]))])),
    ])
    var call = Call("create", .POST, .pods, namespace: namespace, name: pod, subresource: "eviction")
    call.body = ("application/json", eviction.bytes)
    call.isRetried = false
    try await object(call, named: pod, in: namespace, as: ObjectReader<Void>.nothing)
  }

  private static let strategicMerge = "application/strategic-merge-patch+json"

  private static func query(dryRun: Bool) -> [(String, String)] {
    [("fieldManager", fieldManager)] + (dryRun ? [("dryRun", "All")] : [])
  }

  private func write<Item: Sendable>(
    _ verb: String, _ method: HTTPMethod, _ resource: Resource, _ object: JSONValue, named: Bool, dryRun: Bool,
    as read: ObjectReader<Item>, _ complete: (inout Call) -> Void
  ) async throws(KubernetesError) -> Item {
    let namespace = object["metadata"]?["namespace"]?.string
    let name = named ? object["metadata"]?["name"]?.string ?? "" : nil
    var call = Call(verb, method, resource, namespace: namespace, name: name)
    call.body = ("application/json", object.bytes)
    call.query = Self.query(dryRun: dryRun)
    complete(&call)
    return try await self.object(call, named: name, in: namespace, as: read)
  }
}

extension JSONValue {
  /// Whether it contains the resource version of the object that it is meant for.
  fileprivate var isForOneVersion: Bool { self["metadata"]?["resourceVersion"]?.string?.isEmpty == false }
}
