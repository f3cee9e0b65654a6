/// How a ``KubernetesClient`` behaves; the defaults are right for a controller.
public struct ClientSettings: Sendable {
  /// Requests a second in the long run, over zero, watches' starts included; the API server has limits of its own.
  public var requestsPerSecond = 50.0
  /// Requests that may go out at once after a quiet time.
  public var burst = 100
  /// How long a connection may take until TLS is up.
  public var connectTimeout: Duration = .seconds(5)
  /// How long one try of a request may take, the whole answer included; for a watch, until it has begun.
  public var requestTimeout: Duration = .seconds(30)
  /// After how long the API server is asked to end a watch, which then begins anew where it ended. Each watch asks for
  /// three quarters of it up to all of it, so that watches do not end together.
  public var watchTimeout: Duration = .seconds(300)
  /// How much longer than ``watchTimeout`` nothing may come from a watch before its connection is given up.
  public var watchGrace: Duration = .seconds(30)
  /// How often a request is tried at most.
  public var maximumTries = 5
  /// The wait before another try is random, at most this, doubled after each.
  public var retryDelay: Duration = .milliseconds(250)
  /// No wait is longer. A `Retry-After` over this is not waited for: the request fails.
  public var maximumRetryDelay: Duration = .seconds(30)
  /// How many objects are asked for in one page of a list.
  public var pageSize = 500
  /// How many bytes an answer, or one page of a list, may have.
  public var maximumBodyBytes = 64 << 20
  /// How many bytes one event of a watch may have; an object has at most about 3 MiB.
  public var maximumEventBytes = 8 << 20

  /// The defaults.
  public init() {}
}
