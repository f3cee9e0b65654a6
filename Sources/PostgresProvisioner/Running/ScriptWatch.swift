import Linux
import Provisioning

/// The state of a script while it runs.
struct ScriptWatch {
  /// The longest wait for an answer before the script's state is checked, in milliseconds.
  static let tick = 1000

  let item: Item
  let script: ScriptRun
  /// The most seconds that it may run; 0 for no limit.
  var timeout: Int { script.timeout }
  /// What is reported about it.
  var running: RunningScript
  /// The place of the statement that the server is executing.
  var place: ScriptPlace?
  /// The statement that the server is executing.
  var wait = LockWait()

  /// How many times the server has warned.
  var warnings = 0

  private let deadline: Int64
  private var nextPass: Int64

  init(_ item: Item, _ script: ScriptRun) {
    self.item = item
    self.script = script
    running = RunningScript(item: item.description, since: SystemClock.timestamp())
    let now = SystemClock.monotonicMilliseconds
    deadline = script.timeout == 0 ? .max : now + Int64(script.timeout) * 1000
    nextPass = now + Int64(SidecarBackoff.resync)
  }

  /// The time until it must be ended.
  var millisecondsLeft: Int { Int(clamping: deadline - SystemClock.monotonicMilliseconds) }

  /// Whether a pass without scripts is due, as it would be if no script were running.
  var isPassDue: Bool { SystemClock.monotonicMilliseconds >= nextPass }

  mutating func passWasMade() { nextPass = SystemClock.monotonicMilliseconds + Int64(SidecarBackoff.resync) }
}
