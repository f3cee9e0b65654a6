import KubernetesAPI
import KubernetesClient

/// What the API server has refused of a pass, for objects that hold up no others: one that is immutable, or that a policy, a
/// quota or a webhook guards, or that has changed meanwhile. Where much is refused, all may be: then no more objects of this kind
/// are tried, and the pass goes on with the others. The next pass tries them in another order.
struct Refusals {
  /// How many writes may be refused in a step of a pass.
  private static let maximumRefused = 10
  /// How many writes of a pass may get an answer that took long to come, or none. In each step after them it is one.
  private static let maximumSlow = 3

  /// How many reads may fail after having taken long. After them, what else is to be read counts as unreadable in this pass.
  private static let maximumSlowReads = 3
  private static let slowRead = Duration.seconds(5)

  /// In this step.
  private var refused = 0
  private var slow = 0
  private var slowReads = 0
  /// Whether a read has failed that was tried again and again. The others are then tried once.
  private(set) var hurriesReads = false
  private var failures: [KubernetesError] = []

  /// The failure to tell of: rather one that does not pass by itself, and the same in each pass as far as can be.
  var worst: KubernetesError? {
    failures.filter { !$0.isConflict && !$0.isTransient }.min { $0.description < $1.description } ?? failures.first
  }

  /// Begins the writes of another kind, which may be let through though others were refused.
  mutating func beginStep() { (refused, slow) = (0, min(slow, Self.maximumSlow - 1)) }

  /// Whether another object of this step may be written. If not, it counts as refused.
  var mayWrite: Bool { refused < Self.maximumRefused && slow < Self.maximumSlow }

  /// Takes a failed write, so that the rest goes on.
  /// - Throws: a failure that is not of one object.
  mutating func take(_ interruption: Interruption) throws(Interruption) {
    guard case .failed(let failure) = interruption, failure.mayBeOfOneObject else { throw interruption }
    if failure.isTransient { slow += 1 } else { refused += 1 }
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
  /// Whether nothing can be created because the namespace goes.
  var isOfEndingNamespace: Bool {
    guard case .refused(let status) = cause else { return false }
    return status.message.contains("because it is being terminated")
  }

  /// Whether another object may be taken all the same. Not where the API server cannot be reached, does not know this client
  /// or asks it to wait, and where the namespace goes.
  var mayBeOfOneObject: Bool {
    switch cause {
    case .refused(let status):
      status.code == 500
        || (400..<500).contains(status.code) && ![401, 429].contains(status.code) && !isOfEndingNamespace
    case .interrupted, .notUnderstood, .invalid: true
    case .unreachable, .untrusted, .noCredential, .notForwarded, .cancelled: false
    }
  }
}
