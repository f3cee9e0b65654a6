import JSONBytes
import KubernetesAPI
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import KubernetesClient

/// Lists and watches that continue after every kind of failure.
@Suite struct ListAndWatchTests {
  /// Runs `listAndWatch` until these changes have been reported, then cancels its task.
  private func follow(
    _ expected: [String], _ script: @escaping FakeServer.Script, _ then: (Talk) throws -> Void
  ) async throws {
    try await talking(script) { talk in
      let told = Told()
      try await withThrowingTaskGroup { group in
        group.addTask {
          await talk.client.listAndWatch(Selection(.pods, namespace: "shop"), as: ObjectHeader.reader) { told.take($0) }
        }
        _ = try await eventually { told.all.count >= expected.count }
        group.cancelAll()
      }
      #expect(told.all == expected)
      try then(talk)
    }
  }

  private func versions(_ talk: Talk) -> [String] {
    talk.server.requests.map { $0.query["watch"] == nil ? "list" : $0.query["resourceVersion"] ?? "" }
  }

  @Test func allComeFirstThenEachChange() async throws {
    let script: FakeServer.Script = { number, _ in
      guard number > 0 else { return list(7, [object("a", 1), object("b", 2)]) }
      return .stream {
        $0.send(event("ADDED", object("c", 8)) + event("MODIFIED", object("a", 9)) + event("DELETED", object("b", 10)))
      }
    }
    try await follow(["=a,b", "+c@8", "+a@9", "-b@10"], script) { talk in
      #expect(versions(talk) == ["list", "7"])
      #expect(talk.server.requests.allSatisfy { $0.path == "/api/v1/namespaces/shop/pods" })
    }
  }

