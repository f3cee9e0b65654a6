/// How a ``Controller`` behaves; the defaults are right for a cluster of some hundred customers.
package struct ControllerSettings: Sendable {
  /// Namespaces that it works in; nil: in all.
  package var namespaces: [String]?
  /// Whether it watches workloads and Pods alone, to know who declares what; then it must not lead.
  package var onlyKnowsDeclarations = false
  /// How many customers are worked on at once.
  package var maximumConcurrentPasses = 8
  /// About how long the first retry after a failure waits; doubled each time.
  package var retryDelay: Duration = .milliseconds(500)
  /// No retry waits longer.
  package var maximumRetryDelay: Duration = .seconds(300)
  /// How long nothing is said again of what has been said of an object.
  package var eventInterval: Duration = .seconds(3600)
  /// How many Events an object may get at once; then one every five minutes.
  package var eventBurst = 25

  /// The defaults.
  package init(namespaces: [String]? = nil) { self.namespaces = namespaces }
}
