package import CoreMetrics
import Synchronization

/// Keeps the numbers that are recorded through swift-metrics, and writes them in Prometheus's text format. It keeps
/// only the families that it was made with; numbers that a library records under other names cost next to nothing.
package final class PrometheusRegistry: MetricsFactory {
  /// The `Content-Type` of ``text()``.
  package static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

  private enum Series {
    case number(Number)
    case histogram(Histogram)
  }

  private let families: [MetricFamily]
  private let indices: [String: Int]
  /// By family, then by the labels as they are written.
  private let series: Mutex<[[String: Series]]>

  /// A registry of these families, written in this order.
  package init(_ families: [MetricFamily]) {
    self.families = families
    indices = Dictionary(families.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    series = Mutex(families.map { _ in [:] })
  }

  /// All families that have a number, in the text format 0.0.4.
  package func text() -> String {
    let series = series.withLock { $0 }
    var text = ""
    for (family, members) in zip(families, series) where !members.isEmpty {
      text += "# HELP \(family.name) \(Self.escaped(family.help, quote: false))\n"
      text += "# TYPE \(family.name) \(family.kind.word)\n"
      for (labels, member) in members.sorted(by: { $0.key < $1.key }) {
        switch member {
        case .number(let number): text += Self.line(family.name, labels, number.value)
        case .histogram(let histogram): text += Self.lines(family.name, labels, histogram)
        }
      }
    }
    return text
  }

  private static func lines(_ name: String, _ labels: String, _ histogram: Histogram) -> String {
    let state = histogram.state
    var text = ""
    var total: UInt64 = 0
    let separator = labels.isEmpty ? "" : ","
    for (index, count) in state.buckets.enumerated() {
      total += count
      let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
      text += Self.line("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", Double(total))
    }
    return text + Self.line("\(name)_sum", labels, state.sum) + Self.line("\(name)_count", labels, Double(total))
  }

  private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
    labels.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(labels)} \(number(value))\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
  }

  /// A label's value or a help text, with `\`, newline and, in values, `"` escaped.
  private static func escaped(_ text: String, quote: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quote: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  // MARK: MetricsFactory

  /// The series with these labels, which is made when it is first asked for.
  private func member(_ index: Int, _ dimensions: [(String, String)], _ make: () -> Series) -> Series {
    let labels = dimensions.map { "\($0)=\"\(Self.escaped($1, quote: true))\"" }.joined(separator: ",")
    return series.withLock { series in
      if let member = series[index][labels] { return member }
      let member = make()
      series[index][labels] = member
      return member
    }
  }

  private func number(_ label: String, _ dimensions: [(String, String)]) -> Number? {
    guard let index = indices[label] else { return nil }
    if case .histogram = families[index].kind { return nil }
    guard case .number(let number) = member(index, dimensions, { .number(Number()) }) else { return nil }
    return number
  }

  private func histogram(_ label: String, _ dimensions: [(String, String)]) -> Histogram? {
    guard let index = indices[label], case .histogram(let bounds) = families[index].kind,
      case .histogram(let histogram) = member(index, dimensions, { .histogram(Histogram(bounds: bounds)) })
    else { return nil }
    return histogram
  }

  /// A counter of a family; one that records nothing where there is no such family.
  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    number(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  /// A gauge of a family; one that records nothing where there is no such family.
  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    number(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  /// A histogram of a family, or a gauge if `aggregate` is false; one that records nothing where there is no such
  /// family.
  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    } else {
      number(label, dimensions) ?? NOOPMetricsHandler.instance
    }
  }

  /// A histogram of a family, in seconds; one that records nothing where there is no such family.
  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  /// Does nothing: a counter that is no longer used keeps its number, so that a scrape never sees it decrease.
  package func destroyCounter(_ handler: any CounterHandler) {}
  /// Removes a gauge, because what it described no longer exists.
  package func destroyMeter(_ handler: any MeterHandler) {
    guard let number = handler as? Number else { return }
    series.withLock { series in
      for index in families.indices {
        guard case .gauge = families[index].kind,
          let labels = series[index].first(where: {
            if case .number(let other) = $0.value { other === number } else { false }
          })?.key
        else { continue }
        series[index][labels] = nil
      }
    }
  }
  /// Does nothing: see ``destroyCounter(_:)``.
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Does nothing: see ``destroyCounter(_:)``.
  package func destroyTimer(_ handler: any TimerHandler) {}
}

extension MetricFamily.Kind {
  /// The word after `# TYPE`.
  fileprivate var word: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }
}
