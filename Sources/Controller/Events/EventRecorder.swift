import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import Logging
import Randomness
import Synchronization
import TextEncoding

/// Reports to people by Events. The same notice about an object is not sent again within an hour; afterwards, the
/// Event's count is increased. No pass fails because of a failure to send: what could not be sent is kept, and sent again by
/// ``run(mayWrite:)``.
final class EventRecorder: Sendable {
  private struct Told {
    var event: String
    var count: Int
    var at: ContinuousClock.Instant
    /// The same by the wall clock, as the Event has it however late it is sent.
    var time: String
  }

  private struct State {
    var told: [Notice: Told] = [:]
    /// How many notices of a reason each object may still get, and when that was counted.
    var allowances: [Allowed: (left: Double, at: ContinuousClock.Instant)] = [:]
    /// What could not be sent. It counts as told, so that nobody else sends it meanwhile.
    var unsent: [Notice: Told] = [:]

    /// Forgets what could not be sent of these. It may be told again when it comes again.
    mutating func forgetUnsent(where isForgotten: (Notice) -> Bool) {
      for notice in unsent.keys where isForgotten(notice) { (told[notice], unsent[notice]) = (nil, nil) }
    }
  }

  /// Each reason of an object is counted by itself, so that many notices of one leave room for the others.
  private struct Allowed: Hashable {
    var uid: String
    var reason: Notice.Reason
  }

  /// Beyond this number, entries older than the interval are forgotten; if there are none, all entries.
  private static let maximumRemembered = 10_000

  /// How many notices are kept that could not be sent.
  private static let maximumUnsent = 1000
  /// For how long they are tried again.
  private static let keptFor = Duration.seconds(600)

  private let client: KubernetesClient
  private let settings: ControllerSettings
  private let logger: Logger
  private let state = Mutex(State())

  init(_ client: KubernetesClient, _ settings: ControllerSettings, _ logger: Logger) {
    self.client = client
    self.settings = settings
    self.logger = logger
  }

  /// - Parameter mayWrite: is asked directly before each Event is written.
  func tell(_ notices: [Notice], mayWrite: () -> Bool) async {
    for notice in notices {
      // Only what may be written counts as told.
      guard mayWrite(), let told = next(notice) else { continue }
      do throws(KubernetesError) {
        try await send(notice, told)
        state.withLock { $0.unsent[notice] = nil }
      } catch {
        let isKept = keep(notice, told, after: error)
        log(isKept ? "an Event is not written yet, and is tried again" : "an Event was not written", notice, error)
      }
    }
  }

  /// Sends again what could not be sent, until the task is cancelled.
  func run(mayWrite: @Sendable () -> Bool) async {
    while (try? await Task.sleep(for: settings.eventRetryInterval)) != nil { await sendAgain(mayWrite: mayWrite) }
  }

  /// Forgets what could not be sent: the next leader sees for itself what is to be told.
  func forgetUnsent() { state.withLock { $0.forgetUnsent { _ in true } } }

  /// Forgets what could not be sent, and is not so any more.
  /// - Parameters:
  ///   - uids: the objects of an instance.
  ///   - notices: all that a pass over it has found.
  func forgetUnsent(of uids: Set<String>, but notices: [Notice]) {
    state.withLock { state in
      state.forgetUnsent { $0.reason.lasts && uids.contains($0.uid) && !notices.contains($0) }
    }
  }

  /// How long it takes until the first of these that lasts may be told again; nil where none lasts.
  func wait(for notices: [Notice], at now: ContinuousClock.Instant = .now) -> Duration? {
    state.withLock { state in
      notices.filter(\.reason.lasts).map { notice in
        let wait = state.told[notice].map { settings.eventInterval - (now - $0.at) }
        // What is overdue has had too many before it.
        return wait.flatMap { $0 > .zero ? $0 : nil } ?? settings.eventInterval
      }.min()
    }
  }

  /// Tries once what could not be sent: of each object the oldest first, the objects in another order each time. Where much is
  /// refused, the others wait for the next time.
  func sendAgain(at now: ContinuousClock.Instant = .now, mayWrite: () -> Bool) async {
    var refusals = Refusals()
    let objects = Dictionary(grouping: state.withLock { $0.unsent }, by: \.key.uid).values.shuffled()
    let notices = objects.flatMap { $0.sorted { $0.value.at < $1.value.at }.map(\.key) }
    for notice in notices where refusals.mayWrite {
      // It may be forgotten by now.
      guard let told = state.withLock({ $0.unsent[notice] }) else { continue }
      guard mayWrite() else { return }
      do throws(KubernetesError) {
        try await send(notice, told)
        state.withLock { $0.unsent[notice] = nil }
      } catch {
        if Self.isFutile(error) || now - told.at >= Self.keptFor {
          forget(notice)
          log("an Event was not written", notice, error)
        }
        do throws(Interruption) { try refusals.take(.failed(error)) } catch { return }
      }
    }
  }

