/// An answer of the server itself, in plain text: the request does not reach the webhook.
struct Refusal: Equatable {
  let status: Int
  /// One line for people.
  let text: String
  /// One more header field, with its line end.
  var field = ""

  static let malformed = Refusal(status: 400, text: "malformed HTTP request")
  static let noHost = Refusal(status: 400, text: "the Host header field is missing")
  static let emptyBody = Refusal(status: 400, text: "the body is empty: POST a JSON document")
  static let notFound = Refusal(
    status: 404, text: "not found: there are /mutate, /validate, /healthz and /readyz")
  static let notFoundInOperations = Refusal(
    status: 404, text: "not found: there are /metrics, /healthz and /readyz; reviews go to the TLS port")
  static let postOnly = Refusal(status: 405, text: "use POST", field: "Allow: POST\r\n")
  static let getOnly = Refusal(status: 405, text: "use GET", field: "Allow: GET, HEAD\r\n")
  static let notJSON = Refusal(status: 415, text: "Content-Type must be application/json")
  static let overloaded = Refusal(
    status: 429, text: "too many large requests at once", field: "Retry-After: 1\r\n")
  static let tooManyConnections = Refusal(
    status: 429, text: "too many connections", field: "Retry-After: 1\r\n")
  static let notReady = Refusal(status: 503, text: "not ready", field: "Retry-After: 1\r\n")
  static let headersTooLarge = Refusal(status: 431, text: "the header fields are too large")
  static let versionNotSupported = Refusal(status: 505, text: "use HTTP/1.1")

  static func tooLarge(limit: Int) -> Refusal {
    Refusal(status: 413, text: "the body is larger than \(limit) bytes")
  }
}
