import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// What is kept of an object, whatever else it contains.
@Suite struct SightingTests {
  /// `managedFields` that are deeper than anybody writes them.
  private static let deep =
    #","managedFields":[{"manager":"x","fieldsV1":\#(String(repeating: #"{"f:a":"#, count: 300))1"#
    + String(repeating: "}", count: 300) + "}]"

  private func deepened(_ object: JSONValue) -> [UInt8] {
    let text = String(decoding: object.bytes, as: UTF8.self)
    return Array(text.replacing(#"},"spec""#, with: Self.deep + #"},"spec""#, maxReplacements: 1).utf8)
  }

  @Test(arguments: ["Deployment", "StatefulSet", "Pod"])
  func deepManagedFieldsAreSkipped(kind: String) throws {
    let sample = Sample(kind: kind, uid: "1")
    let bytes = deepened(try sample.manifest())
    #expect(bytes.count > 2000)
    #expect(try Sighting(bytes, .named(kind)) == sample.sighting())
    #expect(try sample.sighting().watched != nil)
  }

  @Test(arguments: [Resource.secrets, .configMaps])
  func ofASecretOnlyWhoItIsIsKept(resource: Resource) throws {
    let text =
      #"{"metadata":{"annotations":{"a":\#(String(repeating: "[", count: 1000))\#(String(repeating: "]", count: 1000))},"#
      + #""name":"s","namespace":"shops","uid":"u","resourceVersion":"7"\#(Self.deep)},"data":{"k":"broken"#
    let sighting = try Sighting(Array(text.utf8), resource)
    #expect(sighting.watched == nil)
    #expect(sighting.header.name == "s")
    #expect(sighting.header.namespace == "shops")
    #expect(sighting.header.uid == "u")
    #expect(sighting.header.resourceVersion == "7")
  }

  @Test func aSecretThatIsReadIsReadPastDeepManagedFields() throws {
    let text =
      #"{"metadata":{"name":"s","labels":{"l":"1"},"resourceVersion":"7"\#(Self.deep)},"data":{"k":"eA=="},"binaryData":{}}"#
    let live = try LiveObject(Array(text.utf8), kind: .secret)
    #expect(live.data == ["k": [UInt8(ascii: "x")]])
    #expect(live.labels == ["l": "1"])
    #expect(live.resourceVersion == "7")
  }

  @Test func thePhaseAndTheOwnerAreThePods() throws {
    let life = try ObjectLife(
      Array(
        #"{"status":{"phase":"Running"},"metadata":{"creationTimestamp":"2026-01-01T00:00:00Z","ownerReferences":["#
          .utf8)
        + Array(#"{"kind":"Node","name":"n"},{"kind":"ReplicaSet","name":"r","controller":true}]}}"#.utf8))
    #expect(life.phase == "Running")
    #expect(!life.isOver)
    #expect(life.owner == .init(kind: "ReplicaSet", name: "r"))
    #expect(life.created == "2026-01-01T00:00:00Z")
  }
}
