/// A metric's name and what is said of it once, however many label values it has (Prometheus docs, "Text-based format").
public struct MetricFamily: Sendable {
  /// What its numbers mean.
  public enum Kind: Sendable {
    /// Only grows; the name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// How many observations were at most each of these bounds, ascending. Durations are in seconds.
    case histogram(bounds: [Double])
  }

  /// Such as `postern_admission_reviews_total`: letters, digits, `_` and `:`, no digit first.
  public var name: String
  /// One sentence for `# HELP`.
  public var help: String
  /// What its numbers mean.
  public var kind: Kind

  /// A family of these parts.
  public init(_ name: String, _ help: String, _ kind: Kind) {
    self.name = name
    self.help = help
    self.kind = kind
  }
}
