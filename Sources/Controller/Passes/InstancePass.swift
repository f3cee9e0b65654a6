import Admission
import Contract
import DatabaseSpec
import Declarations
import Instances
import JSONBytes
import KubernetesClient
import OpenSSL
import Randomness
import TextEncoding

/// One pass over an instance: what exists, what must exist, and the writes that are needed.
struct InstancePass {
  private(set) var instance: Instance
  let pods: [ObservedPod]
  let access: ObjectAccess
  let judge: ScriptJudge
  /// Starts another pass. It is called when scripts have been checked.
  let again: @Sendable () -> Void

  /// The customer's Secrets and those that the declaration refers to, by name.
  private var secrets: [String: LiveObject] = [:]
  private var sources = InstanceSources()
  private(set) var made: [String] = []
  private(set) var changed: [String] = []
  private(set) var deleted: [String] = []
  private(set) var problems: [InstanceProblem] = []
  /// What became of the Service.
  private(set) var service: ServicePass
  /// What the Pods must have; nil where nothing is written.
  private(set) var expectation: Expectation?
  /// Whether mounted objects were written, and not all Pods have been told yet.
  private(set) var hasUntoldUpdate: Bool
  /// Why not all Pods have been told, where they are told later.
  private var untold: KubernetesError?
  /// Why one is not told of this version at all.
  private(set) var unhurried: KubernetesError?

  /// The ConfigMap as it is now; nil where there is none, or it is not known.
  private var spec: LiveObject?

  /// What was refused while the rest went on.
  private var refusals = Refusals()
  /// The users' Secrets that the API server has refused, in this pass or in an earlier one.
  private(set) var guarded: Set<String>
  /// The logins of the users whose passwords turn, without those that stand in no Secret, and of which no sidecar knows.
  private(set) var rotations: [UserRotation] = []
  /// When the users' Secrets last got another login; nil where the pass ended before that was known.
  private(set) var turns: [String: Restarts.Turn]?
  /// Whether a password of the instance turns.
  private(set) var rotates = false
  /// What is to be told of them: Events of the workload, and of applications' Pods.
  var rotationNotices: [(reason: Notice.Reason, message: String)] = []
  var staleNotices: [Notice] = []
  /// The question about the Service that an earlier pass has answered.
  private let knownService: Int?
  /// Where no object declares: the UIDs of all that share the instance.
  private let silent: Set<String>?
  private let clock: RotationClock

  /// - Parameters:
  ///   - owesUpdate: whether an earlier pass wrote mounted objects and did not get to tell the Pods.
  ///   - guarded: the Secrets that were refused in earlier passes. They are tried after the others.
  ///   - knownService: the question about the Service that an earlier pass has answered.
  ///   - silent: where no object declares, the UIDs of all that share the instance.
  init(
    _ instance: Instance, pods: [ObservedPod], access: ObjectAccess, judge: ScriptJudge, owesUpdate: Bool,
    guarded: Set<String> = [], knownService: Int? = nil, silent: Set<String>? = nil, clock: RotationClock,
    again: @escaping @Sendable () -> Void
  ) {
    self.instance = instance
    self.pods = pods
    self.access = access
    self.judge = judge
    self.again = again
    self.guarded = guarded
    self.knownService = knownService
    self.silent = silent
    self.clock = clock
    service = ServicePass(instance, access)
    hasUntoldUpdate = owesUpdate
  }

  var customer: String { instance.declaration.spec.customer }

  mutating func run() async throws(Interruption) {
    let isTaken: Bool
    do throws(Interruption) { isTaken = try await go() } catch {
      // What passes by itself hides nothing that does not.
      if case .failed(let failure) = error, !failure.isCancelled, failure.isTransient || failure.isConflict,
        let worst = refusals.worst
      {
        throw .failed(worst)
      }
      guard case .tooMuch = error else { throw error }
      problems.append(
        InstanceProblem(
          reason: .invalidDeclaration,
          message: "its Secrets, and the Secrets and ConfigMaps that it refers to, hold more than "
            + "\(ObjectAccess.maximumBytes) bytes together; nothing is changed until they hold less"))
      if let failure = refusals.worst { throw .failed(failure) }
      return
    }
    if let failure = refusals.worst ?? untold { throw .failed(failure) }
    if !isTaken { throw .crowded }
  }

