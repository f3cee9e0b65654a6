/// How a ``KubernetesClient`` behaves; the defaults are right for a controller.
package struct ClientSettings: Sendable {
  /// Requests per second on average, more than zero. The start of a watch counts too. The API server has limits of its
  /// own.
  package var requestsPerSecond = 50.0
  /// How many requests may be sent at once after a quiet time.
  package var burst = 100
  /// How long it may take to connect, until TLS is established.
  package var connectTimeout: Duration = .seconds(5)
  /// How long one try of a request may take, the whole answer included; for a watch, until it begins.
  package var requestTimeout: Duration = .seconds(30)
  /// After how long the API server is asked to end a watch, which then continues from where it ended. Each watch asks
  /// for a random time between three quarters of this and all of it, so that watches do not end together.
  package var watchTimeout: Duration = .seconds(300)
  /// A watch on which nothing arrives for ``watchTimeout`` and this long is given up, with its connection.
  package var watchGrace: Duration = .seconds(30)
  /// How often a request is tried at most.
  package var maximumTries = 5
  /// The bound of the random wait before the second try. It doubles after each try.
  package var retryDelay: Duration = .milliseconds(250)
  /// The longest wait. If `Retry-After` asks for more, the request fails instead.
  package var maximumRetryDelay: Duration = .seconds(30)
  /// A watch that others can do without is left out when it has failed for this long while another worked.
  package var watchPatience: Duration = .seconds(30)
  /// The longest wait of a watch that is left out: others can do without it.
  package var maximumLeftOutDelay: Duration = .seconds(60)
  /// How many objects one page of a list asks for.
  package var pageSize = 500
  /// A page with more bytes is given up and asked for again with half as many objects, down to one. A page is never
  /// kept as a whole: this limits how long the API server and the network are busy with one.
  package var maximumPageBytes = 16 << 20
  /// How many bytes an object of a list, or an event of a watch, may have; a larger one is skipped. etcd accepts
  /// objects of 1.5 MiB, and JSON's escapes can make them six times as long.
  package var maximumObjectBytes = 12 << 20
  /// How many bytes any other answer may have.
  package var maximumBodyBytes = 12 << 20

  /// The defaults.
  package init() {}
}
