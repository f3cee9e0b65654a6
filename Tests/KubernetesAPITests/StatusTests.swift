import JSONBytes
import KubernetesAPI
import Testing

@Suite struct StatusTests {
  @Test func aFailureIsReadAsTheAPIServerWritesIt() throws {
    let value = try JSONValue(
      parsing: Array(
        """
        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \\"db\\" not found",
        "reason":"NotFound","details":{"name":"db","kind":"pods"},"code":404}
        """.utf8))
    let status = try #require(Status(value))
    #expect(status.code == 404 && status.reason == "NotFound" && status.message == #"pods "db" not found"#)
    #expect(status.name == "db" && status.kind.kind == "pods")
  }

  @Test(arguments: [
    #"{"kind":"Pod","code":404}"#, #"{"kind":"Status","code":200}"#, #"{"kind":"Status"}"#,
    #"{"kind":"Status","code":"404"}"#, #"{"kind":"Status","code":4e2}"#, "[]", "null",
  ])
  func whatSaysNoFailureIsNone(text: String) throws {
    #expect(Status(try JSONValue(parsing: Array(text.utf8))) == nil)
  }
}
