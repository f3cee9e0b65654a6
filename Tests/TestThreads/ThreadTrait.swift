import Dispatch
package import Testing

/// Runs a suite's tests on threads of their own. They wait for servers and programs, which blocks a thread, and there are
/// only as many threads for all of Swift's tasks as there are cores: two such tests hold up every other.
package struct ThreadTrait: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
  }
}

extension Trait where Self == ThreadTrait {
  /// On a thread of its own, since the test blocks.
  package static var blocking: Self { Self() }
}

/// Runs each job on a thread that nothing else waits for.
private final class ThreadExecutor: TaskExecutor {
  static let shared = ThreadExecutor()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // A serial queue has a thread of its own while it works.
    DispatchQueue(label: "postern.test").async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