  /// - Returns: whether it is tried again.
  private func keep(_ notice: Notice, _ told: Told, after error: KubernetesError) -> Bool {
    guard !Self.isFutile(error) else {
      forget(notice)
      return false
    }
    return state.withLock { state in
      guard state.unsent[notice] != nil || state.unsent.count < Self.maximumUnsent else {
        state.told[notice] = nil
        return false
      }
      state.unsent[notice] = told
      return true
    }
  }

  /// It may be told again when it comes again.
  private func forget(_ notice: Notice) {
    state.withLock { ($0.told[notice], $0.unsent[notice]) = (nil, nil) }
  }

  /// Whether there is nobody left who would read it, or who may write it.
  private static func isFutile(_ error: KubernetesError) -> Bool {
    error.isNotFound || error.isCancelled || error.isOfEndingNamespace
  }

  private func log(_ text: Logger.Message, _ notice: Notice, _ error: KubernetesError) {
    var metadata = notice.metadata
    metadata["error"] = "\(error)"
    logger.warning(text, metadata: metadata)
  }

  /// An Event that is there already was written by a try whose answer did not come.
  private func send(_ notice: Notice, _ told: Told) async throws(KubernetesError) {
    if told.count > 1, try await countUp(notice, told) { return }
    do throws(KubernetesError) {
      try await client.create(.events, Self.event(notice, told), as: .nothing)
    } catch {
      guard error.isAlreadyExists else { throw error }
    }
  }

  /// - Returns: how to send the notice; nil where it must not be sent.
  private func next(_ notice: Notice) -> Told? {
    let now = ContinuousClock.now
    return state.withLock { state in
      if !notice.reason.isOfAChange, let told = state.told[notice], now - told.at < settings.eventInterval {
        return nil
      }
      if notice.reason.isOfAChange {
        state.forgetUnsent {
          $0.reason.isOfAChange && $0.reason != notice.reason && $0.uid == notice.uid
        }
      }
      guard allows(Allowed(uid: notice.uid, reason: notice.reason), now, &state) else { return nil }
      var told = Told(
        event: state.told[notice]?.event ?? Self.name(notice), count: state.told[notice]?.count ?? 0, at: now,
        time: SystemClock.timestamp())
      told.count += 1
      state.told[notice] = told
      if state.told.count > Self.maximumRemembered {
        state.told = state.told.filter { now - $0.value.at < settings.eventInterval }
        if state.told.count > Self.maximumRemembered { state.told = [notice: told] }
      }
      return told
    }
  }

  private func allows(_ notice: Allowed, _ now: ContinuousClock.Instant, _ state: inout State) -> Bool {
    if state.allowances.count > Self.maximumRemembered { state.allowances = [:] }
    let full = Double(settings.eventBurst)
    let (left, at) = state.allowances[notice] ?? (full, now)
    let allowance = min(full, left + (now - at) / .seconds(300))
    state.allowances[notice] = (max(0, allowance - 1), now)
    return allowance >= 1
  }

  /// - Returns: whether the Event still existed.
  private func countUp(_ notice: Notice, _ told: Told) async throws(KubernetesError) -> Bool {
    let patch = JSONValue.members([
      ("count", .integer(told.count)), ("lastTimestamp", .string(told.time)),
    ])
    do throws(KubernetesError) {
      try await client.patch(.events, told.event, in: notice.namespace, .merge(patch), as: .nothing)
      return true
    } catch {
      guard error.isNotFound else { throw error }
      return false
    }
  }

  private static func name(_ notice: Notice) -> String {
    let random = (try? SecureRandom.bytes(8)) ?? Array(SystemClock.timestamp().utf8)
    var name = notice.name.prefix(200)
    // Each part between dots must end with a letter or digit.
    while name.last == "-" || name.last == "." { name.removeLast() }
    return "\(name).\(Hex.encoded(random))"
  }

  private static func event(_ notice: Notice, _ told: Told) -> JSONValue {
    let time = JSONValue.string(told.time)
    let involved = JSONValue.members([
      ("apiVersion", .string(notice.apiVersion)), ("kind", .string(notice.kind)), ("name", .string(notice.name)),
      ("namespace", .string(notice.namespace)), ("uid", .string(notice.uid)),
    ])
    return .members([
      ("apiVersion", .string("v1")), ("kind", .string("Event")),
      ("metadata", .members([("name", .string(told.event)), ("namespace", .string(notice.namespace))])),
      ("involvedObject", involved), ("type", .string(notice.reason.type)),
      ("reason", .string(notice.reason.rawValue)), ("message", .string(notice.message)),
      ("source", .members([("component", .string(ObjectLabel.manager))])),
      ("reportingComponent", .string(ObjectLabel.manager)),
      ("firstTimestamp", time), ("lastTimestamp", time), ("count", .integer(1)),
    ])
  }
}
