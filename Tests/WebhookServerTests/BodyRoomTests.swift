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

  private func key(_ body: Body) -> BodyRoom.Key { .init(connection: ObjectIdentifier(body), kind: .body) }

  private func take(
    _ bytes: Int, _ body: Body, of address: String = "10.0.0.1", at milliseconds: Int
  ) -> BodyRoom.Verdict {
    room.withLock { $0.take(bytes, for: key(body), of: address, now: .milliseconds(milliseconds)) }
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
    #expect(take(100, two, at: 3000) == .takenFrom([key(one)]))
    #expect(taken == 500)
  }

  @Test func asManyGoAsAreNeeded() {
    #expect(take(100, one, at: 0) == .taken)
    #expect(take(600, two, at: 0) == .taken)
    #expect(take(700, three, at: 1000) == .takenFrom([key(one), key(two)]))
    #expect(taken == 700)
  }

  @Test func noneGoesInVain() {
    #expect(take(100, one, at: 0) == .taken)
    #expect(take(600, two, at: 0) == .taken)
    room.withLock { $0.finish(key(two)) }
    #expect(take(700, three, at: 5000) == .refused)
    #expect(taken == 700)
  }

  @Test func whatBeganWithinASecondStays() {
    #expect(take(800, one, at: 0) == .taken)
    #expect(take(100, two, at: 999) == .refused)
    #expect(take(100, two, at: 1000) == .takenFrom([key(one)]))
  }

  @Test func whatIsAllThereStays() {
    #expect(take(800, one, at: 0) == .taken)
    room.withLock { $0.finish(key(one)) }
    #expect(take(100, two, at: 60_000) == .refused)
    room.withLock { $0.release(key(one)) }
    #expect(take(100, two, at: 60_000) == .taken)
    room.withLock { $0.release(key(two)) }
    room.withLock { $0.release(key(two)) }
    #expect(taken == 0)
  }

  /// Whoever begins anew all the time is always young.
  @Test func ofAnAddressWithMoreThanAThirdTheYoungGoesToo() {
    #expect(take(334, one, at: 0) == .taken)
    #expect(take(400, two, at: 1) == .taken)
    #expect(take(100, three, at: 2) == .refused)
    #expect(take(334, three, of: "10.0.0.2", at: 2) == .refused)
    #expect(take(100, three, of: "10.0.0.2", at: 2) == .takenFrom([key(two)]))
    #expect(taken == 434)
  }

  @Test func anAddressWithAThirdKeepsWhatIsYoung() {
    #expect(take(333, one, at: 0) == .taken)
    #expect(take(333, two, of: "10.0.0.2", at: 0) == .taken)
    #expect(take(200, three, of: "10.0.0.3", at: 0) == .refused)
    room.withLock { $0.release(key(one)) }
    #expect(take(200, three, of: "10.0.0.3", at: 0) == .taken)
  }

  /// The answers and the body of one connection are counted by themselves.
  @Test func unreadAnswersTakeRoomToo() {
    let answer = BodyRoom.Key(connection: ObjectIdentifier(one), kind: .answer)
    #expect(room.withLock { $0.take(700, for: answer, of: "10.0.0.1", now: .zero) } == .taken)
    #expect(take(50, one, at: 500) == .taken)
    room.withLock { $0.release(key(one)) }
    #expect(taken == 700)
    // None is asked to make room for itself.
    #expect(take(300, one, at: 1000) == .refused)
    #expect(take(300, two, at: 1000) == .takenFrom([answer]))
    #expect(taken == 300)
  }
}
