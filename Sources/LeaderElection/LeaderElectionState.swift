import JSONBytes

/// Who leads, as far as one contender knows. Pure: what is read and written is told to it, with the time of the local
/// monotonic clock.
///
/// Other replicas' clocks are never compared: a Lease has run out when it was seen unchanged for its duration (as
/// client-go has it). A leader counts from before it sent its renewal, others from after they saw it, so that it stops
/// before they begin, as long as no clock runs half as fast again as another.
struct LeaderElectionState {
  /// What to do now.
  enum Step: Equatable {
    /// Make a Lease with this record.
    case create(LeaseRecord)
    /// Give it this record, where it has not changed since.
    case update(LeaseRecord)
    /// It is another's: look again then.
    case wait(Duration)
  }

  let identity: String
  let timing: LeaderElectionTiming
  /// The Lease as it was last read or written; nil where it is not there.
  private(set) var lease: JSONValue?
  /// How often this contender became the leader.
  private(set) var terms = 0
  /// Until when it leads, unless it renews; nil where it does not.
  private(set) var leadsUntil: Duration?
  /// The last record, and when it was first seen. It is kept where the Lease is deleted: its holder does not know yet.
  private var seen: (record: LeaseRecord, at: Duration)?

  init(identity: String, timing: LeaderElectionTiming) {
    self.identity = identity
    self.timing = timing
  }

  /// Whose the Lease was when it was last seen; empty: nobody's.
  var holder: String { seen?.record.holder ?? "" }

  /// Whether it leads now.
  func leads(at now: Duration) -> Bool { leadsUntil.map { now < $0 } ?? false }

  /// The Lease was read; nil: there is none.
  mutating func saw(_ lease: JSONValue?, at now: Duration) {
    self.lease = lease
    guard let lease else { return }
    let record = LeaseRecord(lease)
    if record != seen?.record { seen = (record, now) }
    if record.holder != identity { leadsUntil = nil }
  }

  /// The Lease was written with its own identity, in a request that began then.
  mutating func wrote(_ lease: JSONValue, begun: Duration, at now: Duration) {
    saw(lease, at: now)
    if leadsUntil == nil { terms += 1 }
    leadsUntil = begun + timing.renewDeadline
  }

  /// It leads no more, whatever the Lease says.
  mutating func resign() { leadsUntil = nil }

  /// What to do to lead, or to go on leading.
  /// - Parameter wallTime: as in a Lease, for people.
  func next(at now: Duration, wallTime: String) -> Step {
    if let seen, !seen.record.holder.isEmpty, seen.record.holder != identity {
      let end = seen.at + .seconds(max(1, seen.record.seconds))
      guard now >= end else { return .wait(min(end - now, timing.renewInterval)) }
    }
    var record = lease.map { LeaseRecord($0) } ?? LeaseRecord()
    if record.holder != identity {
      record.acquired = wallTime
      if lease != nil { record.transitions += 1 }
    }
    record.holder = identity
    record.renewed = wallTime
    let (seconds, fraction) = timing.leaseDuration.components
    record.seconds = Int(seconds) + (fraction > 0 ? 1 : 0)
    return lease == nil ? .create(record) : .update(record)
  }

  /// The record that gives the Lease back; nil where it is not this contender's.
  func released(wallTime: String) -> LeaseRecord? {
    guard let lease, LeaseRecord(lease).holder == identity else { return nil }
    var record = LeaseRecord(lease)
    record.holder = ""
    record.seconds = 1
    record.renewed = wallTime
    return record
  }
}
