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
  /// A page with more bytes is given up, and asked for again with half as many objects, down to one. No page is ever kept
  /// as a whole: this bounds how long the API server and the network are busy with one.
  package var maximumPageBytes = 16 << 20
  /// How many bytes an object of a list, or an event of a watch, may have; one with more is skipped. etcd takes 1.5 MiB of
  /// an object, of which JSON's escapes can make six times as many.
  package var maximumObjectBytes = 12 << 20
  /// How many bytes any other answer may have.
  package var maximumBodyBytes = 12 << 20

  /// The defaults.
  package init() {}
}