  @Test func afterAnEndACutAndAnErrorItGoesOnFromTheLastEvent() async throws {
    let script: FakeServer.Script = { number, _ in
      switch number {
      case 0: return list(7, [])
      case 1:
        return .stream {
          $0.send(event("ADDED", object("a", 8)))
          $0.end()
        }
      case 2:
        return .stream {
          $0.send(event("BOOKMARK", object("", 20)))
          $0.cut()
        }
      case 3: return .cut
      case 4: return .status(429, "TooManyRequests", "later", [("Retry-After", "7")])
      case 5: return .stream { $0.send(event("ERROR", #"{"kind":"Status","code":500,"message":"etcd"}"#)) }
      default: return .stream { $0.send(event("DELETED", object("a", 21))) }
      }
    }
    try await follow(["=", "+a@8", "-a@21"], script) { talk in
      #expect(versions(talk) == ["list", "7", "8", "20", "20", "20", "20"])
      #expect(talk.time.waits.count == 5)
      #expect(talk.time.waits.filter { $0 >= .seconds(7) }.count == 1)
    }
  }

  @Test func whereItCannotGoOnItListsAgain() async throws {
    let script: FakeServer.Script = { number, _ in
      switch number {
      case 0: return list(7, [object("a", 1), object("b", 2)])
      case 1: return .status(410, "Expired", "too old")
      case 2: return list(30, [object("b", 2)])
      case 3:
        return .stream {
          $0.send(event("ADDED", object("c", 31)))
          $0.send(event("ERROR", #"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#))
        }
      case 4: return list(40, [])
      default: return .stream { $0.send(event("ADDED", object("d", 41))) }
      }
    }
    try await follow(["=a,b", "=b", "+c@31", "=", "+d@41"], script) { talk in
      #expect(versions(talk) == ["list", "7", "list", "30", "list", "40"])
    }
  }

  /// Such as of an object that it cannot decrypt.
  @Test func whereTheAPIServerFailsAtOneVersionItListsAgain() async throws {
    let script: FakeServer.Script = { number, _ in
      switch number {
      case 0: list(7, [object("a", 1)])
      case 6: list(30, [object("a", 1)])
      case 7: .stream { $0.send(event("ADDED", object("b", 31))) }
      default: .stream { $0.send(event("ERROR", #"{"kind":"Status","code":500,"message":"cannot be decrypted"}"#)) }
      }
    }
    try await follow(["=a", "=a", "+b@31"], script) { talk in
      #expect(versions(talk).prefix(8) == ["list", "7", "7", "7", "7", "7", "list", "30"])
    }
  }

  @Test func aListThatFailsIsTriedAgainAndNothingIsToldBefore() async throws {
    let script: FakeServer.Script = { number, _ in
      switch number {
      case 0: .status(403, "Forbidden", "no RBAC yet")
      case 1: .json(200, "{}")
      case 2: list(7, [object("a", 1)])
      default: .stream { _ in }
      }
    }
    try await follow(["=a"], script) { talk in #expect(talk.time.waits.count == 2) }
  }

  @Test func aServerThatEndsEachWatchAtOnceIsAskedLessAndLess() async throws {
    let script: FakeServer.Script = { number, _ in
      switch number {
      case 0: list(7, [])
      case 40: .stream { $0.send(event("ADDED", object("a", 8))) }
      default: .stream { $0.end() }
      }
    }
    try await follow(["=", "+a@8"], script) { talk in
      #expect(talk.time.waits.count == 39)
      #expect(talk.time.waits.allSatisfy { $0 <= .seconds(30) })
      // The waits are random, but 30 of them have bounds of up to 30 s each.
      #expect(talk.time.waits.suffix(30).reduce(.zero, +) > .seconds(60))
    }
  }

  /// A consumer like a controller's: an actor that stores what is reported, and waits for one object.
  private actor Cache {
    private(set) var names: Set<String> = []

    func follow(_ client: KubernetesClient) async {
      await client.listAndWatch(Selection(.pods), as: ObjectHeader.reader) { await self.take($0) }
    }

    func waitForEvent(_ client: KubernetesClient) async throws -> WatchEvent<JSONValue>? {
      for try await event in try await client.watch(Selection(.pods), from: "7") { return event }
      return nil
    }

    private func take(_ change: Change<ObjectHeader>) {
      switch change {
      case .listing: names = []
      case .present(let object): names.insert(object.name)
      case .listed: break
      case .deleted(let object): names.remove(object.name)
      }
    }
  }

  @Test func anActorMayKeepWhatItIsTold() async throws {
    let script: FakeServer.Script = { _, request in
      guard request.query["watch"] == "true" else { return list(7, [object("a", 1), object("b", 2)]) }
      return .stream { $0.send(event("DELETED", object("a", 8)) + event("ADDED", object("c", 9))) }
    }
    try await talking(script) { talk in
      let cache = Cache()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await cache.follow(talk.client) }
        let isThere = try await eventually { await cache.names == ["b", "c"] }
        #expect(isThere)
        group.cancelAll()
      }
      let first = try await cache.waitForEvent(talk.client)
      #expect(first?.content == .deleted(try json(object("a", 8))))
    }
  }

  @Test func aWatchThatDoesNotWorkIsToldAndAQuietOneIsNot() async throws {
    let script: FakeServer.Script = { _, request in
      if request.path.hasSuffix("/secrets") { return .status(403, "Forbidden", "no RBAC") }
      return request.query["watch"] == nil ? list(7, []) : .stream { _ in }
    }
    try await talking(script) { talk in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for resource in [Resource.pods, .secrets] {
          let selection = Selection(resource, namespace: "shop")
          group.addTask { await talk.client.listAndWatch(selection, as: ObjectHeader.reader) { _ in } }
        }
        let isWatching = try await eventually {
          talk.server.requests.contains { $0.query["watch"] != nil }
            && talk.server.requests.count { $0.path.hasSuffix("/secrets") } > 1
        }
        #expect(isWatching)
        #expect(talk.client.failingWatches(for: .seconds(300)) == [])
        talk.time.pass(.seconds(400))
        #expect(
          talk.client.failingWatches(for: .seconds(300)) == [
            "the watch of secrets in shop has not worked for 400 s: "
              + "list /api/v1/namespaces/shop/secrets: 403 Forbidden: no RBAC"
          ])
        #expect(talk.client.hasWorkingWatch)
        let text = talk.registry.text()
        #expect(text.contains(#"postern_watch_last_success_timestamp_seconds{resource="pods"} 1"#))
        #expect(!text.contains(#"postern_watch_last_success_timestamp_seconds{resource="secrets"}"#))
        group.cancelAll()
      }
      // A watch that has ended cannot fail.
      #expect(talk.client.failingWatches(for: .zero) == [])
      #expect(!talk.client.hasWorkingWatch)
    }
  }

  /// Such as those of a controller that no longer leads.
  @Test func aResourceThatIsWatchedNoMoreHasNoTime() async throws {
    let script: FakeServer.Script = { _, request in request.query["watch"] == nil ? list(7, []) : .stream { _ in } }
    try await talking(script) { talk in
      let series = #"postern_watch_last_success_timestamp_seconds{resource="pods"}"#
      func watch(_ namespace: String) -> Task<Void, Never> {
        Task {
          await talk.client.listAndWatch(Selection(.pods, namespace: namespace), as: ObjectHeader.reader) { _ in }
        }
      }
      let (first, second) = (watch("a"), watch("b"))
      let areThere = try await eventually { talk.server.requests.count { $0.query["watch"] != nil } == 2 }
      #expect(areThere)
      first.cancel()
      await first.value
      #expect(talk.registry.text().contains(series))
      second.cancel()
      await second.value
      #expect(!talk.registry.text().contains(series))
    }
  }

  /// A proxy before an API server in maintenance says so.
  @Test func noWatchWaitsAnHourBecauseItIsAskedTo() async throws {
    let script: FakeServer.Script = { number, _ in
      switch number {
      case 0, 2: .status(503, "ServiceUnavailable", "maintenance", [("Retry-After", "3600")])
      case 1: list(7, [])
      default: .stream { $0.send(event("ADDED", object("a", 8))) }
      }
    }
    try await follow(["=", "+a@8"], script) { talk in
      #expect(talk.time.waits.count == 2)
      #expect(talk.time.waits.allSatisfy { $0 <= ClientSettings().maximumRetryDelay * 2 }, "\(talk.time.waits)")
    }
  }

  @Test func whatIsForbiddenIsToldOnceAndCountsWhereNothingElseWorks() async throws {
    let areAllForbidden = Mutex(false)
    let script: FakeServer.Script = { _, request in
      if request.path.contains("/closed/") || areAllForbidden.withLock({ $0 }) {
        return .status(403, "Forbidden", "no RBAC")
      }
      return request.query["watch"] == nil ? list(7, []) : .stream { $0.cut() }
    }
    try await talking(script) { talk in
      let told = Mutex(0)
      let tell: @Sendable () -> Void = { told.withLock { $0 += 1 } }
      try await withThrowingTaskGroup(of: Void.self) { group in
        let watches: [(String, @Sendable () -> Void)] = [("shop", {}), ("closed", tell)]
        for (namespace, forbidden) in watches {
          let selection = Selection(.pods, namespace: namespace)
          group.addTask {
            await talk.client.listAndWatch(selection, as: ObjectHeader.reader, leftOut: forbidden) { _ in }
          }
        }
        let tries = { talk.server.requests.count { $0.path.contains("/closed/") } }
        let isTriedAgain = try await eventually { tries() > 3 }
        #expect(isTriedAgain)
        #expect(told.withLock { $0 } == 1)
        let isTriedSeldom = try await eventually {
          talk.time.waits.contains { $0 > ClientSettings().maximumRetryDelay }
        }
        #expect(isTriedSeldom)
        talk.time.pass(.seconds(400))
        let isLeftOut = try await eventually { talk.client.failingWatches(for: .seconds(300)).isEmpty }
        #expect(isLeftOut)
        areAllForbidden.withLock { $0 = true }
        let isFailing = try await eventually {
          talk.client.failingWatches(for: .seconds(300)).contains { $0.contains("pods in closed") }
        }
        #expect(isFailing)
        group.cancelAll()
      }
    }
  }

  /// Whatever fails it, and only while others work: where the API server is away, nothing is left out.
  @Test func whatFailsForLongWhileOthersWorkIsLeftOut() async throws {
    let isAway = Mutex(true)
    let script: FakeServer.Script = { _, request in
      if request.path.contains("/closed/") || isAway.withLock({ $0 }) {
        return .status(500, "InternalError", "unable to transform a key")
      }
      return request.query["watch"] == nil ? list(7, []) : .stream { _ in }
    }
    try await talking(script) { talk in
      let told = Mutex<[String]>([])
      try await withThrowingTaskGroup(of: Void.self) { group in
        let tell: @Sendable (String) -> Void = { namespace in told.withLock { $0.append(namespace) } }
        for namespace in ["shop", "closed"] {
          let selection = Selection(.pods, namespace: namespace)
          group.addTask {
            await talk.client.listAndWatch(selection, as: ObjectHeader.reader, leftOut: { tell(namespace) }) { _ in }
          }
        }
        func triedAgain() async throws {
          let tries = { talk.server.requests.count { $0.path.contains("/closed/") } }
          let before = tries()
          #expect(try await eventually { tries() > before + 20 })
        }
        try await triedAgain()
        talk.time.pass(.seconds(400))
        try await triedAgain()
        #expect(told.withLock { $0 } == [])
        isAway.withLock { $0 = false }
        #expect(try await eventually { talk.client.hasWorkingWatch })
        try await triedAgain()
        #expect(told.withLock { $0 } == [])
        talk.time.pass(.seconds(31))
        #expect(try await eventually { told.withLock { $0 } == ["closed"] })
        talk.time.pass(.seconds(400))
        try await triedAgain()
        #expect(told.withLock { $0 } == ["closed"])
        #expect(talk.client.failingWatches(for: .seconds(300)).isEmpty)
        group.cancelAll()
      }
    }
  }

  /// A role may allow `list` and not `watch`: what is listed counts then, and is listed seldom.
  @Test func whereOnlyListsAreAllowedItIsToldOnceAndListedEverMoreSeldom() async throws {
    let script: FakeServer.Script = { _, request in
      request.query["watch"] == nil ? list(7, []) : .status(403, "Forbidden", "no RBAC")
    }
    try await talking(script) { talk in
      let told = Mutex(0)
      let tell: @Sendable () -> Void = { told.withLock { $0 += 1 } }
      try await withThrowingTaskGroup(of: Void.self) { group in
        let selection = Selection(.pods, namespace: "shop")
        group.addTask {
          await talk.client.listAndWatch(selection, as: ObjectHeader.reader, leftOut: tell) { _ in }
        }
        let isListedSeldom = try await eventually {
          talk.time.waits.contains { $0 > ClientSettings().maximumRetryDelay }
        }
        #expect(isListedSeldom)
        #expect(told.withLock { $0 } == 1)
        group.cancelAll()
      }
    }
  }

  @Test func itReturnsWhenItsTaskIsCancelledWhileItWaits() async throws {
    try await talking({ _, _ in .silence }) { talk in
      await withTaskGroup { group in
        group.addTask {
          await talk.client.listAndWatch(Selection(.pods), as: ObjectHeader.reader) { _ in Issue.record("told") }
        }
        _ = try? await eventually { talk.server.requests.count == 1 }
        group.cancelAll()
      }
      #expect(talk.server.requests.count == 1)
    }
  }
}
