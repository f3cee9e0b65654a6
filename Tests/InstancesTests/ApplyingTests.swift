import JSONBytes
import Testing
import TextEncoding

@testable import Instances

/// How a desired object is compared with the live one, and what is written of it.
@Suite struct ApplyingTests {
  private let desired = DesiredObject(
    kind: .secret, name: "acme-pg-user-shop", namespace: "shops", customer: "acme",
    annotations: ["postern.io/user": "shop"], type: "t", data: ["password": "made", "uri": "new"], seeds: ["password"])

  private func live(
    password: String = "edited", uri: String = "new", more: [String: String] = [:], applied: [String] = ["uri"],
    written: [String] = [], labels: String = #""app.kubernetes.io/managed-by":"postern","postern.io/customer":"acme""#,
    owners: [String] = [], appliedOwners: [String] = [], type: String = "t", isRestored: Bool = false,
    heldLabels: String = "app.kubernetes.io/managed-by"
  ) throws -> LiveObject {
    let data = ["password": password, "uri": uri].merging(more) { $1 }
      .map { #""\#($0)":"\#(Base64.encoded(Array($1.utf8)))""# }.joined(separator: ",")
    let fields = { (keys: [String]) in keys.map { #""f:\#($0)":{}"# }.joined(separator: ",") }
    let ownerKeys = appliedOwners.map { #""k:{\"uid\":\"\#($0)\"}":{}"# }.joined(separator: ",")
    let ownerList = owners.map { #"{"uid":"\#($0)"}"# }.joined(separator: ",")
    let restored = #"{"manager":"velero-server","operation":"Update","fieldsV1":{"f:data":{"f:uri":{}}}}"#
    let value = try json(
      #"""
      {"type":"\#(type)","metadata":{"name":"acme-pg-user-shop","resourceVersion":"7","uid":"u","labels":{\#(labels)},
      "annotations":{"postern.io/user":"shop"},"ownerReferences":[\#(ownerList)],"managedFields":[\#(isRestored ? restored : #"""
      {"manager":"postern","operation":"Apply","fieldsV1":{"f:metadata":{"f:labels":{"f:\#(heldLabels)":{}},
      "f:ownerReferences":{\#(ownerKeys)}},"f:data":{".":{},\#(fields(applied))}}},
      {"manager":"postern","operation":"Update","fieldsV1":{"f:data":{\#(fields(written))}}},
      {"manager":"kubectl","operation":"Update","fieldsV1":{"f:data":{"f:theirs":{}}}}
      """#)]},"data":{\#(data)}}
      """#)
    return try LiveObject(value.bytes, kind: .secret)
  }

  @Test func anEditedSeedIsWhoseItIs() throws {
    #expect(desired.isSatisfied(by: try live()))
    let application = desired.application(over: try live(uri: "old"))
    #expect(application["data"]?.keys == ["uri"])
    #expect(application["metadata"]?["resourceVersion"] == .string("7"))
    #expect(application["type"] == nil)
  }

  @Test func aSeedThatPosternAppliedIsSaidAgainOrItWouldBeRemoved() throws {
    let application = desired.application(over: try live(password: "applied", applied: ["uri", "password"]))
    #expect(application["data"]?["password"] == .string(Base64.encoded(Array("applied".utf8))))
  }

  @Test func allElseIsCompared() throws {
    #expect(!desired.isSatisfied(by: try live(uri: "old")))
    #expect(!desired.isSatisfied(by: try live(labels: #""app.kubernetes.io/managed-by":"postern""#)))
    #expect(!desired.isSatisfied(by: try live(labels: #""postern.io/customer":"acme""#)))
    #expect(desired.isSatisfied(by: try live(more: ["theirs": "x"])))
    var annotated = desired
    annotated.annotations["postern.io/user"] = "Shop"
    #expect(!annotated.isSatisfied(by: try live()))
    var unseeded = desired
    unseeded.seeds = []
    #expect(!unseeded.isSatisfied(by: try live()))
    #expect(unseeded.isSatisfied(by: try live(password: "made")))
  }

  @Test func whatPosternWroteOnceIsTakenAway() throws {
    let removal = try json(#"{"metadata":{"resourceVersion":"7"},"data":{"uri.old":null}}"#)
    for live in [
      try live(more: ["uri.old": "x"], applied: ["uri", "uri.old"]),
      try live(more: ["uri.old": "x"], written: ["uri.old"]),
    ] {
      #expect(!desired.isSatisfied(by: live))
      #expect(desired.removal(from: live) == removal)
    }
  }

  /// Where it is also somebody else's, an apply leaves it, and it is none of Postern's afterwards.
  @Test func whatPosternWroteOnceIsTakenAwayThoughItIsSomebodyElsesAsWell() throws {
    let former = try live(more: ["uri.old": "x"], applied: ["uri", "uri.old"])
    let applied = try live(more: ["uri.old": "x", "theirs": "x"])
    #expect(desired.removal(from: applied) == nil)
    let expected = try json(#"{"metadata":{"resourceVersion":"7"},"data":{"uri.old":null}}"#)
    #expect(desired.removal(from: applied, former: former) == expected)
    #expect(desired.removal(from: try live(), former: former) == nil)
  }

  /// An apply leaves an annotation of somebody else's, so that the object would never be as it must be.
  @Test func aNoteOfAServiceThatSomebodyElseWroteIsTakenAway() throws {
    var noted = desired
    noted.annotations = ["postern.io/user": "shop", "postern.io/made-service": "db"]
    let live = try LiveObject(
      json(
        #"""
        {"metadata":{"resourceVersion":"7","labels":{"app.kubernetes.io/managed-by":"postern","postern.io/customer":"acme"},
        "annotations":{"postern.io/user":"shop","postern.io/made-service":"db","theirs":"x"},"managedFields":[
        {"manager":"postern","fieldsV1":{"f:metadata":{"f:labels":{"f:app.kubernetes.io/managed-by":{}}}}}]},
        "data":{"password":"","uri":"\#(Base64.encoded(Array("new".utf8)))"}}
        """#
      ).bytes, kind: .secret)
    #expect(noted.isSatisfied(by: live))
    #expect(!desired.isSatisfied(by: live))
    let expected = #"{"metadata":{"resourceVersion":"7","annotations":{"postern.io/made-service":null}}}"#
    #expect(desired.removal(from: live) == (try json(expected)))
  }

  /// Velero and the like restore an object without its `managedFields`.
  @Test func whatWasRestoredIsTakenBack() throws {
    #expect(!desired.isSatisfied(by: try live(isRestored: true)))
    // Postern has only taken its mark off.
    #expect(!desired.isSatisfied(by: try live(heldLabels: "somebody/else")))
    var user = desired
    user.type = "servicebinding.io/postgresql"
    let more = [
      "uri.other": "x", "jdbc-uri.other": "x", "database.other": "x", "sslmode": "x", "theirs": "x", "uric": "x",
    ]
    let restored = try live(more: more, type: "servicebinding.io/postgresql", isRestored: true)
    // Who has written them is known.
    let held = try live(more: more, type: "servicebinding.io/postgresql")
    #expect(user.staleKeys(in: held) == [] && user.isSatisfied(by: held))
    #expect(user.staleKeys(in: restored) == ["database.other", "jdbc-uri.other", "sslmode", "uri.other"])
    // Neither of another type, nor of an object that is none of a user's.
    #expect(user.staleKeys(in: try live(more: more, isRestored: true)) == [])
    #expect(desired.staleKeys(in: restored) == [])
  }

  @Test func anOwnerIsTheWorkloadThatIsThere() throws {
    var owned = desired
    owned.owner = Instance.Workload(apiVersion: "apps/v1", kind: "Deployment", name: "db", uid: "new")
    #expect(!owned.isSatisfied(by: try live()))
    #expect(!owned.isSatisfied(by: try live(owners: ["old"], appliedOwners: ["old"])))
    #expect(owned.isSatisfied(by: try live(owners: ["new"], appliedOwners: ["new"])))
    #expect(owned.isSatisfied(by: try live(owners: ["new", "theirs"], appliedOwners: ["new"])))
    #expect(!desired.isSatisfied(by: try live(owners: ["old"], appliedOwners: ["old"])))
    #expect(owned.creation["metadata"]?["ownerReferences"] == nil)
    #expect(owned.application(over: nil)["metadata"]?["ownerReferences"]?.array?.count == 1)
  }

  @Test func anObjectOfAnotherCustomerIsNotOurs() throws {
    let other = try live(labels: #""app.kubernetes.io/managed-by":"postern","postern.io/customer":"zeta""#)
    #expect(!other.isManaged(for: "acme"))
    #expect(other.isManaged(for: "zeta"))
  }
}

private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

extension JSONValue {
  /// The keys of an object, in order.
  fileprivate var keys: [String] {
    guard case .object(let object) = self else { return [] }
    return object.members.map(\.key)
  }
}