  /// - Returns: whether there is room to check all scripts.
  private mutating func go() async throws(Interruption) -> Bool {
    let names = (ObjectName.spec(customer: customer), ObjectName.passwords(customer: customer))
    let needed = instance.declaration.references(.secret)
    let prefix = ObjectName.prefix(customer: customer)
    // First, so that whatever fails behind it can be noted on it.
    let spec = try await access.get(.configMap, names.0)
    self.spec = spec
    let start = ContinuousClock.now
    do throws(Interruption) {
      let secrets = try await access.secrets { needed.contains($0) || $0.utf8.starts(with: prefix.utf8) }
      for secret in secrets { self.secrets[secret.name] = secret }
    } catch {
      // One that the API server cannot read fails the whole list.
      try refusals.takeUnread(error, took: ContinuousClock.now - start)
      try await readUsers()
    }
    refusals.beginStep()
    for secret in secrets.values.shuffled() where refusals.mayWrite {
      do throws(Interruption) {
        guard let unmarked = try await UnusedMark(access: access).remove(from: secret) else { continue }
        let isNeeded = needed.contains(secret.name) || secret.name.utf8.starts(with: prefix.utf8)
        self.secrets[secret.name] = isNeeded ? unmarked : unmarked.withoutData
      } catch { try refusals.take(error) }
    }
    if self.secrets[names.1] == nil { self.secrets[names.1] = try await access.get(.secret, names.1) }
    guard isOurs(spec, .configMap, names.0), isOurs(self.secrets[names.1], .secret, names.1) else { return true }
    try await readReferences()
    sources.mounted = MountedContents(configMap: spec?.data ?? [:], secret: self.secrets[names.1]?.data ?? [:])
    guard mayFallSilent(spec) else { return true }
    for secret in self.secrets.values {
      sources.secrets[secret.name] = secret.data
      sources.annotations[secret.name] = secret.annotations
      if !secret.isManaged(for: customer) { sources.taken.insert(secret.name) }
    }
    sources.rotation = clock
    let isTaken = try await judgeScripts()
    guard var objects = try await makeSeeded() else { return true }
    problems += objects.problems
    // Where the objects do not fit, everything stays as it is until they do.
    var mayMakeService = true
    if fits(objects.passwords), fits(objects.spec) {
      let former = spec?.annotations[AnnotationKey.madeService]
      do throws(Interruption) { try await service.remove(former, for: objects.service) } catch {
        try refusals.take(error)
        // It stays noted until it is gone.
        objects.spec.annotations[AnnotationKey.madeService] = former
        mayMakeService = false
      }
    }
    try await applyMounted(objects, spec: spec)
    let unsettled = try await settleUsers(objects)
    // What does not fit is not mounted, and a login of which no sidecar knows, or that stands in no Secret, must not be told.
    rotations = objects.rotations.filter { !unsettled.contains(ObjectName.user($0.user, customer: customer)) }
    rotates = !objects.rotations.isEmpty
    turns = turns(of: objects.rotations, unsettled: unsettled)
    try await forgetRotations(objects)
    try await tellOfRotations(at: clock.now)
    // Where what is mounted does not fit, their users stay as well.
    if expectation != nil { try await deleteDropped(objects) }
    let isSpecWritten = (made + changed).contains("ConfigMap \(objects.spec.name)")
    // The name of a Service that is made must be noted first.
    if expectation != nil, mayMakeService {
      do throws(Interruption) {
        try await service.settle(objects.service, known: isSpecWritten ? nil : knownService)
      } catch { try refusals.take(error) }
    }
    return isTaken
  }

