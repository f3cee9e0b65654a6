import JSONBytes

/// Who leads, as far as one candidate knows. Pure: the caller passes in what was read and written, with the time of the
/// local monotonic clock.
///
/// Other replicas' clocks are never compared: a Lease has expired when this candidate has seen it unchanged for its
/// duration (as in client-go). A leader counts from before it sent its renewal, and others count from after they saw
/// it. So it stops before they begin, as long as no clock runs 1.5 times as fast as another.
struct LeaderElectionState {
  /// What to do next.
  enum Step: Equatable {
    /// Make a Lease with this record.
    case create(LeaseRecord)
    /// Update the Lease with this record, if it has not changed since it was read.
    case update(LeaseRecord)
    /// Another replica holds the Lease: look again after this time.
    case wait(Duration)
  }

  let identity: String
  let timing: LeaderElectionTiming
  /// The Lease as it was last read or written; nil where there is none.
  private(set) var lease: JSONValue?
  /// How often this contender became the leader.
  private(set) var terms = 0
  /// Until when it leads if it does not renew; nil where it does not lead.
  private(set) var leadsUntil: Duration?
  /// The last record, and when it was first seen. It is kept when the Lease is deleted, because its holder may not know
  /// yet.
  private var seen: (record: LeaseRecord, at: Duration)?

  init(identity: String, timing: LeaderElectionTiming) {
    self.identity = identity
    self.timing = timing
  }

  /// Who held the Lease when it was last seen; empty: nobody.
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

  /// This candidate wrote the Lease, in a request that began at `begun`.
  mutating func wrote(_ lease: JSONValue, begun: Duration, at now: Duration) {
    saw(lease, at: now)
    if leadsUntil == nil { terms += 1 }
    leadsUntil = begun + timing.renewDeadline
  }

  /// This candidate no longer leads, whatever the Lease says.
  mutating func resign() { leadsUntil = nil }

  /// What to do to become or remain the leader.
  /// - Parameter wallTime: the time to write into the Lease, for people.
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

  /// The record that gives the Lease back; nil where this candidate does not hold it.
  func released(wallTime: String) -> LeaseRecord? {
    guard let lease, LeaseRecord(lease).holder == identity else { return nil }
    var record = LeaseRecord(lease)
    record.holder = ""
    record.seconds = 1
    record.renewed = wallTime
    return record
  }
}
