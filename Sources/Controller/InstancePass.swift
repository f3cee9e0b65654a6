import Contract
import DatabaseSpec
import Declarations
import KubernetesClient
import OpenSSL
import TextEncoding

/// One look at an instance: what there is, what is to be, and the writes between the two.
struct InstancePass {
  let instance: Instance
  let pods: [ObservedPod]
  let access: ObjectAccess

  /// Secrets of the customer's, and those referred to, by name.
  private var secrets: [String: LiveObject] = [:]
  private var sources = InstanceSources()
  private(set) var made: [String] = []
  private(set) var changed: [String] = []
  private(set) var deleted: [String] = []
  private(set) var problems: [InstanceProblem] = []
  /// What is mounted was written, and not all Pods were told.
  private(set) var hasUntoldUpdate: Bool
  /// Why not.
  private var untold: KubernetesError?

  /// - Parameter owesUpdate: whether an earlier pass wrote what is mounted, and did not come to tell the Pods.
  init(_ instance: Instance, pods: [ObservedPod], access: ObjectAccess, owesUpdate: Bool) {
    self.instance = instance
    self.pods = pods
    self.access = access
    hasUntoldUpdate = owesUpdate
  }

  private var customer: String { instance.declaration.spec.customer }

  mutating func run() async throws(Interruption) {
    let names = (ObjectName.spec(customer: customer), ObjectName.passwords(customer: customer))
    for secret in try await access.secrets() { secrets[secret.name] = secret }
    let spec = try await access.get(.configMap, names.0)
    if secrets[names.1] == nil { secrets[names.1] = try await access.get(.secret, names.1) }
    guard isOurs(spec, .configMap, names.0), isOurs(secrets[names.1], .secret, names.1) else { return }
    try await readReferences()
    sources.mounted = MountedContents(configMap: spec?.data ?? [:], secret: secrets[names.1]?.data ?? [:])
    for secret in secrets.values {
      sources.secrets[secret.name] = secret.data
      if !secret.isManaged(for: customer) { sources.taken.insert(secret.name) }
    }
    guard let objects = try await makeSeeded() else { return }
    try await applyMounted(objects, spec: spec)
    for object in objects.users + [objects.admin].compactMap(\.self) { try await settle(object) }
    try await deleteDropped(objects)
    noteTaken(objects)
    problems += objects.problems
    if let untold { throw .failed(untold) }
  }

  private mutating func isOurs(_ live: LiveObject?, _ kind: DesiredObject.Kind, _ name: String) -> Bool {
    guard let live, !live.isManaged(for: customer) else { return true }
    clash(kind, name, "nothing is changed until then")
    return false
  }

  private mutating func clash(_ kind: DesiredObject.Kind, _ name: String, _ consequence: String) {
    problems.append(
      InstanceProblem(
        reason: .conflict,
        message: "\(kind.rawValue) \"\(name)\" is not Postern's (it has no label \(ObjectLabel.managedBy): "
          + "\(ObjectLabel.manager) for this customer) and is left as it is; rename or delete it: \(consequence)"))
  }

  private mutating func readReferences() async throws(Interruption) {
    for name in instance.declaration.references(.secret).sorted() where secrets[name] == nil {
      secrets[name] = try await access.get(.secret, name)
    }
    for name in instance.declaration.references(.configMap).sorted() {
      if let live = try await access.get(.configMap, name) { sources.configMaps[name] = live.data }
    }
  }

  // MARK: Passwords

  /// What the instance is to have, when the Secrets are there in which what is generated is kept: it is used only when
  /// it is. One that somebody else was faster with is taken as it is.
  /// - Returns: nil where nothing is to be changed.
  private mutating func makeSeeded() async throws(Interruption) -> InstanceObjects? {
    while true {
      let objects: InstanceObjects
      do throws(FlatFileError) {
        objects = try InstanceObjects.make(for: instance, from: sources, generate: Password.generated)
      } catch {
        let isMissing = if case .missing = error { true } else { false }
        problems.append(
          InstanceProblem(
            reason: isMissing ? .missingReference : .invalidDeclaration,
            message: "\(error.messages.joined(separator: "\n")); nothing is changed until it is right"))
        return nil
      }
      var isSettled = true
      for object in [objects.admin].compactMap(\.self) + objects.users
      where !object.seeds.isEmpty && secrets[object.name] == nil {
        if let live = try await create(object) {
          sources.secrets[live.name] = live.data
        } else {
          isSettled = false
        }
      }
      if isSettled { return objects }
    }
  }