  /// When the users' Secrets last got another login, by the Secret's name. One that could not be written has that of before.
  private func turns(of rotations: [UserRotation], unsettled: Set<String>) -> [String: Restarts.Turn] {
    var turns: [String: Restarts.Turn] = [:]
    for rotation in rotations {
      let name = ObjectName.user(rotation.user, customer: customer)
      let stored = secrets[name]?.annotations[AnnotationKey.rotatedAt].flatMap { Timestamp(rfc3339: $0) }
      guard let time = unsettled.contains(name) ? stored : rotation.decision.told.rotatedAt else { continue }
      turns[name] = .init(user: rotation.user.text, at: time)
    }
    return turns
  }

  // MARK: Scripts

  /// Has scripts checked whose verdict is not known yet. It waits for short scripts. If long ones must be parsed, the
  /// pass continues without them; but a first pass, for which people and probes wait, ends and runs again after the
  /// check.
  /// - Returns: whether there is room to parse them.
  private mutating func judgeScripts() async throws(Interruption) -> Bool {
    let spec = instance.declaration.spec
    let texts = ScriptTexts(spec, sources)
    var verdicts: [ScriptQuestion: [String]] = [:]
    var unknown: [ScriptQuestion: ScriptText] = [:]
    for database in spec.databases {
      for script in database.scripts {
        guard case .success(let text) = texts[script],
          text.sha256 != sources.mounted.script(script.name, in: database.name)?.text.sha256
        else { continue }
        let question = ScriptQuestion(text, script)
        if let verdict = judge.verdict(on: question) { verdicts[question] = verdict } else { unknown[question] = text }
      }
    }
    var isTaken = true
    if unknown.values.reduce(0, { $0 + $1.bytes.count }) <= ScriptJudge.shortBytes {
      await judge.judge(unknown)
      for question in unknown.keys { verdicts[question] = judge.verdict(on: question) }
    } else {
      isTaken = judge.submit(.init(namespace: instance.namespace, questions: unknown, answered: again))
      if sources.mounted.spec == nil { throw isTaken ? .awaitsVerdicts : .crowded }
    }
    let known = verdicts
    sources.verdict = { known[ScriptQuestion($0, $1)] }
    return isTaken
  }

  /// Where nothing declares: who took its declarations off has taken them back. A workload that shared the instance of
  /// another, which is gone or left alone, has not: what that declared stays.
  /// - Returns: whether the pass may go on.
  private mutating func mayFallSilent(_ spec: LiveObject?) -> Bool {
    guard let silent else { return true }
    let mounted = sources.mounted.spec
    let isEmpty = mounted.map { $0.users.isEmpty && $0.databases.isEmpty } ?? true
    let isOwn = spec.map { !$0.owners.isDisjoint(with: silent) } ?? false
    guard isOwn || isEmpty && spec?.annotations[AnnotationKey.madeService] == nil else {
      problems.append(
        InstanceProblem(
          reason: .conflict,
          message:
            "it declares nothing, and what \(ObjectName.spec(customer: customer)) holds was declared by an object that "
            + "is gone or left alone; nothing is changed until one declares for customer \(customer) again"))
      return false
    }
    // Nobody knows what was declared before: its Pods, which wait for a spec, lock nobody, and it stays as it was made then.
    if isEmpty, !isOwn || mounted?.removedUsers == .keep { instance.declaration.spec.removedUsers = .keep }
    return true
  }

  private mutating func isOurs(_ live: LiveObject?, _ kind: DesiredObject.Kind, _ name: String) -> Bool {
    guard let live, !live.isManaged(for: customer) else { return true }
    problems.append(.notPosterns(kind, name, InstanceProblem.blocking))
    return false
  }

  /// Reads the Secrets of the declared users one by one. One that cannot be read stays as it is, with the password that is
  /// mounted. The other Secrets that are needed are read where they are.
  private mutating func readUsers() async throws(Interruption) {
    for user in instance.declaration.spec.users.shuffled() {
      let name = ObjectName.user(user.name, customer: customer)
      let live = try await read(.secret, name)
      if let live, live.labels[AnnotationKey.customerLabel] == customer { secrets[name] = live }
      if sources.unreadable[.secret]?.contains(name) == true { sources.refused.insert(name) }
    }
  }

