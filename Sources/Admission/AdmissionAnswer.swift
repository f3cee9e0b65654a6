import DatabaseSpec
import JSONBytes
import KubernetesAPI
import OpenSSL
import TextEncoding

/// The answer to a review, and its line for the log.
package struct AdmissionAnswer: Sendable {
  /// The whole AdmissionReview, for a response with HTTP status 200.
  package let body: [UInt8]
  /// The decision, and the object that it is about.
  package let record: ReviewRecord

  /// An answer can only be made from the review that it answers.
  init(to review: AdmissionReview, _ decision: Decision, objectName: String, limitsWarnings: Bool) {
    var messages: [String] = []
    let verdict: AdmissionReview.Verdict
    let warnings: [String]
    var auditAnnotations: [(key: String, value: String)] = []
    switch decision {
    case .allowed(let patch, let texts, let declared):
      if let declared { auditAnnotations = Self.auditAnnotations(declared) }
      verdict = .allowed(patch: patch)
      warnings = Warnings(texts, isLimited: limitsWarnings).texts
      messages = warnings
    case .denied(let all, let texts):
      let causes = Self.shown(all)
      messages = causes.map { "\($0.field): \($0.message)" }
      verdict = .denied(Status(refusing: review.kind, named: objectName, causes, messages: messages))
      warnings = Warnings(texts, isLimited: limitsWarnings).texts
    case .unreadable(let error):
      messages = ["\(review.kind.kind) \"\(objectName)\" is not as Kubernetes defines it: \(error.message)"]
      verdict = .denied(
        Status(code: 400, reason: "BadRequest", message: messages[0], name: objectName, kind: review.kind))
      warnings = []
    }
    body = review.response(verdict, warnings: warnings, auditAnnotations: auditAnnotations)
    record = ReviewRecord(
      uid: review.uid, kind: review.kind.kind, operation: review.operation?.rawValue ?? "", namespace: review.namespace,
      name: objectName, decision: decision.outcome, causes: decision.causes.count, messages: messages)
  }

  /// The causes that are shown, at most `maximumCauses`. A quarter of a megabyte of annotations can have 80,000 errors;
  /// then the last cause says how many are left out.
  private static func shown(_ causes: [StatusCause]) -> [StatusCause] {
    guard causes.count > maximumCauses, let next = causes.dropFirst(maximumCauses).first else { return causes }
    let rest = StatusCause(next.reason, field: next.field, message: "this and \(causes.count - maximumCauses - 1) more")
    return causes.prefix(maximumCauses) + [rest]
  }

  private static let maximumCauses = 1000

  /// How much is declared, and the hash of the declaration, by which two requests can be compared.
  private static func auditAnnotations(_ spec: InstanceSpec) -> [(key: String, value: String)] {
    [
      ("customer", spec.customer), ("databases", String(spec.databases.count)), ("users", String(spec.users.count)),
      ("declaration-sha256", Hex.encoded(Digest.sha256(spec.encoded()))),
    ]
  }
}

/// A review in the log. No part of it is a password.
package struct ReviewRecord: Equatable, Sendable {
  /// The kinds of decision.
  package enum Outcome: String, Sendable {
    case unchanged
    case patched
    case denied
    case allowedWithWarnings = "allowed-with-warnings"
  }

  /// `request.uid`
  package let uid: String
  /// `request.kind.kind`
  package let kind: String
  /// `request.operation`; empty for an operation that this program does not know.
  package let operation: String
  /// `request.namespace`
  package let namespace: String
  /// The object's name, or its `generateName`.
  package let name: String
  /// The decision.
  package let decision: Outcome
  /// The number of errors.
  package let causes: Int
  /// The errors with their places, or the warnings.
  package let messages: [String]
}

extension Status {
  /// 422 Invalid, as from the API server's own validation. The causes are complete without the message, for kubectl,
  /// and the message without the causes, for Events.
  fileprivate init(
    refusing kind: GroupVersionKind, named name: String, _ causes: [StatusCause], messages: [String]
  ) {
    let list =
      messages.count == 1
      ? messages[0] : messages.enumerated().map { "(\($0.offset + 1)) \($0.element)" }.joined(separator: " ")
    self.init(
      code: 422, reason: "Invalid", message: "\(kind.kind) \"\(name)\" is invalid: \(list)", name: name, kind: kind,
      causes: causes)
  }
}
