import Admission
import JSONBytes
import KubernetesAPI
import Testing

/// What is larger than Kubernetes would store is refused before it is read, and no answer grows by repeating its input.
@Suite struct SizeTests {
  private static let limit = 262_144

  /// Objects with such an annotation, and the annotation's field: on a Pod, a workload, a template.
  private func objects(_ key: String, _ value: String) throws -> [(JSONValue, String)] {
    let annotations = #"{"\#(key)":"\#(value)"}"#
    return [
      (try pod(metadata: #","annotations":\#(annotations)"#), "metadata.annotations"),
      (try deployment(annotations: annotations), "metadata.annotations"),
      (try deployment(annotations: annotations, kind: "StatefulSet"), "metadata.annotations"),
      (try deployment(templateMetadata: #"{"annotations":\#(annotations)}"#), "spec.template.metadata.annotations"),
    ]
  }

  @Test(arguments: AdmissionPath.allCases, ["postern.io/users", "other.example/words"])
  func annotationsThatAreTooLargeAreNotRead(path: AdmissionPath, key: String) throws {
    // An escape has fewer bytes than its spelling. The bytes of the text count.
    for (letter, count) in [("a ", 1), (#"\""#, 1), (#"\u00e9"#, 1)] {
      let width = letter == "a " || letter.hasPrefix("\\u") ? 2 : 1
      let largest = (Self.limit - key.utf8.count) / width
      for (object, field) in try objects(key, String(repeating: letter, count: largest + count)) {
        let reply = try post(object, path)
        #expect(reply.fields == [field])
        #expect(reply.causes.first?.message.contains("Kubernetes takes \(Self.limit)") == true)
        #expect(reply.status?["code"] == .number("422"))
      }
    }
  }

  @Test func annotationsOfTheLimitAreRead() throws {
    let key = "other.example/words"
    for (object, _) in try objects(key, String(repeating: #"\""#, count: Self.limit - key.utf8.count)) {
      for path in AdmissionPath.allCases { #expect(try post(object, path).isAllowed) }
    }
  }

  /// Aliases let a short declaration hold more than a ConfigMap can.
  @Test(arguments: [(20, true), (120, false)])
  func whatDoesNotFitIntoAConfigMapIsRefused(users: Int, fits: Bool) throws {
    let names = (100..<250).map { "database_" + String(repeating: "n", count: 51) + "\($0)" }
    let grants = names.map { "\($0): read" }.joined(separator: ", ")
    let list = (1..<users).map { "{name: u\($0), grants: *g}" }.joined(separator: ", ")
    let object = try deployment(
      annotations: """
        {"postern.io/users":"[{name: u0, grants: &g {\(grants)}}, \(list)]",\
        "postern.io/databases":"[\(names.joined(separator: ", "))]"}
        """)
    let reply = try post(object, .validate)
    let sizes = reply.causes.filter { $0.message.contains("declare less, or divide it") }
    #expect(sizes.isEmpty == fits)
    #expect(sizes.allSatisfy { $0.field == "metadata.annotations[postern.io/databases]" })
  }

  /// An object that Postern leaves alone, such as one that is being deleted, may have larger annotations.
  @Test func whatIsNotOursIsNotCounted() throws {
    let large = String(repeating: "a", count: Self.limit)
    let object = try pod(metadata: #","annotations":{"a":"\#(large)"},"deletionTimestamp":"2026-11-21T10:47:26Z""#)
    #expect(try post(object, .validate).isAllowed)
  }

  @Test func aSecretsAnnotationsAreCountedToo() throws {
    let large = String(repeating: "a", count: Self.limit)
    let secret = try json(
      #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"a":"\#(large)"}}}"#)
    #expect(try post(secret, .validate).fields == ["metadata.annotations"])
  }

  /// A long name is not repeated in every error about what it names.
  @Test func longNamesDoNotMultiply() throws {
    let name = String(repeating: "n", count: 50_000)
    let drops = String(repeating: "DROP ROLE x; ", count: 5_000)
    let script = #"[{name: a, scripts: [{name: \#(name), sql: \"\#(drops)\"}]}]"#
    let scripts = try deployment(annotations: #"{"postern.io/users":"u","postern.io/databases":"\#(script)"}"#)
    let keys = "[{\(name): [" + String(repeating: "{a: 1},", count: 5_000) + "]}]"
    let members = try deployment(annotations: #"{"postern.io/users":"\#(keys)"}"#)
    let containers = try pod(spec: "").adding(
      "/spec/containers", #"[{"name":"\#(name)","image":"postgres"},{"name":"b","image":"postgres"}]"#)
    for object in [scripts, members, containers] {
      let reply = try post(object, .validate)
      let mutated = try post(object, .mutate)
      #expect(!mutated.isAllowed)
      #expect(max(reply.answer.body.count, mutated.answer.body.count) < 1 << 20)
    }
  }

  /// Whoever reaches the webhook can forge a review. What does not read the answer would hold its memory.
  @Test func noAnswerRepeatsMegabytes() throws {
    let name = String(repeating: "n", count: 100_000)
    let denied = try pod(spec: "").adding("/metadata/name", #""\#(name)""#)
      .adding("/spec/containers", #"[{"name":"a","image":"postgres"},{"name":"b","image":"postgres"}]"#)
    let misread = try denied.adding("/spec/containers", "7")
    for object in [denied, misread] {
      let reply = try post(object, .mutate)
      let isAllowed = reply.isAllowed
      #expect(!isAllowed)
      #expect(reply.answer.body.count < 4096)
      #expect(reply.answer.record.name.utf8.count <= 253)
    }
    let error = ReviewError.notAnAdmissionReview(apiVersion: name, kind: name)
    #expect(error.message.utf8.count < 1024)
  }

  @Test func moreContainersThanAnyPodHasAreNotRead() throws {
    let many = "[" + String(repeating: #"{"name":"postern"},"#, count: 10_000) + #"{"name":"b"}]"#
    for list in ["containers", "initContainers", "volumes"] {
      let reply = try post(pod().adding("/spec/\(list)", many), .mutate)
      #expect(!reply.isAllowed)
      #expect(reply.status?["message"]?.string?.contains("more than 10000 elements") == true)
    }
  }
}
