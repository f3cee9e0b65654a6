import Contract
import Linux
import OpenSSL
import PlainHTTP
import Provisioning

/// The content of the status port's answers. There is no IO except the clock.
struct StatusPages {
  /// The results of the passes since the process began.
  struct Counts: Equatable {
    /// Passes that have ended, successfully or not.
    var passes = 0
    /// The passes that have failed since the last success.
    var failuresInARow = 0
    /// The end of the last pass, in milliseconds since 1970.
    var lastEnd: Int64 = 0
  }

  let status: Status
  let counts: Counts
  /// Reads the token that a client must send to read the whole status; nil where there is none yet.
  let token: () -> [UInt8]?

  /// The answer to a request; nil where it may wait and the first pass has not ended. The kubelet asks only every few
  /// seconds; because the answer waits, it learns of the end at once.
  func answer(_ head: RequestHead, mayWait: Bool) -> PlainResponse? {
    let path = head.path.utf8
    if path.elementsEqual(StatusPort.readyPath.utf8) {
      if status.isReady { return PlainResponse(.ok, line: "ready") }
      return mayWait && status.customer == nil ? nil : PlainResponse(.unavailable, line: "not ready: \(summary)")
    }
    if path.elementsEqual(StatusPort.metricsPath.utf8) { return PlainResponse(.ok, .text, Array(metrics.utf8)) }
    if path.elementsEqual(StatusPort.statusPath.utf8) { return wholeStatus(head) }
    return PlainResponse(.notFound)
  }

  private func wholeStatus(_ head: RequestHead) -> PlainResponse {
    guard let token = token(), token.count >= StatusPort.minimumTokenBytes, let given = head.token,
      Digest.constantTimeEqual(given, token)
    else { return PlainResponse(.unauthorized) }
    return PlainResponse(.ok, .json, status.encodedForNetwork(time: SystemClock.timestamp()) + [0x0A])
  }

  /// A summary without names, because every client in the network may read it.
  private var summary: String {
    let failures = status.problems.count { $0.isFailure }
    guard status.outcome == .incomplete, failures > 0 else {
      return status.running == nil ? status.outcome.rawValue : "a script is running"
    }
    return "\(status.outcome.rawValue), failed items: \(failures)"
  }

  // MARK: Metrics

  /// The metrics in Prometheus's text format: numbers, and words that are the same for every customer.
  private var metrics: String {
    var text = ""
    func add(_ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: String)]) {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
      for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
    }
    func gauge(_ name: String, _ help: String, _ value: Int) {
      add("postern_sidecar_\(name)", "gauge", help, [("", String(value))])
    }
    add("postern_sidecar_info", "gauge", "The sidecar's version.", [("{version=\"\(Release.version)\"}", "1")])
    gauge("ready", "Whether the instance is ready.", status.isReady ? 1 : 0)
    add(
      "postern_sidecar_outcome", "gauge", "What the sidecar came to last.",
      Status.Outcome.allCases.map { ("{outcome=\"\($0.rawValue)\"}", $0 == status.outcome ? "1" : "0") })
    let failures = status.problems.count { $0.isFailure }
    gauge("failed_items", "Declared items that failed in the last pass.", failures)
    gauge("warnings", "Items of which the last pass warned.", status.problems.count - failures)
    gauge("script_running", "Whether a script runs.", status.running == nil ? 0 : 1)
    gauge("failed_passes_in_a_row", "Passes that failed since the last that did not.", counts.failuresInARow)
    add(
      "postern_sidecar_passes_total", "counter", "Passes over Postgres that came to an end.", [("", "\(counts.passes)")]
    )
    gauge(
      "last_pass_timestamp_seconds", "When the last pass ended; 0 before the first.",
      Int(clamping: counts.lastEnd / 1000))
    return text
  }
}
