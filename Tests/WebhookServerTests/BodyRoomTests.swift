import Synchronization
import Testing

@testable import WebhookServer

/// Which bodies get room, and which lose theirs.
@Suite final class BodyRoomTests {
  /// The identity of a body.
  private final class Body {}

  /// 1,000 bytes, of which 200 are reserved for bodies of up to 50. A body that began less than a second ago keeps its
  /// room.
  private let room = Mutex(BodyRoom(capacity: 1000, reserve: 200, mediumBytes: 50, patience: .seconds(1)))
  private let one = Body()
  private let two = Body()
  private let three = Body()

  private var taken: Int { room.withLock { $0.taken } }

  private func take(_ bytes: Int, _ body: Body, at milliseconds: Int) -> BodyRoom.Verdict {
    room.withLock { $0.take(bytes, for: ObjectIdentifier(body), now: .milliseconds(milliseconds)) }
  }

  @Test func largeBodiesLeaveRoomForMediumOnes() {
    #expect(take(800, one, at: 0) == .taken)
    #expect(take(1, one, at: 1) == .refused)
    #expect(take(50, two, at: 1) == .taken)
    #expect(take(1, two, at: 1) == .refused)
    #expect(taken == 850)
  }

  @Test func mediumBodiesAreBoundedTogetherToo() {
    let many = (0..<21).map { _ in Body() }
    let verdicts = many.map { take(50, $0, at: 0) }
    #expect(verdicts.dropLast().allSatisfy { $0 == .taken })
    #expect(verdicts.last == .refused)
  }

  @Test func theSlowestGoes() {
    #expect(take(400, one, at: 0) == .taken)
    #expect(take(400, two, at: 1500) == .taken)
    #expect(take(100, one, at: 2900) == .refused)
    #expect(take(100, two, at: 3000) == .takenFrom([ObjectIdentifier(one)]))
    #expect(taken == 500)
  }

  @Test func asManyGoAsAreNeeded() {
    #expect(take(100, one, at: 0) == .taken)
    #expect(take(600, two, at: 0) == .taken)
    #expect(take(700, three, at: 1000) == .takenFrom([ObjectIdentifier(one), ObjectIdentifier(two)]))
    #expect(taken == 700)
  }

  @Test func noneGoesInVain() {
    #expect(take(100, one, at: 0) == .taken)
    #expect(take(600, two, at: 0) == .taken)
    room.withLock { $0.finish(ObjectIdentifier(two)) }
    #expect(take(700, three, at: 5000) == .refused)
    #expect(taken == 700)
  }

  @Test func whatBeganWithinASecondStays() {
    #expect(take(800, one, at: 0) == .taken)
    #expect(take(100, two, at: 999) == .refused)
    #expect(take(100, two, at: 1000) == .takenFrom([ObjectIdentifier(one)]))
  }

  @Test func whatIsAllThereStays() {
    #expect(take(800, one, at: 0) == .taken)
    room.withLock { $0.finish(ObjectIdentifier(one)) }
    #expect(take(100, two, at: 60_000) == .refused)
    room.withLock { $0.release(ObjectIdentifier(one)) }
    #expect(take(100, two, at: 60_000) == .taken)
    room.withLock { $0.release(ObjectIdentifier(two)) }
    room.withLock { $0.release(ObjectIdentifier(two)) }
    #expect(taken == 0)
  }
}
