package import JSONBytes

/// Why bytes are not a review that can be answered. Without a uid there is no review to answer, so the answer is HTTP
/// 400.
package enum ReviewError: Error, Equatable, Sendable {
  case notJSON(JSONError)
  /// The document's `kind` or `apiVersion` is missing or different.
  case notAnAdmissionReview(apiVersion: String?, kind: String?)
  /// `request` is missing or null.
  case noRequest
  /// `request` lacks a member that an answer needs.
  case missing(member: String)

  /// One line for people.
  package var message: String {
    switch self {
    case .notJSON(let error): "the body is not a JSON document that can be read: \(error.message)"
    case .notAnAdmissionReview(let apiVersion, let kind):
      "the body is \(apiVersion ?? "no version") \(kind ?? "of no kind"), "
        + "not \(AdmissionReview.apiVersion) AdmissionReview"
    case .noRequest: "the AdmissionReview has no request"
    case .missing(let member): "the AdmissionReview has no request.\(member)"
    }
  }
}
