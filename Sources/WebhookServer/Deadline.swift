import NIOCore

/// The one deadline of a connection.
///
/// Every request moves it further out, and that costs no more than reading the clock: the timer stays set, goes off
/// early, finds the deadline moved, and is set again.
final class Deadline {
  private var eventLoop: (any EventLoop)?
  private var expired: (() -> Void)?
  private var time = NIODeadline.distantFuture
  private var timer: Scheduled<Void>?
  private var timerTime = NIODeadline.distantFuture

  /// To be called before the first `start`: `expired` is called on this event loop when the time is over.
  func attach(to eventLoop: any EventLoop, expired: @escaping () -> Void) {
    self.eventLoop = eventLoop
    self.expired = expired
  }

  /// Moves the deadline to this long from now; what the time is.
  @discardableResult
  func start(_ limit: Duration) -> NIODeadline {
    let now = NIODeadline.now()
    time = now + TimeAmount(limit)
    if timer == nil || time < timerTime { schedule() }
    return now
  }

  /// Ends it for good.
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
