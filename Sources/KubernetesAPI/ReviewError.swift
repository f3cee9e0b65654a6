package import JSONBytes
import TextEncoding

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
  /// A member of `request` that an answer repeats is longer than ``AdmissionReview/maximumNameBytes``.
  case tooLong(member: String)

  /// One line for people.
  package var message: String {
    switch self {
    case .notJSON(let error): "the body is not a JSON document that can be read: \(error.message)"
    case .notAnAdmissionReview(let apiVersion, let kind):
      "the body is \(Self.shown(apiVersion ?? "no version")) \(Self.shown(kind ?? "of no kind")), "
        + "not \(AdmissionReview.apiVersion) AdmissionReview"
    case .noRequest: "the AdmissionReview has no request"
    case .missing(let member): "the AdmissionReview has no request.\(member)"
    case .tooLong(let member):
      "the AdmissionReview has a request.\(member) of more than \(AdmissionReview.maximumNameBytes) bytes"
    }
  }

  private static func shown(_ text: String) -> String { text.cut(to: AdmissionReview.maximumNameBytes) }
}
