import JSONBytes
import KubernetesAPI
import Linux
import NIOCore
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import KubernetesClient

/// One watch, from beginning to end.
@Suite struct WatchTests {
  /// The last answer that a server began, so that the test can continue it.
  private final class Opened: Sendable {
    private let feed = Mutex<FakeServer.Feed?>(nil)
    private let noted = Atomic(false)
    var isNoted: Bool { noted.load(ordering: .relaxed) }
    func note() { noted.store(true, ordering: .relaxed) }
    var isClosed: Bool { feed.withLock { $0?.isClosed ?? false } }
    func keep(_ feed: FakeServer.Feed) { self.feed.withLock { $0 = feed } }
  }

  private func events(_ talk: Talk) async throws -> [WatchEvent<JSONValue>] {
    var all: [WatchEvent<JSONValue>] = []
    for try await event in try await talk.client.watch(Selection(.pods, namespace: "shop"), from: "7") {
      all.append(event)
    }
    return all
  }

  @Test func eventsComeInOrderUpToTheEnd() async throws {
    let script: FakeServer.Script = { _, _ in
      .stream { feed in
        feed.send(event("ADDED", object("a", 8)) + event("MODIFIED", object("a", 9)))
        feed.send(event("BOOKMARK", object("", 10)) + event("DELETED", object("a", 11)))
        feed.end()
      }
    }
    try await talking(script) { talk in
      #expect(
        try await events(talk) == [
          WatchEvent(content: .added(try json(object("a", 8))), resourceVersion: "8"),
          WatchEvent(content: .modified(try json(object("a", 9))), resourceVersion: "9"),
          WatchEvent(content: nil, resourceVersion: "10"),
          WatchEvent(content: .deleted(try json(object("a", 11))), resourceVersion: "11"),
        ])
      let request = try #require(talk.server.requests.first)
      #expect(request.path == "/api/v1/namespaces/shop/pods")
      #expect(request.query["watch"] == "true")
      #expect(request.query["allowWatchBookmarks"] == "true")
      #expect(request.query["resourceVersion"] == "7")
      let seconds = try #require(Int(request.query["timeoutSeconds"] ?? ""))
      #expect((225...300).contains(seconds))
    }
  }

  @Test func eventsMayComeInAnyPieces() async throws {
    let text = event("ADDED", #"{"metadata":{"name":"é","resourceVersion":"8"}}"#) + event("DELETED", object("b", 9))
    let bytes = Array(text.utf8)
    let whole = text.split(separator: "\n").map { Array($0.utf8) }
    for cut in 0...bytes.count {
      var splitter = LineSplitter(limit: 100)
      var lines: [LineSplitter.Line] = []
      for piece in [bytes[..<cut], bytes[cut...]] {
        splitter.append(ByteBuffer(bytes: piece))
        while let line = splitter.takeLine() { lines.append(line) }
      }
      #expect(lines == whole.map { .whole($0) })
    }
    let script: FakeServer.Script = { _, _ in
      .stream { feed in
        for scalar in text.unicodeScalars { feed.send(String(scalar)) }
        feed.end()
      }
    }
    try await talking(script) { talk in
      let all = try await events(talk)
      #expect(all.count == 2)
    }
  }

  @Test func anEventThatIsTooLongOrCannotBeReadIsSkippedAndCounted() async throws {
    let script: FakeServer.Script = { _, _ in
      .stream { feed in
        feed.send(event("ADDED", object("a", 8)))
        for _ in 0..<80 { feed.send(String(repeating: "x", count: 10)) }
        feed.send("\n" + event("ADDED", #"{"metadata":{"name":"b","resourceVersion":"9"},"deep":\#(nested(300))}"#))
        feed.send(event("ADDED", object("c", 10)))
        feed.end()
      }
    }
    try await talking(script, settings: { $0.maximumObjectBytes = 700 }) { talk in
      let all = try await events(talk)
      #expect(all.map(\.resourceVersion) == ["8", "9", "10"])
      #expect(all.map { $0.content != nil } == [true, false, true])
      #expect(talk.registry.text().contains(#"postern_watch_items_skipped_total{resource="pods"} 2"#))
    }
  }

  @Test func aResourceVersionThatIsTooOldIsExpired() async throws {
    let script: FakeServer.Script = { number, _ in
      guard number > 0 else { return .status(410, "Expired", "too old resource version: 7 (9)") }
      return .stream { feed in
        feed.send(event("ADDED", object("a", 8)))
        feed.send(event("ERROR", #"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#))
      }
    }
    try await talking(script) { talk in
      for description in ["410 Expired: too old resource version: 7 (9)", "410 Expired: too old"] {
        let error = await failure { try await events(talk) }
        #expect(error?.isExpired == true)
        #expect(error?.description == "watch /api/v1/namespaces/shop/pods: \(description)")
      }
      #expect(talk.server.requests.count == 2)
    }
  }

  @Test(arguments: ["{", "[]", #"{"type":"NEWS","object":{}}"#, #"{"type":"ADDED"}"#, #"{"type":"ERROR","object":{}}"#])
  func whatIsNoEventIsAnError(_ line: String) async throws {
    try await talking({ _, _ in .stream { $0.send(line + "\n") } }) { talk in
      let error = await failure { try await events(talk) }
      guard case .notUnderstood = error?.cause else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func aConnectionThatBreaksIsNoEnd() async throws {
    let script: FakeServer.Script = { _, _ in
      .stream { feed in
        feed.send(event("ADDED", object("a", 8)))
        feed.cut()
      }
    }
    try await talking(script) { talk in
      let error = await failure { try await events(talk) }
      guard case .interrupted = error?.cause else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func aPeerFromWhichNothingComesIsGivenUp() async throws {
    let opened = Opened()
    let script: FakeServer.Script = { _, _ in .stream { opened.keep($0) } }
    let change: (inout ClientSettings) -> Void = {
      $0.watchTimeout = .milliseconds(50)
      $0.watchGrace = .milliseconds(50)
    }
    try await talking(script, settings: change) { talk in
      let error = await failure { try await events(talk) }
      #expect(error?.cause == .interrupted(reason: "nothing came for too long"))
      let isClosed = try await eventually { opened.isClosed }
      #expect(isClosed)
    }
  }

  @Test func endingTheTaskEndsTheWatchAndItsConnection() async throws {
    let opened = Opened()
    let script: FakeServer.Script = { _, _ in
      .stream { feed in
        opened.keep(feed)
        feed.send(event("ADDED", object("a", 8)))
      }
    }
    try await talking(script) { talk in
      await withTaskGroup { group in
        group.addTask {
          let error = await failure {
            for try await _ in try await talk.client.watch(Selection(.pods), from: "7") {
              opened.note()
            }
          }
          #expect(error?.isCancelled == true)
        }
        #expect((try? await eventually { opened.isNoted }) == true)
        group.cancelAll()
      }
      let isClosed = try await eventually { opened.isClosed }
      #expect(isClosed)
    }
  }

  @Test func manyWatchesLeaveRoomForRequests() async throws {
    let script: FakeServer.Script = { _, request in request.query["watch"] == nil ? .json(200, "{}") : .stream { _ in }
    }
    try await talking(script) { talk in
      var watches: [WatchEvents<JSONValue>] = []
      for _ in 0..<70 { watches.append(try await talk.client.watch(Selection(.pods), from: "1")) }
      _ = try await talk.client.get(.pods, "a", in: "b")
      #expect(talk.server.requests.count == 71)
      #expect(watches.count == 70)
    }
  }

  @Test func theSystemProbesASilentConnection() async throws {
    try await talking({ _, _ in .stream { _ in } }) { talk in
      let watch = try await talk.client.watch(Selection(.pods), from: "1")
      // proc(5): the remote address, state 01 (established), then the timer, of which 02 means keepalive.
      let port = String(talk.server.port, radix: 16, uppercase: true)
      let table = String(decoding: try File.read("/proc/net/tcp"), as: UTF8.self)
      let rows = table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      let timers = rows.filter { $0[2] == "0100007F:\(port)" && $0[3] == "01" }.map { String($0[5].prefix(2)) }
      #expect(timers == ["02"])
      withExtendedLifetime(watch) {}
    }
  }
}
