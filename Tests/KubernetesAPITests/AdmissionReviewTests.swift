import JSONBytes
import KubernetesAPI
import Testing

@Suite struct AdmissionReviewTests {
  private func review(_ request: String) throws(ReviewError) -> AdmissionReview {
    try AdmissionReview(
      decoding: Array(#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":\#(request)}"#.utf8))
  }

  static let pod = #"{"group":"","version":"v1","kind":"Pod"}"#
  static let long = String(repeating: "n", count: 254)

  @Test func whatADecisionDependsOnIsRead() throws {
    let review = try review(
      """
      {"uid":"u","kind":\(Self.pod),"subResource":"","name":null,"namespace":"shops","operation":"UPDATE","more":[{}],
      "object":{"metadata":{"labels":{"a":"b"},"name":"db"},"spec":{"hostNetwork":true}},"oldObject":null}
      """)
    #expect(review.uid == "u" && review.kind == .pod && review.subResource == nil)
    #expect(review.name.isEmpty && review.namespace == "shops" && review.operation == .update)
    #expect(review.object?.pod.metadata?.labels != nil)
    #expect(review.object?.pod.metadata?.annotations == nil)
    #expect(review.object?.pod.spec.hostNetwork != nil)
    #expect(review.oldObject == nil)
  }

  @Test func anOperationOfALaterVersionIsNoneOfThese() throws {
    #expect(try review(#"{"uid":"u","kind":\#(Self.pod),"operation":"RENAME"}"#).operation == nil)
  }

  @Test func ofMembersOfOneNameTheLastCounts() throws {
    let review = try review(
      #"{"uid":"u","kind":\#(Self.pod),"operation":"CREATE","object":{"spec":{"template":{}},"spec":{}}}"#)
    #expect(review.object?.template == nil)
  }

  @Test(arguments: [
    ("null", ReviewError.noRequest),
    ("{}", .missing(member: "uid")),
    (#"{"uid":"","kind":\#(pod),"operation":"CREATE"}"#, .missing(member: "uid")),
    (#"{"uid":"u","operation":"CREATE"}"#, .missing(member: "kind")),
    (#"{"uid":"u","kind":\#(pod)}"#, .missing(member: "operation")),
    (#"{"uid":"\#(long)","kind":\#(pod),"operation":"CREATE"}"#, .tooLong(member: "uid")),
    (#"{"uid":"u","kind":{"kind":"\#(long)"},"operation":"CREATE"}"#, .tooLong(member: "kind")),
    (#"{"uid":"u","kind":{"group":"\#(long)"},"operation":"CREATE"}"#, .tooLong(member: "kind")),
    (#"{"uid":"u","kind":{"version":"\#(long)"},"operation":"CREATE"}"#, .tooLong(member: "kind")),
    (#"{"uid":"u","kind":\#(pod),"operation":"CREATE","namespace":"\#(long)"}"#, .tooLong(member: "namespace")),
  ])
  func aRequestThatCannotBeAnsweredIsRefused(request: String, error: ReviewError) {
    #expect(throws: error) { try review(request) }
  }

  @Test(arguments: ["", "[", "[]", "null", #"{"kind":"Pod","apiVersion":"v1"}"#, #"{"kind":"AdmissionReview"}"#])
  func whatIsNoReviewIsRefused(document: String) {
    #expect(throws: ReviewError.self) { try AdmissionReview(decoding: Array(document.utf8)) }
  }

  @Test func anAnswerRepeatsUidAndVersionAndHasAPatchOnlyWhereSomethingChanges() throws {
    let review = try review(#"{"uid":"\u00e4\"","kind":\#(Self.pod),"operation":"CREATE"}"#)
    func answer(_ verdict: AdmissionReview.Verdict) throws -> JSONValue {
      try JSONValue(parsing: review.response(verdict, warnings: ["w"], auditAnnotations: [("k", "v")]))
    }
    let unchanged = try answer(.allowed(patch: nil))
    #expect(unchanged["apiVersion"]?.string == "admission.k8s.io/v1")
    #expect(unchanged["response"]?["uid"]?.string == "ä\"")
    #expect(unchanged["response"]?["allowed"] == .bool(true))
    #expect(unchanged["response"]?["patch"] == nil && unchanged["response"]?["patchType"] == nil)
    #expect(unchanged["response"]?["warnings"]?.array?.compactMap(\.string) == ["w"])
    #expect(unchanged["response"]?["auditAnnotations"]?["k"]?.string == "v")
    let patched = try answer(.allowed(patch: Array("[]".utf8)))
    #expect(patched["response"]?["patch"]?.string == "W10=")
    #expect(patched["response"]?["patchType"]?.string == "JSONPatch")
    let status = Status(code: 422, reason: "Invalid", message: "m", name: "db", kind: .pod)
    let denied = try answer(.denied(status))
    #expect(denied["response"]?["allowed"] == .bool(false))
    #expect(denied["response"]?["patch"] == nil)
    #expect(denied["response"]?["status"]?["code"] == .number("422"))
  }
}
