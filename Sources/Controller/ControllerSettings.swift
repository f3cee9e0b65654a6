package import KubernetesClient

/// How a ``Controller`` behaves; the defaults are right for a cluster of some hundred customers.
package struct ControllerSettings: Sendable {
  /// The namespaces that it works in; nil: all.
  package var namespaces: [String]?
  /// Whether it only watches workloads and Pods, to know which objects declare. Then it must not lead.
  package var onlyKnowsDeclarations = false
  /// How many passes run at once, each for another customer.
  package var maximumConcurrentPasses = 8
  /// The approximate wait before the first retry after a failure. It doubles each time.
  package var retryDelay: Duration = .milliseconds(500)
  /// The longest wait before a retry.
  package var maximumRetryDelay: Duration = .seconds(300)
  /// How often it is looked whether a password is due to turn.
  package var turnInterval: Duration = .seconds(2)
  /// For how long the same notice about an object is not sent again. The API server keeps an Event for an hour.
  package var eventInterval: Duration = .seconds(3300)
  /// How often an Event is tried again that could not be written.
  package var eventRetryInterval: Duration = .seconds(10)
  /// How many Events an object may get in a row; afterwards one every five minutes.
  package var eventBurst = 25
  /// How sidecars of running Pods are updated; nil: not at all, and they are not counted.
  package var sidecarUpdate: SidecarUpdateSettings?
  /// How applications' Pods are restarted after a turn; nil: not at all.
  package var restarts: RestartSettings?
  /// How to ask sidecars for their status; nil: over HTTP.
  package var statusQuestion: StatusQuestion?

  /// The defaults.
  package init(namespaces: [String]? = nil) { self.namespaces = namespaces }
}
