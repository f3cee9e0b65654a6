/// A metric's name, type and help, which are written once for all its label values (Prometheus docs, "Text-based
/// format").
package struct MetricFamily: Sendable {
  /// What its numbers mean.
  package enum Kind: Sendable {
    /// Only increases; the name ends in `_total`.
    case counter
    /// Increases and decreases.
    case gauge
    /// Counts the observations up to each of these bounds, which ascend. Durations are in seconds.
    case histogram(bounds: [Double])
  }

  /// The name, such as `postern_admission_reviews_total`: letters, digits, `_` and `:`, not beginning with a digit.
  package var name: String
  /// One sentence for `# HELP`.
  package var help: String
  /// What its numbers mean.
  package var kind: Kind

  /// A family with these values.
  package init(_ name: String, _ help: String, _ kind: Kind) {
    self.name = name
    self.help = help
    self.kind = kind
  }
}
