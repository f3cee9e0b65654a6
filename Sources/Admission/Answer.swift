import JSONBytes
package import KubernetesAPI
import TextEncoding

/// Answers a review. The stages, each a value made from the one before:
///
/// 1. bytes → ``AdmissionReview``: checked and sliced
/// 2. review → ``AnnotationSize``: annotations that are too large are not parsed; then
///    review → ``Subject``: is it a ``CustomerObject``, in a request that matters?
/// 3. object → ``DeclarationReading``: what its annotations declare, and all errors in them
/// 4. object → ``PodReading``: what can be done with its Pod, and all errors in that
/// 5. readings → ``Findings`` → ``Decision``: allowed, patched or denied
/// 6. decision and review → ``AdmissionAnswer``
///
/// The controller reads existing objects by stages 2 to 4 as well (``DeclaredPostgres``). A Secret is not a subject:
/// ``SecretUse`` says what is checked in it.
///
/// This function reads and writes nothing but these bytes, so dry runs and forged reviews are harmless.
/// - Parameters:
///   - body: the request's body, an AdmissionReview.
///   - path: the path of the request.
/// - Throws: if there is no review that can be answered by uid; HTTP 400.
package func answer(
  _ body: [UInt8], at path: AdmissionPath, settings: AdmissionSettings
) throws(ReviewError) -> AdmissionAnswer {
  let review = try AdmissionReview(decoding: body)
  var name = review.name
  let decision: Decision
  do throws(JSONError) {
    if name.isEmpty { name = try review.object?.pod.displayName(in: body) ?? "" }
    decision = try decide(review, at: path, settings: settings)
  } catch {
    decision = .unreadable(error)
  }
  // The API server checks the name after admission, so it may be of any length.
  name = name.cut(to: AdmissionReview.maximumNameBytes)
  return AdmissionAnswer(to: review, decision, objectName: name, limitsWarnings: settings.limitsWarnings)
}

private func decide(
  _ review: AdmissionReview, at path: AdmissionPath, settings: AdmissionSettings
) throws(JSONError) -> Decision {
  guard review.mayConcernPostern || review.mayConnect else { return .unchanged }
  let size = try AnnotationSize.findings(review)
  guard size.isSound else { return Decision(size) }
  if review.kind == .secret { return path == .validate ? try validateSecret(review, settings) : .unchanged }
  let subject = try Subject(review)
  return try decide(review, subject, at: path, settings: settings).connecting(review, subject, at: path, settings)
}

private func decide(
  _ review: AdmissionReview, _ subject: Subject?, at path: AdmissionPath, settings: AdmissionSettings
) throws(JSONError) -> Decision {
  guard let subject else {
    return path == .validate ? .allowed(patch: nil, warnings: try Departure.warnings(of: review)) : .unchanged
  }
  return switch (subject.object.role, path) {
  case (.pod, .mutate): try review.operation == .create ? injectPod(subject, settings) : .unchanged
  case (.workload, .mutate): try labelTemplate(subject, settings)
  case (_, .validate): try validate(subject, settings)
  }
}