  /// - Returns: nil where somebody else has made an object of that name meanwhile, which is known then.
  private mutating func create(_ object: DesiredObject) async throws(Interruption) -> LiveObject? {
    if let live = try await access.create(object) {
      secrets[live.name] = live
      made.append("\(object.kind.rawValue) \(object.name)")
      return live
    }
    guard let live = try await access.get(.secret, object.name) else { return nil }
    secrets[live.name] = live
    if live.isManaged(for: customer) {
      sources.secrets[live.name] = live.data
    } else {
      sources.taken.insert(live.name)
    }
    return nil
  }

  // MARK: Objects

  /// The ConfigMap and the passwords, which the sidecar has mounted.
  private mutating func applyMounted(_ objects: InstanceObjects, spec: LiveObject?) async throws(Interruption) {
    let wasThere = spec != nil || secrets[objects.passwords.name] != nil
    var versions: [String] = []
    for (object, live) in [(objects.spec, spec), (objects.passwords, secrets[objects.passwords.name])] {
      if let live, object.isSatisfied(by: live) {
        versions.append(live.resourceVersion)
        continue
      }
      hasUntoldUpdate = true
      let applied = try await access.apply(object, over: live)
      versions.append(applied?.resourceVersion ?? "")
      note(object, wasThere: live != nil)
    }
    guard hasUntoldUpdate else { return }
    // Of the versions, not of what they hold: from a hash of passwords, weak ones could be guessed.
    let hash = Hex.encoded(Digest.sha256(Array(versions.joined(separator: "/").utf8))).prefix(12)
    // A Pod that has yet to start mounts what is there then.
    for pod in pods where pod.isInjected && (pod.isRunning || wasThere) {
      do throws(Interruption) { try await access.annotate(pod, updated: String(hash)) } catch {
        // Where a webhook is away, say, the rest is not to wait for it: the kubelet looks within a minute anyway.
        guard case .failed(let failure) = error, !failure.isCancelled else { throw error }
        untold = failure
      }
    }
    hasUntoldUpdate = untold != nil
  }

  /// A Secret that outlives the workload.
  private mutating func settle(_ object: DesiredObject) async throws(Interruption) {
    if secrets[object.name] == nil, !sources.taken.contains(object.name) { _ = try await create(object) }
    guard !sources.taken.contains(object.name), let live = secrets[object.name], !object.isSatisfied(by: live) else {
      return
    }
    secrets[object.name] = try await access.apply(object, over: live)
    note(object, wasThere: true)
  }

  /// Says which Secrets cannot be made.
  private mutating func noteTaken(_ objects: InstanceObjects) {
    let users = objects.declaration.spec.users.filter { $0.ensure == .present }
    for name in users.map({ ObjectName.user($0.name, customer: customer) }) where sources.taken.contains(name) {
      clash(.secret, name, "what would be in it has no other place")
    }
    let admin = ObjectName.admin(customer: customer)
    if instance.usesGeneratedAdmin, sources.taken.contains(admin) {
      clash(.secret, admin, "Postgres and the sidecar take the superuser from it as it is")
    }
  }

  private mutating func note(_ object: DesiredObject, wasThere: Bool) {
    let name = "\(object.kind.rawValue) \(object.name)"
    guard !made.contains(name) else { return }
    if wasThere { changed.append(name) } else { made.append(name) }
  }

  /// The Secrets of users whose roles are dropped. One of a user who is only locked, or kept, stays: its password is
  /// still the role's.
  private mutating func deleteDropped(_ objects: InstanceObjects) async throws(Interruption) {
    let spec = objects.declaration.spec
    let references = instance.declaration.references(.secret)
    for secret in secrets.values.sorted(by: { $0.name < $1.name })
    where secret.isManaged(for: customer) && !references.contains(secret.name) {
      guard let text = secret.annotations[AnnotationKey.user], let name = try? PostgresName(text),
        secret.name == ObjectName.user(name, customer: customer)
      else { continue }
      let user = spec.users.first { $0.name == name }
      guard user.map({ $0.ensure == .absent }) ?? (spec.removedUsers == .drop) else { continue }
      try await access.delete(secret)
      deleted.append("Secret \(secret.name)")
    }
  }
}
