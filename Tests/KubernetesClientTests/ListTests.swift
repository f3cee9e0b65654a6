import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

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
}
