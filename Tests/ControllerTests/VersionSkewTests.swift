import Contract
import Testing

@testable import Controller
@testable import Instances

/// A controller and sidecars of different releases: docs/upgrade.md, "Which versions work together".
@Suite struct VersionSkewTests {
  private static let expected = Expectation(
    workload: .init(apiVersion: "apps/v1", kind: "Deployment", name: "db"), specHash: "h", generation: "g", token: "t",
    summary: "1 user")

  private static func status(_ members: String, version: String = VolumeLayout.apiVersion) -> [UInt8] {
    Array(#"{"apiVersion":"\#(version)","triedSpecHash":"h","triedGeneration":"g"\#(members)}"#.utf8)
  }

  @Test(arguments: [
    (#","outcome":"converged""#, Provisioned.Reason.converged),
    (#","outcome":"converged","problems":[]"#, .converged),
    // What a later sidecar may add.
    (
      #","outcome":"converged","later":{"a":[1,{"b":null}]},"problems":[{"item":"x","failure":false,"later":1}]"#,
      .converged
    ),
    (#","outcome":"incomplete","problems":[{"item":"user a","message":"no","failure":true,"later":{}}]"#, .failing),
    (#","outcome":"waitingForPostgres","message":"m","later":1"#, .pending),
  ])
  func whatALaterSidecarAddsIsPassedOver(members: String, reason: Provisioned.Reason) throws {
    let status = try #require(InstanceStatus(decoding: Self.status(members)))
    #expect(Provisioned(status, Self.expected).reason == reason)
  }

  @Test(arguments: [#","outcome":"somethingNew""#, ""])
  func anOutcomeThatIsNotKnownIsNoStatus(members: String) {
    #expect(InstanceStatus(decoding: Self.status(members)) == nil)
  }

  @Test(arguments: ["postern.io/v2", "postern.io/v0", ""])
  func aStatusOfAnotherVersionIsNoStatus(version: String) {
    #expect(InstanceStatus(decoding: Self.status(#","outcome":"converged""#, version: version)) == nil)
  }

  /// An earlier sidecar says of no files that it has tried them.
  @Test func whatDoesNotSayWhatItTriedIsNotTakenForApplied() throws {
    for outcome in ["converged", "incomplete"] {
      let text =
        #"{"apiVersion":"postern.io/v1","outcome":"\#(outcome)","problems":[{"item":"user a","message":"no"}]}"#
      let status = try #require(InstanceStatus(decoding: Array(text.utf8)))
      #expect(Provisioned(status, Self.expected).reason == .pending)
    }
  }

  /// Pods of the release before, and of this one, whose only difference is the probe, get this release's sidecar.
  @Test func thisReleasesInjectionIsCompatibleWithItself() {
    #expect(SidecarContainer.compatibleMarks.contains(SidecarContainer.mark))
  }
}
