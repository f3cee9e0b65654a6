import Contract
import Linux
import OpenSSL
import PlainHTTP
import Provisioning

/// What the status port says: no IO but for the clock.
struct StatusPages {
  /// How passes have ended since the process began.
  struct Counts: Equatable {
    /// Passes that came to an end, well or not.
    var passes = 0
    /// Those of them that failed, since the last that did not.
    var failuresInARow = 0
    /// When the last one ended, in milliseconds since 1970.
    var lastEnd: Int64 = 0
  }

  let status: Status
  let counts: Counts
  /// What whoever asks for the whole status must bear; nil where there is none yet.
  let token: [UInt8]?

  /// The answer to a request; nil where it may wait, and the first pass has not ended: who asks again only after seconds,
  /// as the kubelet does, hears of its end at once.
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
    guard let token, token.count >= StatusPort.minimumTokenBytes, let given = head.token,
      Digest.constantTimeEqual(given, token)
    else { return PlainResponse(.unauthorized) }
    return PlainResponse(.ok, .json, status.encodedForNetwork() + [0x0A])
  }

  /// No name of anybody's: everybody in the network may ask.
  private var summary: String {
    let failures = status.problems.count { $0.isFailure }
    guard status.outcome == .incomplete, failures > 0 else {
      return status.running == nil ? status.outcome.rawValue : "a script is running"
    }
    return "\(status.outcome.rawValue), failed items: \(failures)"
  }

  // MARK: Metrics

  /// In Prometheus's text format; numbers, and words that are the same for everybody.
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
