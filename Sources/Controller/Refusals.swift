import KubernetesAPI
import KubernetesClient

/// What the API server has refused of a pass, for objects that hold up no others: one that is immutable, or that a policy, a
/// quota or a webhook guards, or that has changed meanwhile. Where much is refused, all may be, and the pass ends.
struct Refusals {
  /// How many refusals a pass may have.
  private static let maximum = 10
  /// As how many of them counts an answer that took long to come, or did not come.
  private static let weightOfSlow = 5

  /// How many reads may fail after having taken long. After them, what else is to be read counts as unreadable in this pass.
  private static let maximumSlowReads = 3
  private static let slowRead = Duration.seconds(5)

  private var weight = 0
  private var slowReads = 0
  /// Whether a read has failed that was tried again and again. The others are then tried once.
  private(set) var hurriesReads = false
  private var failures: [KubernetesError] = []

  /// The failure to tell of: rather one that does not pass by itself.
  var worst: KubernetesError? { failures.first { !$0.isConflict && !$0.isTransient } ?? failures.first }

  /// Takes a failure, so that the rest goes on.
  /// - Throws: what ends the pass: a failure that is not of one object, or one too many.
  mutating func take(_ interruption: Interruption) throws(Interruption) {
    guard case .failed(let failure) = interruption, failure.mayBeOfOneObject else { throw interruption }
    weight += failure.isTransient ? Self.weightOfSlow : 1
    guard weight <= Self.maximum else { throw interruption }
    failures.append(failure)
  }

  /// Whether another object may be read.
  var mayRead: Bool { slowReads < Self.maximumSlowReads }

  /// Takes a failure to read an object, however many there are: what does not need the object goes on.
  /// - Throws: a failure that is not of one object.
  mutating func takeUnread(_ interruption: Interruption, took duration: Duration) throws(Interruption) {
    guard case .failed(let failure) = interruption, failure.mayBeOfOneObject else { throw interruption }
    if failure.isTransient { hurriesReads = true }
    if duration >= Self.slowRead { slowReads += 1 }
    failures.append(failure)
  }
}

extension KubernetesError {
  /// Whether another object may be taken all the same. Not where the API server cannot be reached, does not know this client
  /// or asks it to wait, and where the namespace goes.
  var mayBeOfOneObject: Bool {
    switch cause {
    case .refused(let status):
      status.code == 500
        || (400..<500).contains(status.code) && ![401, 429].contains(status.code)
          && !status.message.contains("because it is being terminated")
    case .interrupted, .notUnderstood, .invalid: true
    case .unreachable, .untrusted, .noCredential, .notForwarded, .cancelled: false
    }
  }
}
