import Linux
import Provisioning

/// What is known of a script while it runs.
struct ScriptWatch {
  /// The longest wait for an answer before somebody looks how it stands, in milliseconds.
  static let tick = 1000

  let item: Item
  let script: ScriptRun
  /// After how many seconds it is ended; 0 for never.
  var timeout: Int { script.timeout }
  /// What is told of it.
  var running: RunningScript
  /// The line and column of the statement that the server is at.
  var place: (line: Int, column: Int)?
  /// For how many ticks the server has been at the present statement.
  var ticks = 0

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

  var placeText: String? { place.map { "line \($0.line), column \($0.column)" } }

  /// Until it is to be ended.
  var millisecondsLeft: Int { Int(clamping: deadline - SystemClock.monotonicMilliseconds) }

  /// Whether to look whose lock the statement waits for: soon, since it waits for a few seconds only, and then seldom.
  var asksForHolders: Bool { ticks <= 6 || ticks.isMultiple(of: 10) }

  /// Whether a pass without scripts is due, as it would be without this one.
  var isPassDue: Bool { SystemClock.monotonicMilliseconds >= nextPass }

  mutating func passWasMade() { nextPass = SystemClock.monotonicMilliseconds + Int64(SidecarBackoff.resync) }
}