  /// Reads what the declaration names: the flat file first, without which nothing changes, the others in another order each
  /// time, so that none is always behind those that take long.
  private mutating func readReferences() async throws(Interruption) {
    if let file = instance.declaration.usersFrom?.name, secrets[file] == nil {
      secrets[file] = try await read(.secret, file)
    }
    let objects = [DesiredObject.Kind.secret, .configMap].flatMap { kind in
      instance.declaration.references(kind).map { (kind: kind, name: $0) }
    }
    for (kind, name) in objects.shuffled() where kind != .secret || secrets[name] == nil {
      guard let live = try await read(kind, name) else { continue }
      switch kind {
      case .secret: secrets[name] = live
      case .configMap: sources.configMaps[name] = live.data
      }
    }
  }

  /// An object that the declaration names; nil where there is none, or it cannot be read. What was mounted of it stays then.
  private mutating func read(_ kind: DesiredObject.Kind, _ name: String) async throws(Interruption) -> LiveObject? {
    guard sources.unreadable[kind]?.contains(name) != true else { return nil }
    let start = ContinuousClock.now
    do throws(Interruption) {
      if refusals.mayRead { return try await access.get(kind, name, isRetried: !refusals.hurriesReads) }
    } catch { try refusals.takeUnread(error, took: ContinuousClock.now - start) }
    sources.unreadable[kind, default: []].insert(name)
    return nil
  }

  // MARK: Passwords

  /// The objects of the instance, after the Secrets have been created that keep generated passwords. A generated
  /// password is used only when it is stored. If somebody else created such a Secret first, its value is used.
  /// - Returns: nil where nothing may be changed.
  private mutating func makeSeeded() async throws(Interruption) -> InstanceObjects? {
    refusals.beginStep()
    while true {
      let objects: InstanceObjects
      do throws(FlatFileError) {
        objects = try InstanceObjects.make(
          for: instance, from: sources, generate: Password.generated, word: { Password.generated()?.unredacted })
      } catch {
        let isMissing = if case .missing = error { true } else { false }
        problems.append(
          InstanceProblem(
            reason: isMissing ? .missingReference : .invalidDeclaration,
            message: "\(error.messages.joined(separator: "\n")); nothing is changed until it is right"))
        return nil
      }
      var isSettled = true
      for object in inTurn(objects)
      where !object.seeds.isEmpty && secrets[object.name] == nil && !sources.refused.contains(object.name) {
        guard refusals.mayWrite else {
          sources.refused.insert(object.name)
          isSettled = false
          continue
        }
        do throws(Interruption) {
          if let live = try await create(object) {
            take(live)
            guarded.remove(object.name)
          } else {
            isSettled = false
          }
        } catch {
          try refusals.take(error)
          guarded.insert(object.name)
          sources.refused.insert(object.name)
          isSettled = false
        }
      }
      if isSettled { return objects }
    }
  }

  /// - Returns: nil where somebody else has meanwhile created an object with this name, which is then read.
  private mutating func create(_ object: DesiredObject) async throws(Interruption) -> LiveObject? {
    if let live = try await access.create(object) {
      secrets[live.name] = live
      made.append("\(object.kind.rawValue) \(object.name)")
      return live
    }
    guard let live = try await access.get(.secret, object.name) else { return nil }
    secrets[live.name] = live
    if live.isManaged(for: customer) { take(live) } else { sources.taken.insert(live.name) }
    return nil
  }

  /// A Secret of the customer's that has come into being, or has lost the label by which it is listed.
  private mutating func take(_ live: LiveObject) {
    sources.secrets[live.name] = live.data
    sources.annotations[live.name] = live.annotations
  }

  // MARK: Objects

