/// How a ``KubernetesClient`` behaves; the defaults are right for a controller.
package struct ClientSettings: Sendable {
  /// Requests a second in the long run, over zero, watches' starts included; the API server has limits of its own.
  package var requestsPerSecond = 50.0
  /// Requests that may go out at once after a quiet time.
  package var burst = 100
  /// How long a connection may take until TLS is up.
  package var connectTimeout: Duration = .seconds(5)
  /// How long one try of a request may take, the whole answer included; for a watch, until it has begun.
  package var requestTimeout: Duration = .seconds(30)
  /// After how long the API server is asked to end a watch, which then begins anew where it ended. Each watch asks for
  /// three quarters of it up to all of it, so that watches do not end together.
  package var watchTimeout: Duration = .seconds(300)
  /// How much longer than ``watchTimeout`` nothing may come from a watch before its connection is given up.
  package var watchGrace: Duration = .seconds(30)
  /// How often a request is tried at most.
  package var maximumTries = 5
  /// The wait before another try is random, at most this, doubled after each.
  package var retryDelay: Duration = .milliseconds(250)
  /// No wait is longer. A `Retry-After` over this is not waited for: the request fails.
  package var maximumRetryDelay: Duration = .seconds(30)
  /// How many objects are asked for in one page of a list.
  package var pageSize = 500
  /// How many bytes an answer, or one page of a list, may have.
  package var maximumBodyBytes = 64 << 20
  /// How many bytes one event of a watch may have; an object has at most about 3 MiB.
  package var maximumEventBytes = 8 << 20

  /// The defaults.
  package init() {}
}
