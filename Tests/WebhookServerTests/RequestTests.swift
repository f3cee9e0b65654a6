import TestSupport
import Testing
import WebhookServer

/// The answer to each request, over real TLS.
@Suite struct RequestTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let request: String
    let status: Int
    /// Whether the connection persists after the answer.
    var goesOn = true
    var testDescription: String { String(request.prefix(70)).debugDescription }
  }

  static let json = "Host: h\r\nContent-Type: application/json\r\n"

  static let cases = [
    Case(request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 200),
    Case(request: "POST /validate HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 200),
    Case(request: "POST /mutate?timeout=5s HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 200),
    Case(request: "POST https://h/mutate?a=b HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 200),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
      status: 200),
    Case(
      request:
        "POST /mutate HTTP/1.1\r\nhost: h\r\ncontent-type: Application/JSON ;a=b\r\ncontent-length: 2\r\n\r\n{}",
      status: 200),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 2\r\nConnection: close\r\n\r\n{}", status: 200,
      goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 2\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n{}",
      status: 200, goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", status: 200,
      goesOn: false),
    Case(request: "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", status: 200),
    Case(request: "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", status: 200),
    Case(request: "GET /readyz?verbose HTTP/1.1\r\nHost: h\r\n\r\n", status: 200),
    Case(request: "\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", status: 200),
    Case(request: "POST /healthz HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 405),
    Case(request: "GET /mutate HTTP/1.1\r\nHost: h\r\n\r\n", status: 405),
    Case(request: "PUT /validate HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 405),
    Case(request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 0\r\n\r\n", status: 400),
    Case(request: "POST /mutate HTTP/1.1\r\n\(json)\r\n", status: 400),
    Case(request: "POST /mutate HTTP/1.1\r\n\(json)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400),
    Case(
      request: "POST /mutate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", status: 400),
    Case(request: "POST /mutate HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}", status: 415),
    Case(
      request: "POST /mutate HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
      status: 415),
    Case(
      request: "POST /mutate HTTP/1.1\r\nHost: h\r\nContent-Type: application/jsonp\r\nContent-Length: 2\r\n\r\n{}",
      status: 415),
    Case(request: "POST /mutate/ HTTP/1.1\r\n\(json)Content-Length: 2\r\n\r\n{}", status: 404),
    Case(request: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", status: 404),
    Case(request: "GET /../mutate HTTP/1.1\r\nHost: h\r\n\r\n", status: 404),
    Case(request: "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", status: 404),
    Case(request: "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n", status: 404),
    Case(request: "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", status: 404, goesOn: false),
    Case(request: "nonsense\r\n\r\n", status: 400, goesOn: false),
    Case(request: "GET /healthz\r\n\r\n", status: 505, goesOn: false),
    Case(request: "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", status: 400, goesOn: false),
    Case(request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 400, goesOn: false),
    Case(request: "GET /healthz HTTP/1.1\r\nHost: h\r\nbroken\r\n\r\n", status: 400, goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", status: 400,
      goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", status: 400,
      goesOn: false),
    Case(request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: -1\r\n\r\n{}", status: 400, goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 99999999999999999999\r\n\r\n", status: 400,
      goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Content-Length: 18446744073709551615\r\n\r\n", status: 413,
      goesOn: false),
    Case(
      request: "POST /mutate HTTP/1.1\r\n\(json)Transfer-Encoding: chunked\r\n\r\nxyz\r\n", status: 400, goesOn: false),
    Case(
      request: "GET /healthz HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", status: 431,
      goesOn: false),
    Case(
      request: "GET /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: h\r\n\r\n", status: 431, goesOn: false),
    Case(
      request: "GET /healthz HTTP/1.1\r\nHost: h\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", status: 431,
      goesOn: false),
  ]

  @Test(arguments: cases) func answersEachRequest(_ example: Case) async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send(example.request)
      let response = try await client.response()
      #expect(response.status == example.status, "\(response.text)")
      #expect((response.fields["connection"] == "close") == !example.goesOn)
      if example.goesOn {
        #expect(try await client.get("/healthz").status == 200)
      } else {
        try await client.waitForClose()
      }
    }
  }

  @Test func theBodyAndThePathReachTheWebhookAndItsAnswerComesBackAsJSON() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      let mutated = try await client.post("/mutate", Array("{\"a\":1}".utf8))
      #expect(mutated.text == "m{\"a\":1}")
      #expect(mutated.fields == ["content-type": "application/json", "content-length": "8"])
      #expect(try await client.post("/validate?timeout=5s", Array("[]".utf8)).text == "v[]")
    }
  }

  @Test(arguments: [(200, 200), (400, 400), (500, 500), (599, 599), (99, 500), (600, 500), (-1, 500)])
  func theStatusOfTheWebhookIsSent(_ given: Int, _ sent: Int) async throws {
    try await serving(configuration(), answer: { _, _ in WebhookReply(status: given, body: [0x7B, 0x7D]) }) { server in
      let response = try await server.client().post("/mutate", [0x7B, 0x7D])
      #expect(response.status == sent)
      #expect(response.text == "{}")
    }
  }

  @Test func aRefusedMethodIsToldTheRightOne() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      #expect(try await client.get("/mutate").fields["allow"] == "POST")
      #expect(try await client.post("/healthz", [0x7B]).fields["allow"] == "GET, HEAD")
    }
  }

  @Test func anAnswerToHEADHasTheLengthAndNoBody() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send("HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
      let head = try await client.response(isHead: true)
      #expect(head.status == 200)
      #expect(head.fields["content-length"] == "3")
      #expect(try await client.response().text == "ok\n")
    }
  }

  @Test func anHTTP10ClientThatAsksForItIsToldThatTheConnectionGoesOn() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(try await client.response().fields["connection"] == "keep-alive")
    }
  }

  @Test func readinessIsWhatTheServerIsTold() async throws {
    let flag = Flag()
    try await serving(configuration(), health: ServerHealth(canDecide: { flag.isSet })) { server in
      let client = try await server.client()
      let before = try await client.get("/readyz")
      #expect(before.status == 503)
      #expect(before.text == "not ready: what reviews are decided by is not there yet\n")
      #expect(try await client.get("/healthz").status == 200)
      // The API server tries again within its deadline. Nothing is decided before everything that decisions need is
      // there.
      for path in ["/mutate", "/validate"] {
        let review = try await client.post(path, [0x7B, 0x7D])
        #expect(review.status == 503)
        #expect(review.fields["retry-after"] == "1")
      }
      flag.set()
      #expect(try await client.get("/readyz").text == "ok\n")
      #expect(try await client.post("/mutate", [0x7B, 0x7D]).text == "m{}")
    }
  }

  @Test func aClientThatWaitsForWordIsToldToSendItsBody() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send("POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      #expect(try await client.response().status == 100)
      client.send("{}")
      #expect(try await client.response().text == "m{}")
    }
  }

  @Test func aClientThatWaitsForWordIsSparedABodyThatIsRefused() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send("POST /nowhere HTTP/1.1\r\n\(Self.json)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      #expect(try await client.response().status == 404)
      try await client.waitForClose()
    }
  }

  @Test func aHundredRequestsGoOverOneConnection() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      for number in 1...100 {
        #expect(try await client.post("/mutate", Array("\(number)".utf8)).text == "m\(number)")
      }
    }
  }

  @Test func pipelinedRequestsAreAnsweredInTheirOrder() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send((1...200).flatMap { Client.post("/validate", Array("\($0)".utf8)) })
      for number in 1...200 { #expect(try await client.response().text == "v\(number)") }
    }
  }

  @Test func aRequestThatComesByteByByteIsAnswered() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      for byte in Client.post("/mutate", Array("{}".utf8)) { client.send([byte]) }
      #expect(try await client.response().text == "m{}")
    }
  }
}
