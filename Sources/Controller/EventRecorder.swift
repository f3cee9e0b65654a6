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
/// Event's count is increased. Failures to send are ignored, so that no pass fails because of them; such a notice may be
/// sent again when it comes again.
final class EventRecorder: Sendable {
  private struct Told {
    var event: String
    var count: Int
    var at: ContinuousClock.Instant
  }

  private struct State {
    var told: [Notice: Told] = [:]
    /// How many notices of a reason each object may still get, and when that was counted.
    var allowances: [Allowed: (left: Double, at: ContinuousClock.Instant)] = [:]
  }

  /// Each reason of an object is counted by itself, so that many notices of one leave room for the others.
  private struct Allowed: Hashable {
    var uid: String
    var reason: Notice.Reason
  }

  /// Beyond this number, entries older than the interval are forgotten; if there are none, all entries.
  private static let maximumRemembered = 10_000

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
        if told.count > 1, try await countUp(notice, told) { continue }
        try await client.create(.events, Self.event(notice, name: told.event), as: .nothing)
      } catch {
        state.withLock { $0.told[notice] = nil }
        logger.warning("an Event was not written", metadata: ["reason": "\(notice.reason)", "error": "\(error)"])
      }
    }
  }

  /// - Returns: how to send the notice; nil where it must not be sent.
  private func next(_ notice: Notice) -> Told? {
    let now = ContinuousClock.now
    return state.withLock { state in
      if !notice.reason.isOfAChange, let told = state.told[notice], now - told.at < settings.eventInterval {
        return nil
      }
      guard allows(Allowed(uid: notice.uid, reason: notice.reason), now, &state) else { return nil }
      var told = state.told[notice] ?? Told(event: Self.name(notice), count: 0, at: now)
      told.count += 1
      told.at = now
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
    var patch = JSONObject()
    patch["count"] = .number(String(told.count))
    patch["lastTimestamp"] = .string(SystemClock.timestamp())
    do throws(KubernetesError) {
      try await client.patch(.events, told.event, in: notice.namespace, .merge(.object(patch)), as: .nothing)
      return true
    } catch {
      guard error.isNotFound else { throw error }
      return false
    }
  }

  private static func name(_ notice: Notice) -> String {
    let random = (try? SecureRandom.bytes(8)) ?? Array(SystemClock.timestamp().utf8)
    return "\(notice.name.prefix(200)).\(Hex.encoded(random))"
  }

  private static func event(_ notice: Notice, name: String) -> JSONValue {
    func object(_ members: [(String, JSONValue)]) -> JSONValue {
      var object = JSONObject()
      for (key, value) in members { object[key] = value }
      return .object(object)
    }
    let now = JSONValue.string(SystemClock.timestamp())
    let involved = object([
      ("apiVersion", .string(notice.apiVersion)), ("kind", .string(notice.kind)), ("name", .string(notice.name)),
      ("namespace", .string(notice.namespace)), ("uid", .string(notice.uid)),
    ])
    return object([
      ("apiVersion", .string("v1")), ("kind", .string("Event")),
      ("metadata", object([("name", .string(name)), ("namespace", .string(notice.namespace))])),
      ("involvedObject", involved), ("type", .string(notice.reason.type)),
      ("reason", .string(notice.reason.rawValue)), ("message", .string(notice.message)),
      ("source", object([("component", .string(ObjectLabel.manager))])),
      ("reportingComponent", .string(ObjectLabel.manager)),
      ("firstTimestamp", now), ("lastTimestamp", now), ("count", .number("1")),
    ])
  }
}
