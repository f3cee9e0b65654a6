import JSONBytes
import KubernetesClient
import TestSupport
import Testing

@testable import LeaderElection

/// The election step by step, with times that the test sets.
@Suite struct LeaderElectionStateTests {
  private static let wallTime = "2026-11-21T10:00:00.000000Z"

  private func contender(_ identity: String) -> LeaderElectionState {
    LeaderElectionState(identity: identity, timing: LeaderElectionTiming())
  }

  /// The Lease as the API server returns it.
  private func lease(_ record: LeaseRecord, version: Int) throws -> JSONValue {
    guard case .object(var root) = record.lease("postern", in: "n", replacing: nil),
      case .object(var metadata)? = root["metadata"]
    else { throw CancellationError() }
    metadata["resourceVersion"] = .string(String(version))
    root["metadata"] = .object(metadata)
    return .object(root)
  }

  private func record(_ holder: String, seconds: Int = 12, renewed: String = "1", transitions: Int = 0) -> LeaseRecord {
    var record = LeaseRecord()
    record.holder = holder
    record.seconds = seconds
    record.acquired = "0"
    record.renewed = renewed
    record.transitions = transitions
    return record
  }

  @Test func theFirstMakesTheLease() throws {
    var state = contender("a")
    state.saw(nil, at: .zero)
    var expected = record("a", renewed: Self.wallTime)
    expected.acquired = Self.wallTime
    #expect(state.next(at: .zero, wallTime: Self.wallTime) == .create(expected))
    #expect(!state.leads(at: .zero))
    state.wrote(try lease(expected, version: 1), begun: .seconds(1), at: .seconds(2))
    #expect(state.terms == 1)
    // Counted from when the request began, not from its answer.
    #expect(state.leads(at: .milliseconds(8999)))
    #expect(!state.leads(at: .seconds(9)))
  }

