import JSONBytes
import KubernetesAPI
import NIOCore
import PrometheusText
import TestSupport
import Testing

@testable import KubernetesClient

/// Lists, page by page.
@Suite struct ListTests {
  @Test func pagesAreJoined() async throws {
    let pages: FakeServer.Script = { _, request in
      switch request.query["continue"] {
      case nil: list(9, [object("a", 1), object("b", 2)], more: "t/1")
      case "t/1": list(9, [object("c", 3)], more: "t/2")
      default: list(9, [object("d", 4)])
      }
    }
    try await talking(pages, settings: { $0.pageSize = 2 }) { talk in
      let all = try await talk.client.list(
        Selection(.secrets, labelSelector: "a in (b,c)", fieldSelector: "metadata.name=x"))
      #expect(all.items.map { $0["metadata"]?["name"]?.string } == ["a", "b", "c", "d"])
      #expect(all.resourceVersion == "9")
      #expect(talk.server.requests.map { $0.query["continue"] } == [nil, "t/1", "t/2"])
      for request in talk.server.requests {
        #expect(request.path == "/api/v1/secrets")
        #expect(request.query["limit"] == "2")
        #expect(request.query["labelSelector"] == "a in (b,c)")
        #expect(request.query["fieldSelector"] == "metadata.name=x")
      }
    }
  }

  @Test func pagesThatExpiredAreAskedForAnewInOne() async throws {
    let pages: FakeServer.Script = { number, _ in
      switch number {
      case 0: list(9, [object("old", 1)], more: "t")
      case 1: .status(410, "Expired", "the provided continue parameter is too old")
      default: list(12, [object("new", 10)])
      }
    }
    try await talking(pages) { talk in
      let all = try await talk.client.list(Selection(.pods, namespace: "shop"))
      #expect(all.items.map { $0["metadata"]?["name"]?.string } == ["new"])
      #expect(all.resourceVersion == "12")
      #expect(talk.server.requests.map { $0.query["limit"] } == ["500", "500", nil])
      #expect(talk.server.requests.last?.query["continue"] == nil)
    }
  }

  @Test func aListThatExpiredFromTheStartIsAnError() async throws {
    try await talking({ _, _ in .status(410, "Expired", "too old") }) { talk in
      let error = await failure { try await talk.client.list(Selection(.pods)) }
      #expect(error?.isExpired == true)
      #expect(talk.server.requests.count == 1)
    }
  }

