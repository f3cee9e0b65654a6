import Admission
import JSONBytes
import KubernetesAPI
import Testing

private func refusal(_ text: String) -> ReviewError? {
  do throws(ReviewError) {
    _ = try answer(Array(text.utf8), at: .mutate, settings: AdmissionSettings())
    return nil
  } catch { return error }
}

/// Bodies without a review that could be answered: HTTP 400.
private let unanswerable: [(String, ReviewError)] = [
  ("", .notJSON(JSONError(.unexpectedEnd, at: 0))),
  ("{", .notJSON(JSONError(.unexpectedEnd, at: 1))),
  ("[]", .notJSON(JSONError(.expected(.object), at: 0))),
  ("null", .notJSON(JSONError(.expected(.object), at: 0))),
  ("{}", .notAnAdmissionReview(apiVersion: nil, kind: nil)),
  (#"{"kind":"Pod","apiVersion":"v1"}"#, .notAnAdmissionReview(apiVersion: "v1", kind: "Pod")),
  (
    #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"1"}}"#,
    .notAnAdmissionReview(apiVersion: "admission.k8s.io/v1beta1", kind: "AdmissionReview")
  ),
  (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#, .noRequest),
  (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}"#, .noRequest),
  (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}"#, .missing(member: "uid")),
  (
    #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":""}}"#, .missing(member: "uid")
  ),
  (
    #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1"}}"#, .missing(member: "kind")
  ),
  (
    #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","kind":{}}}"#,
    .missing(member: "operation")
  ),
]

@Suite struct ProtocolTests {
  @Test(arguments: unanswerable)
  func refusesBodiesThatAreNoReview(body: String, expected: ReviewError) {
    #expect(refusal(body) == expected)
    #expect(!expected.message.isEmpty)
  }

  @Test func refusesTextAfterTheReview() throws {
    let body = try fixture("04-pod-create")
    #expect(throws: ReviewError.notJSON(JSONError(.trailingBytes, at: body.count))) {
      try post(body + Array("x".utf8), .mutate)
    }
  }

  @Test(arguments: ["04-pod-create", "17-pod-update", "24-deployment-create"])
  func everyTruncationIsRefusedAndNoneCrashes(name: String) throws {
    let body = try fixture(name)
    for length in stride(from: 0, to: body.count, by: 23) {
      #expect(throws: ReviewError.self) { try post(Array(body.prefix(length)), .mutate) }
    }
  }

  @Test(arguments: [UInt8(ascii: "\""), UInt8(ascii: "}"), UInt8(ascii: "0"), 0xFF, 0])
  func noSpoiltByteCrashes(byte: UInt8) throws {
    let body = try fixture("04-pod-create")
    for index in stride(from: 0, to: body.count, by: 31) {
      var spoilt = body
      spoilt[index] = byte
      for path in AdmissionPath.allCases {
        do {
          let reply = try post(spoilt, path)
          #expect(reply.isAllowed != !reply.causes.isEmpty, "byte \(index)")
        } catch {
          #expect(error is ReviewError, "byte \(index)")
        }
      }
    }
  }

  @Test(arguments: foreign)
  func leavesAloneWhatIsNotOurs(what: String, change: String) throws {
    var root = try JSONValue(parsing: try fixture("07-pod-create"))
    guard case .object(let members) = try json(change) else { return }
    for member in members.members {
      root = try root.adding("/request/\(member.key)", member.value.text)
    }
    for path in AdmissionPath.allCases {
      let reply = try post(root.bytes, path)
      #expect(reply.isAllowed && reply.patch == nil && reply.warnings.isEmpty, "\(what)")
      #expect(reply.response?["uid"]?.string == "cddeffe2-c8f7-412c-8c9e-a85f35454809")
      #expect(reply.answer.record.decision == .unchanged)
    }
  }

  @Test(arguments: [
    #","annotations":{"kubernetes.io/config.mirror":"abc"}"#, #","annotations":{"postern.io/inject":"false"}"#,
    #","annotations":{"postern.io/inject":" false\n","postern.io/users":"pg_no"}"#,
    #","deletionTimestamp":"2026-11-21T10:47:26Z""#,
  ])
  func leavesAlonePodsThatAreToBe(metadata: String) throws {
    for path in AdmissionPath.allCases {
      #expect(try post(pod(metadata: metadata), path).answer.record.decision == .unchanged)
    }
  }

  @Test func aPodThatIsUpdatedIsNotPatched() throws {
    #expect(try post(pod(), .mutate, replacing: pod()).answer.record.decision == .unchanged)
  }

  /// Objects with our label that are JSON but not as Kubernetes defines them. They are answered by uid, like any other.
  @Test(arguments: [
    #"{"labels":[]}"#, #"{"labels":{"postern.io/customer":1}}"#,
    #"{"labels":{"postern.io/customer":"a"},"annotations":{"postern.io/users":["x"]}}"#,
  ])
  func deniesByUidWhatKubernetesWouldNotSend(metadata: String) throws {
    let reply = try post(pod().adding("/metadata", metadata), .mutate)
    #expect(!reply.isAllowed && reply.patch == nil)
    #expect(reply.root["kind"]?.string == "AdmissionReview")
    #expect(reply.root["apiVersion"]?.string == "admission.k8s.io/v1")
    #expect(reply.response?["uid"]?.string == "uid-1")
    #expect(reply.status?["code"] == .number("400"))
    #expect(reply.status?["reason"]?.string == "BadRequest")
  }

  @Test func deniesContainersThatAreNone() throws {
    let reply = try post(pod().adding("/spec/containers", #"{"a":1}"#), .mutate)
    #expect(!reply.isAllowed)
    #expect(reply.status?["message"]?.string?.hasPrefix("Pod \"db-0\" is not as Kubernetes defines it") == true)
  }

  @Test func theOrderOfMembersDoesNotMatter() throws {
    let request = try #require(try JSONValue(parsing: try fixture("07-pod-create"))["request"])
    guard case .object(let object) = request else { return }
    var reversed = JSONObject()
    for member in object.members.reversed() { reversed[member.key] = member.value }
    let body = Array(
      #"{"request":\#(JSONValue.object(reversed).text),"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#
        .utf8
    )
    #expect(try post(body, .mutate).answer.body == post(fixture("07-pod-create"), .mutate).answer.body)
  }

  /// Of members with the same name, the last one counts: for the decision and for the object that the patch is applied
  /// to.
  @Test(arguments: [
    #""spec":{}"#, #""spec":null"#, #""spec":{"template":null}"#, #""spec":{"template":{"metadata":null}}"#,
    #""metadata":{"labels":{"postern.io/customer":"b"}}"#, #""metadata":null"#,
  ])
  func membersThatComeTwiceAreReadAsThePatchIsApplied(again: String) throws {
    for object in [try deployment(), try pod()] {
      let kind = try #require(object["kind"]?.string)
      let twice = object.text.dropLast() + ",\(again)}"
      let body = """
        {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE","namespace":"shop",
         "kind":{"group":"\(kind == "Pod" ? "" : "apps")","version":"v1","kind":"\(kind)"},"object":\(twice)}}
        """
      let reply = try post(Array(body.utf8), .mutate)
      #expect(throws: Never.self) { try reply.admitted(json(String(twice))) }
    }
  }

  @Test func theUidComesBackAsItWas() throws {
    let uid = "a\"b\\c\u{1}é🐘"
    let body = review(for: try pod(), kind: .pod, namespace: "shop", uid: uid)
    #expect(try post(body, .mutate).response?["uid"]?.string == uid)
    #expect(try post(body, .validate).answer.record.uid == uid)
  }
}

/// Requests about objects that are not ours, each a change to a review of a Pod that is ours.
private let foreign: [(String, String)] = [
  ("another kind", #"{"kind":{"group":"apps","version":"v1","kind":"ReplicaSet"}}"#),
  ("another group's Pod", #"{"kind":{"group":"example.com","version":"v1","kind":"Pod"}}"#),
  ("a subresource", #"{"subResource":"status"}"#),
  ("DELETE", #"{"operation":"DELETE"}"#),
  ("CONNECT", #"{"operation":"CONNECT"}"#),
  ("an operation of tomorrow", #"{"operation":"DREAM"}"#),
  ("kube-system", #"{"namespace":"kube-system"}"#),
  ("no object", #"{"object":null}"#),
  ("an object that is none", #"{"object":"x"}"#),
  ("null metadata", #"{"object":{"metadata":null,"spec":null}}"#),
  ("no label", #"{"object":{"metadata":{"labels":null},"spec":{}}}"#),
]
