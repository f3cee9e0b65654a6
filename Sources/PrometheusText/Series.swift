import CoreMetrics
import Synchronization

/// A counter or a gauge: one number.
final class Number: CounterHandler, MeterHandler, RecorderHandler {
  private let bits = Atomic<UInt64>(0)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  func set(_ value: Int64) { set(Double(value)) }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func increment(by amount: Int64) { increment(by: Double(amount)) }
  func decrement(by amount: Double) { increment(by: -amount) }
  func reset() { set(0.0) }

  func increment(by amount: Double) {
    var old = bits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let result = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if result.exchanged { return }
      old = result.original
    }
  }
}

/// A histogram: the number of observations in each bucket, and their sum.
final class Histogram: RecorderHandler, TimerHandler {
  let bounds: [Double]
  private let counts: Mutex<(buckets: [UInt64], sum: Double)>

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Mutex((Array(repeating: 0, count: bounds.count + 1), 0))
  }

  /// The count of each bucket, of which the last is for observations above all bounds; and the sum.
  var state: (buckets: [UInt64], sum: Double) { counts.withLock { $0 } }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts.withLock { counts in
      counts.buckets[bucket] += 1
      counts.sum += value
    }
  }
}
