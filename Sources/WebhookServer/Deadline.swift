import NIOCore

/// The only deadline of a connection.
///
/// Every request postpones it, and that costs no more than reading the clock: the timer is left as it is, fires early,
/// finds that the deadline is later, and is scheduled again.
final class Deadline {
  private var eventLoop: (any EventLoop)?
  private var expired: (() -> Void)?
  private var time = NIODeadline.distantFuture
  private var timer: Scheduled<Void>?
  private var timerTime = NIODeadline.distantFuture

  /// Must be called before the first `start`. `expired` is called on this event loop when the deadline has passed.
  func attach(to eventLoop: any EventLoop, expired: @escaping () -> Void) {
    self.eventLoop = eventLoop
    self.expired = expired
  }

  /// Sets the deadline to `limit` from now. Returns the current time.
  @discardableResult
  func start(_ limit: Duration) -> NIODeadline {
    let now = NIODeadline.now()
    time = now + TimeAmount(limit)
    if timer == nil || time < timerTime { schedule() }
    return now
  }

  /// Cancels the deadline for good.
  func detach() {
    timer?.cancel()
    timer = nil
    eventLoop = nil
    expired = nil
  }

  private func schedule() {
    timer?.cancel()
    timerTime = time
    timer = eventLoop?.assumeIsolated().scheduleTask(deadline: time) { [self] in
      timer = nil
      if NIODeadline.now() < time { schedule() } else { expired?() }
    }
  }
}
