import Synchronization

/// Wakes one task. A call is kept until that task sleeps.
final class WakeUp: Sendable {
  private struct State {
    var isCalled = false
    var sleeper: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func call() {
    let sleeper = state.withLock { state in
      state.isCalled = state.sleeper == nil
      defer { state.sleeper = nil }
      return state.sleeper
    }
    sleeper?.resume()
  }

  /// Sleeps until it is called, the time has passed, or the task is cancelled. It may also wake without a reason.
  func sleep(atMost limit: Duration) async {
    let alarm = Task {
      do { try await Task.sleep(for: limit) } catch { return }
      call()
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCalled = state.withLock { state in
          guard !state.isCalled else {
            state.isCalled = false
            return true
          }
          state.sleeper = continuation
          return false
        }
        if isCalled { continuation.resume() }
      }
    } onCancel: {
      call()
    }
    alarm.cancel()
  }
}