  @Test func noItemsAreNoError() async throws {
    try await talking({ _, _ in .json(200, #"{"metadata":{"resourceVersion":"3"},"items":null}"#) }) { talk in
      let all = try await talk.client.list(Selection(.pods))
      #expect(all.items.isEmpty)
    }
  }

  @Test(arguments: ["{}", "[]", #"{"metadata":{"resourceVersion":"3"}}"#, #"{"metadata":{},"items":[]}"#])
  func whatIsNoListIsAnError(_ answer: String) async throws {
    try await talking({ _, _ in .json(200, answer) }) { talk in
      let error = await failure { try await talk.client.list(Selection(.pods)) }
      #expect(error?.cause == .notUnderstood(reason: "it is no list"))
    }
  }

  @Test func aListInAnyPiecesIsItsObjectsAndWhatIsAroundThem() throws {
    let first = #"{"metadata":{"name":"a]}"},"s":"\\\"[{","deep":[[{"x":[]}]]}"#
    let text = #"{"kind":"List","metadata":{"resourceVersion":"7"},"items":[\#(first), \n{} ],"more":[1]}"# + "\n"
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var splitter = ListSplitter(limit: 100)
      let found = splitter.take(ByteBuffer(bytes: bytes[..<cut])) + splitter.take(ByteBuffer(bytes: bytes[cut...]))
      #expect(found == [.object(Array(first.utf8)), .object(Array("{}".utf8))], "\(cut)")
      let whole = try #require(splitter.whole)
      #expect(try JSONValue(parsing: whole)["metadata"]?["resourceVersion"]?.string == "7")
    }
  }

  @Test func ofAnObjectThatIsTooLongOnlyItsLengthIsKept() {
    var splitter = ListSplitter(limit: 100)
    var found = splitter.take(ByteBuffer(string: #"{"items":[{"a":""#))
    for _ in 0..<1000 { found += splitter.take(ByteBuffer(string: "0123456789")) }
    found += splitter.take(ByteBuffer(string: #""},{}]}"#))
    #expect(found == [.tooLong(10_008), .object(Array("{}".utf8))])
  }

  @Test func anObjectThatCannotBeReadIsSkippedAndCounted() async throws {
    let deep = #"{"metadata":{"name":"b","namespace":"shop"},"deep":\#(nested(300))}"#
    try await talking({ _, _ in list(9, [object("a", 1), deep, #"{"metadata":}"#, object("c", 2)]) }) { talk in
      let all = try await talk.client.list(Selection(.pods))
      #expect(all.items.map { $0["metadata"]?["name"]?.string } == ["a", "c"])
      #expect(talk.registry.text().contains(#"postern_watch_items_skipped_total{resource="pods"} 2"#))
      // A reader that only needs the header skips deep values.
      let headers = try await talk.client.list(Selection(.pods), as: ObjectHeader.reader)
      #expect(headers.items.map(\.name).prefix(2) == ["a", "b"])
    }
  }

  @Test func aPageThatIsTooLargeIsAskedForAgainWithHalfTheLimitDownToOne() async throws {
    // Four objects; the third is larger than a page may be.
    let sizes = [300, 300, 3000, 300]
    let script: FakeServer.Script = { _, request in
      let start = Int(request.query["continue"] ?? "") ?? 0
      let end = min(sizes.count, start + (Int(request.query["limit"] ?? "") ?? 0))
      let items = (start..<end).map { index in
        #"{"metadata":{"name":"\#(index)","resourceVersion":"1"},"x":"\#(String(repeating: "x", count: sizes[index]))"}"#
      }
      return list(9, items, more: end < sizes.count ? String(end) : "")
    }
    let change: (inout ClientSettings) -> Void = {
      $0.pageSize = 4
      $0.maximumPageBytes = 1000
    }
    try await talking(script, settings: change) { talk in
      let told = Told()
      let version = try await talk.client.tell(Selection(.pods), as: ObjectHeader.reader) { told.take($0) }
      #expect(version == "9")
      #expect(told.all == ["=0,1,2,3"])
      #expect(
        talk.server.requests.map { "\($0.query["continue"] ?? "")/\($0.query["limit"] ?? "")" }
          == ["/4", "/2", "2/2", "2/1", "3/1"])
    }
  }

  @Test func aPageThatBrokeOffIsReadAgainAndEachObjectIsReportedOnce() async throws {
    let pages: FakeServer.Script = { number, request in
      switch number {
      // Both pages break off after their first object, once.
      case 0, 2:
        .stream { stream in
          stream.send(#"{"items":[\#(object(number == 0 ? "a" : "c", 1)),"#)
          stream.cut()
        }
      case 1: list(9, [object("a", 1), object("b", 2)], more: "t")
      default: list(9, [object("c", 3), object("d", 4)])
      }
    }
    try await talking(pages, settings: { $0.pageSize = 2 }) { talk in
      let all = try await talk.client.list(Selection(.pods), as: ObjectHeader.reader)
      #expect(all.items.map(\.name) == ["a", "b", "c", "d"])
      #expect(talk.server.requests.map { $0.query["continue"] } == [nil, nil, "t", "t"])
    }
  }

  @Test func whereOnlyChangesAreWantedOneObjectIsAskedForAndNoneTold() async throws {
    try await talking({ _, _ in list(9, [object("a", 1)], more: "t") }) { talk in
      let told = Told()
      let selection = Selection(.secrets, metadataOnly: true, changesOnly: true)
      _ = try await talk.client.tell(selection, as: ObjectHeader.reader) { told.take($0) }
      #expect(told.all == ["="])
      #expect(talk.server.requests.map { $0.query["limit"] } == ["1"])
    }
  }
}

/// An array nested in arrays.
func nested(_ depth: Int) -> String {
  String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
}
