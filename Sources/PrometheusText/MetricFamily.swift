/// A metric's name and what is said of it once, however many label values it has (Prometheus docs, "Text-based format").
package struct MetricFamily: Sendable {
  /// What its numbers mean.
  package enum Kind: Sendable {
    /// Only grows; the name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// How many observations were at most each of these bounds, ascending. Durations are in seconds.
    case histogram(bounds: [Double])
  }

  /// Such as `postern_admission_reviews_total`: letters, digits, `_` and `:`, no digit first.
  package var name: String
  /// One sentence for `# HELP`.
  package var help: String
  /// What its numbers mean.
  package var kind: Kind

  /// A family of these parts.
  package init(_ name: String, _ help: String, _ kind: Kind) {
    self.name = name
    self.help = help
    self.kind = kind
  }
}