  /// How many problems are noted on the ConfigMap. Each has at most ``Notice/maximumMessageBytes``.
  private static let maximumNoted = 10

  /// Notes on the ConfigMap what is not carried out, for those who ask when the Event is gone. Nothing that is mounted changes.
  mutating func noteProblems(_ notices: [Notice]) async throws(Interruption) {
    guard let spec, spec.isManaged(for: customer) else { return }
    let lines = notices.map {
      "\($0.reason.rawValue): \($0.message.split(whereSeparator: \.isNewline).joined(separator: " "))"
    }
    let more = lines.count > Self.maximumNoted ? ["and \(lines.count - Self.maximumNoted) more"] : []
    let text = (lines.prefix(Self.maximumNoted) + more).joined(separator: "\n")
    guard spec.annotations[AnnotationKey.problems] ?? "" != text else { return }
    let live = try await access.annotate(spec, [AnnotationKey.problems: text.isEmpty ? .null : .string(text)])
    self.spec = live ?? spec
  }

  /// Applies the Secret with passwords and the ConfigMap, which are mounted into the sidecar. In this order, the spec
  /// never names a file that does not exist. If the Secret loses files, they are removed after the spec no longer names
  /// them.
  private mutating func applyMounted(_ objects: InstanceObjects, spec: LiveObject?) async throws(Interruption) {
    let wasThere = spec != nil || secrets[objects.passwords.name] != nil
    var passwords = objects.passwords
    passwords.data.merge(sources.mounted.secretTexts) { new, _ in new }
    if !fits(passwords) { passwords = objects.passwords }
    guard isWritable(passwords) else { return }
    var applied = try await applyMounted(passwords, over: secrets[passwords.name])
    var versions = [applied.resourceVersion]
    if isWritable(objects.spec) {
      let written = try await applyMounted(objects.spec, over: spec)
      self.spec = written
      versions.append(written.resourceVersion)
      if passwords != objects.passwords {
        applied = try await applyMounted(objects.passwords, over: applied)
        versions[0] = applied.resourceVersion
      }
    }
    secrets[applied.name] = applied
    if versions.count == 2 { expectation = Expectation(objects, of: instance.workload) }
    guard hasUntoldUpdate else { return }
    // A hash of versions, not of contents: from a hash of passwords, weak ones could be guessed.
    let hash = Hex.encoded(Digest.sha256(Array(versions.joined(separator: "/").utf8))).prefix(12)
    // A Pod that has not started yet will mount the new contents.
    for pod in pods where pod.isInjected && (pod.isRunning || wasThere) {
      do throws(Interruption) { try await access.annotate(pod, updated: String(hash)) } catch {
        // If a webhook is away, for example, the rest of the pass must not wait for it. The kubelet looks within a
        // minute anyway, so that a refusal that lasts is none of the instance.
        guard case .failed(let failure) = error, !failure.isCancelled else { throw error }
        if failure.isDisallowed { unhurried = failure } else { untold = failure }
      }
    }
    hasUntoldUpdate = untold != nil
  }

  /// - Returns: the object as it is now.
  private mutating func applyMounted(
    _ object: DesiredObject, over live: LiveObject?
  ) async throws(Interruption) -> LiveObject {
    if let live, object.isSatisfied(by: live) { return live }
    hasUntoldUpdate = true
    let applied = try await access.apply(object, over: live)
    note(object, wasThere: live != nil)
    return applied
  }

  private func fits(_ object: DesiredObject) -> Bool { object.valueBytes <= ScriptFiles.maximumObjectBytes }

  private mutating func isWritable(_ object: DesiredObject) -> Bool {
    guard !fits(object) else { return true }
    problems.append(
      InstanceProblem(
        reason: .invalidDeclaration,
        message: "\(object.kind.rawValue) \"\(object.name)\" would hold \(object.valueBytes) bytes, and at most "
          + "\(ScriptFiles.maximumObjectBytes) are possible; declare fewer users and databases: it stays as it is until then"
      ))
    return false
  }

