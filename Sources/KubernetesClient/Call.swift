import KubernetesAPI
import NIOHTTP1

/// A request as a caller describes it, before it is sent.
struct Call: Sendable {
  /// For people, metrics and errors.
  let verb: String
  let method: HTTPMethod
  let resource: Resource
  let path: String
  var query: [(String, String)] = []
  var accept = "application/json"
  /// The body and its content type.
  var body: (type: String, bytes: [UInt8])?
  /// Whether it may be carried out twice without harm, when the first answer was lost.
  var isRepeatable = true
  /// Whether it may be tried more than once.
  var isRetried = true

  init(
    _ verb: String, _ method: HTTPMethod, _ resource: Resource, namespace: String?, name: String? = nil,
    subresource: String? = nil
  ) {
    self.verb = verb
    self.method = method
    self.resource = resource
    path = resource.path(namespace: namespace, name: name) + (subresource.map { "/\($0)" } ?? "")
  }

  /// The path and the query.
  var target: String {
    guard !query.isEmpty else { return path }
    let pairs = query.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }
    return "\(path)?\(pairs.joined(separator: "&"))"
  }

  /// Whether it may be tried again after this error.
  func isRetried(after error: KubernetesError) -> Bool {
    isRetried && error.isTransient && (isRepeatable || error.isWithoutEffect)
  }
}
