import Testing

@testable import WebhookServer

/// Which connection is closed for another when there is no place left.
@Suite struct ConnectionPolicyTests {
  typealias Activity = ConnectionPolicy.Activity

  /// A connection: what it does, for how many milliseconds, and from which address.
  struct One: Sendable {
    let activity: Activity
    let milliseconds: Int
    /// Whether its address has more than its share.
    var ofMany = false
    /// Whether it has the newcomer's address.
    var own = false
  }

  struct Case: CustomTestStringConvertible {
    let testDescription: String
    /// Whether the newcomer's address already has its share.
    var forOneOfMany = false
    let connections: [One]
    /// The index of the connection that is closed.
    let leaver: Int?
  }

  static let cases = [
    Case(testDescription: "nobody is there", connections: [], leaver: nil),
    Case(
      testDescription: "the one that is idle longest",
      connections: [
        One(activity: .idle, milliseconds: 2000), One(activity: .idle, milliseconds: 3000),
        One(activity: .idle, milliseconds: 1500),
      ], leaver: 1),
    Case(
      testDescription: "one that never said anything before one that is idle after a request, however long",
      connections: [One(activity: .idle, milliseconds: 60_000), One(activity: .silent, milliseconds: 1000)], leaver: 1),
    Case(
      testDescription: "one that owes the rest of a request, too",
      connections: [
        One(activity: .idle, milliseconds: 60_000), One(activity: .silent, milliseconds: 1000),
        One(activity: .owing, milliseconds: 2000),
      ], leaver: 2),
    Case(
      testDescription: "what has just begun is left alone",
      connections: [
        One(activity: .owing, milliseconds: 900), One(activity: .idle, milliseconds: 1000),
        One(activity: .silent, milliseconds: 900),
      ], leaver: 1),
    Case(
      testDescription: "a request that is all there is never given up",
      connections: [One(activity: .busy, milliseconds: 60_000)], leaver: nil),
    Case(
      testDescription: "nor one that has just begun, nor one that was just answered",
      connections: [One(activity: .owing, milliseconds: 999), One(activity: .idle, milliseconds: 999)], leaver: nil),
    Case(
      testDescription: "where all is new, the oldest that said nothing",
      connections: [
        One(activity: .silent, milliseconds: 10), One(activity: .silent, milliseconds: 20),
        One(activity: .idle, milliseconds: 500),
      ], leaver: 1),
    Case(
      testDescription: "an address with more than its share gives up idle ones before others do",
      connections: [
        One(activity: .idle, milliseconds: 60_000), One(activity: .idle, milliseconds: 1000, ofMany: true),
      ], leaver: 1),
    Case(
      testDescription: "also those that were just answered, before a newcomer's handshake is cut",
      connections: [
        One(activity: .silent, milliseconds: 5), One(activity: .idle, milliseconds: 3, ofMany: true),
      ], leaver: 1),
    Case(
      testDescription: "but one that never said anything goes first, whosever it is",
      connections: [
        One(activity: .silent, milliseconds: 1000), One(activity: .idle, milliseconds: 60_000, ofMany: true),
      ], leaver: 0),
    Case(
      testDescription: "nor does one of many keep others out with requests that have just begun",
      connections: [
        One(activity: .owing, milliseconds: 900), One(activity: .owing, milliseconds: 500, ofMany: true),
      ], leaver: 1),
    Case(
      testDescription: "which go before a newcomer's handshake is cut",
      connections: [
        One(activity: .silent, milliseconds: 5), One(activity: .owing, milliseconds: 3, ofMany: true),
      ], leaver: 1),
    Case(
      testDescription: "but behind those of that address that were just answered",
      connections: [
        One(activity: .owing, milliseconds: 900, ofMany: true), One(activity: .idle, milliseconds: 3, ofMany: true),
      ], leaver: 1),
    Case(
      testDescription: "one of many does not even displace its own request that has just begun", forOneOfMany: true,
      connections: [One(activity: .owing, milliseconds: 900, ofMany: true, own: true)], leaver: nil),
    Case(
      testDescription: "one of many displaces its own", forOneOfMany: true,
      connections: [
        One(activity: .idle, milliseconds: 60_000), One(activity: .idle, milliseconds: 1000, own: true),
      ], leaver: 1),
    Case(
      testDescription: "and nobody else who was served", forOneOfMany: true,
      connections: [
        One(activity: .idle, milliseconds: 60_000), One(activity: .idle, milliseconds: 60_000, ofMany: true),
        One(activity: .silent, milliseconds: 500),
      ], leaver: nil),
    Case(
      testDescription: "but it does displace those that owe something", forOneOfMany: true,
      connections: [
        One(activity: .idle, milliseconds: 60_000, own: true), One(activity: .silent, milliseconds: 2000),
      ], leaver: 1),
  ]

  @Test(arguments: cases) func theRightOneGoes(_ example: Case) {
    let policy = ConnectionPolicy(maximum: 1000, patience: .seconds(1))
    let occupants = example.connections.map { one in
      ConnectionPolicy.Occupant(
        activity: one.activity, duration: .milliseconds(one.milliseconds), isOfMany: one.ofMany, isOfNewcomer: one.own)
    }
    #expect(policy.leaver(occupants, forOneOfMany: example.forOneOfMany) == example.leaver)
  }

  @Test func aQuarterIsAShareAndHalfIsACrowd() {
    let policy = ConnectionPolicy(maximum: 1024, patience: .seconds(1))
    #expect(policy.share == 256)
    #expect(!policy.isCrowded(512))
    #expect(policy.isCrowded(513))
    #expect(ConnectionPolicy(maximum: 1, patience: .seconds(1)).share == 1)
  }
}
