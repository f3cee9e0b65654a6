/// How a ``Controller`` behaves; the defaults are right for a cluster of some hundred customers.
public struct ControllerSettings: Sendable {
  /// Namespaces that it works in; nil: in all.
  public var namespaces: [String]?
  /// How many customers are worked on at once.
  public var maximumConcurrentPasses = 8
  /// About how long the first retry after a failure waits; doubled each time.
  public var retryDelay: Duration = .milliseconds(500)
  /// No retry waits longer.
  public var maximumRetryDelay: Duration = .seconds(300)
  /// How long nothing is said again of what has been said of an object.
  public var eventInterval: Duration = .seconds(3600)
  /// How many Events an object may get at once; then one every five minutes.
  public var eventBurst = 25

  /// The defaults.
  public init(namespaces: [String]? = nil) { self.namespaces = namespaces }
}