  @Test func aRenewalKeepsWhatItIsNotAbout() throws {
    var state = contender("a")
    state.wrote(try lease(record("a", transitions: 4), version: 1), begun: .zero, at: .zero)
    guard case .update(let renewed) = state.next(at: .seconds(2), wallTime: Self.wallTime) else {
      Issue.record("no update")
      return
    }
    #expect(renewed.acquired == "0")
    #expect(renewed.transitions == 4)
    #expect(renewed.renewed == Self.wallTime)
    let edited = try json(
      #"{"metadata":{"name":"l","namespace":"n","resourceVersion":"9","labels":{"a":"b"}},"spec":{"strategy":"x"}}"#)
    let written = renewed.lease("l", in: "n", replacing: edited)
    #expect(written["metadata"] == edited["metadata"])
    #expect(written["spec"]?["strategy"]?.string == "x")
    #expect(LeaseRecord(written) == renewed)
    state.wrote(try lease(renewed, version: 2), begun: .seconds(2), at: .seconds(2))
    #expect(state.terms == 1)
    #expect(state.leads(at: .milliseconds(9999)))
  }

  @Test func anotherWaitsUntilItSawNoChangeForTheLeasesDuration() throws {
    var state = contender("b")
    state.saw(try lease(record("a", seconds: 5), version: 1), at: .seconds(10))
    #expect(state.next(at: .seconds(10), wallTime: "") == .wait(.seconds(2)))
    // A new version of the same record is not a sign of life.
    state.saw(try lease(record("a", seconds: 5), version: 2), at: .seconds(14))
    #expect(state.next(at: .seconds(14), wallTime: "") == .wait(.seconds(1)))
    // The other replica's clock does not matter, however far it is behind or ahead.
    state.saw(try lease(record("a", seconds: 5, renewed: "0001-01-01"), version: 3), at: .milliseconds(14_900))
    #expect(state.next(at: .milliseconds(19_899), wallTime: "") == .wait(.milliseconds(1)))
    guard case .update(let taken) = state.next(at: .milliseconds(19_900), wallTime: Self.wallTime) else {
      Issue.record("not taken")
      return
    }
    #expect(taken == LeaseRecord(try lease(taken, version: 0)))
    #expect((taken.holder, taken.transitions, taken.acquired) == ("b", 1, Self.wallTime))
    // The Lease states this candidate's own duration.
    #expect(taken.seconds == 12)
  }

  @Test func aReleasedLeaseIsTakenAtOnce() throws {
    var state = contender("b")
    state.saw(try lease(record("a"), version: 1), at: .zero)
    var leader = contender("a")
    leader.wrote(try lease(record("a"), version: 1), begun: .zero, at: .zero)
    let released = try #require(leader.released(wallTime: Self.wallTime))
    let object = try lease(released, version: 2)
    // The API server refuses an empty holder.
    #expect(object["spec"]?["holderIdentity"] == nil)
    state.saw(object, at: .seconds(1))
    guard case .update(let taken) = state.next(at: .seconds(1), wallTime: "") else {
      Issue.record("not taken")
      return
    }
    #expect(taken.holder == "b")
    // A Lease that another replica holds, or that is gone, cannot be released.
    #expect(state.released(wallTime: "") == nil)
    #expect(contender("a").released(wallTime: "") == nil)
  }

  @Test func whoSeesAnotherHolderLeadsNoMore() throws {
    var state = contender("a")
    state.wrote(try lease(record("a"), version: 1), begun: .zero, at: .zero)
    state.saw(try lease(record("b"), version: 2), at: .seconds(1))
    #expect(!state.leads(at: .seconds(1)))
    #expect(state.leadsUntil == nil)
    #expect(state.next(at: .seconds(1), wallTime: "") == .wait(.seconds(2)))
    state.wrote(try lease(record("a"), version: 3), begun: .seconds(20), at: .seconds(20))
    #expect(state.terms == 2)
    state.resign()
    #expect(!state.leads(at: .seconds(20)))
  }

  @Test func aDeletedLeaseIsNotTakenBeforeItsHolderKnows() throws {
    var other = contender("b")
    other.saw(try lease(record("a"), version: 1), at: .seconds(1))
    other.saw(nil, at: .seconds(2))
    #expect(other.next(at: .seconds(2), wallTime: "") == .wait(.seconds(2)))
    guard case .create = other.next(at: .seconds(13), wallTime: "") else {
      Issue.record("not made")
      return
    }
    var holder = contender("a")
    holder.wrote(try lease(record("a"), version: 1), begun: .seconds(1), at: .seconds(1))
    holder.saw(nil, at: .seconds(2))
    #expect(holder.leads(at: .seconds(2)))
    guard case .create = holder.next(at: .seconds(2), wallTime: "") else {
      Issue.record("not made again")
      return
    }
  }

  @Test func aBrokenLeaseIsTaken() throws {
    var state = contender("b")
    state.saw(try json(#"{"metadata":{"resourceVersion":"1"},"spec":{"leaseDurationSeconds":"x"}}"#), at: .zero)
    guard case .update = state.next(at: .zero, wallTime: "") else {
      Issue.record("not taken")
      return
    }
    // A holder without a duration gets some time, but not for ever.
    state.saw(try json(#"{"metadata":{"resourceVersion":"1"},"spec":{"holderIdentity":"a"}}"#), at: .zero)
    #expect(state.next(at: .zero, wallTime: "") == .wait(.seconds(1)))
  }

  @Test func aRequestInFlightEndsBeforeAnotherLeads() {
    let timing = LeaderElectionTiming()
    #expect(timing.renewDeadline + timing.clientSettings.requestTimeout < timing.leaseDuration)
    #expect(timing.clientSettings.maximumTries == 1)
    // The holder's last renewal was just missed; then a whole interval, the duration, and the next request.
    #expect(timing.leaseDuration + timing.renewInterval < .seconds(15))
  }
}