  /// Applies the users' Secrets.
  /// - Returns: those that are not as they must be.
  private mutating func settleUsers(_ objects: InstanceObjects) async throws(Interruption) -> Set<String> {
    var unsettled = sources.refused
    // A refused one that would keep the only copy of a password is not among the objects.
    guarded.formIntersection(sources.refused.union(objects.lasting.map(\.name)))
    refusals.beginStep()
    for object in inTurn(objects) where !sources.refused.contains(object.name) && !isSettled(object) {
      guard refusals.mayWrite else {
        unsettled.insert(object.name)
        continue
      }
      do throws(Interruption) {
        try await settle(object)
        guarded.remove(object.name)
      } catch {
        try refusals.take(error)
        guarded.insert(object.name)
        unsettled.insert(object.name)
      }
    }
    return unsettled
  }

  /// The Secrets that outlive the workload, in the order in which they are written: in another one each time, those behind that
  /// were refused before.
  private func inTurn(_ objects: InstanceObjects) -> [DesiredObject] {
    let all = objects.lasting.shuffled()
    return all.filter { !guarded.contains($0.name) } + all.filter { guarded.contains($0.name) }
  }

  /// Whether nothing is to be written of a Secret that outlives the workload.
  private func isSettled(_ object: DesiredObject) -> Bool {
    sources.taken.contains(object.name) || secrets[object.name].map { object.isSatisfied(by: $0) } ?? false
  }

  /// Applies a Secret that outlives the workload.
  private mutating func settle(_ object: DesiredObject) async throws(Interruption) {
    if secrets[object.name] == nil { _ = try await create(object) }
    guard !isSettled(object), let live = secrets[object.name] else { return }
    secrets[object.name] = try await access.apply(object, over: live)
    note(object, wasThere: true)
  }

  /// Removes what says when a password turns that does not turn any more.
  private mutating func forgetRotations(_ objects: InstanceObjects) async throws(Interruption) {
    let turning = Set(objects.rotations.filter { !$0.decision.isOver }.map(\.user.text))
    let present = Set(objects.declaration.spec.users.filter { $0.ensure == .present }.map(\.name.text))
    refusals.beginStep()
    for secret in secrets.values.shuffled()
    where refusals.mayWrite && secret.isManaged(for: customer) && secret.annotations[AnnotationKey.rotatesAt] != nil {
      guard let user = secret.annotations[AnnotationKey.user], !turning.contains(user), present.contains(user)
      else { continue }
      do throws(Interruption) {
        if let live = try await access.annotate(secret, [AnnotationKey.rotatesAt: .null]) { secrets[live.name] = live }
      } catch { try refusals.take(error) }
    }
  }

  private mutating func note(_ object: DesiredObject, wasThere: Bool) {
    let name = "\(object.kind.rawValue) \(object.name)"
    guard !made.contains(name), !changed.contains(name) else { return }
    if wasThere { changed.append(name) } else { made.append(name) }
  }

  /// Deletes the Secrets of users whose roles are dropped. The Secret of a user who is only locked, or kept, stays,
  /// because its password is still the role's.
  private mutating func deleteDropped(_ objects: InstanceObjects) async throws(Interruption) {
    let spec = objects.declaration.spec
    let references = instance.declaration.references(.secret)
    refusals.beginStep()
    for secret in secrets.values.shuffled()
    where refusals.mayWrite && secret.isManaged(for: customer) && !references.contains(secret.name) {
      guard let text = secret.annotations[AnnotationKey.user], let name = try? PostgresName(text),
        secret.name == ObjectName.user(name, customer: customer)
      else { continue }
      let user = spec.users.first { $0.name == name }
      guard user.map({ $0.ensure == .absent }) ?? (spec.removedUsers == .drop) else { continue }
      do throws(Interruption) {
        try await access.delete(secret)
        deleted.append("Secret \(secret.name)")
      } catch { try refusals.take(error) }
    }
  }
}
