import Contract
import Declarations
import JSONBytes
import KubernetesAPI

extension Decision {
  /// Adds what the label `postern.io/connect` asks for. A Pod that gets the sidecar by this answer is connected by the
  /// next: the API server asks for each label, and calls the second webhook with the first one's patch applied.
  /// - Parameter subject: the object as a customer's Postgres; nil where it is none.
  func connecting(
    _ review: AdmissionReview, _ subject: Subject?, at path: AdmissionPath, _ settings: AdmissionSettings
  ) throws(JSONError) -> Self {
    guard review.mayConnect, let object = review.object,
      let target = try ConnectTarget(object, review.kind, known: subject?.object, of: review.bytes)
    else { return self }
    let isPod = review.kind == .pod
    if isPod, path == .validate { return self }
    if review.operation == .update, let old = review.oldObject,
      let oldTarget = try ConnectTarget(old, review.kind, of: review.bytes), try target.isUnchanged(from: oldTarget)
    {
      return self
    }
    var findings = target.placeFindings
    var plan: ConnectPlan?
    if let reading = target.reading {
      if findings.isSound {
        findings.causes += reading.errors.map {
          StatusCause(field: target.field + $0.field, message: $0.withoutPlace)
        }
      }
      let ready = try ConnectPlan(
        target, reading.connections, postgres: try subject?.postgresContainer(), customer: subject?.object.customer)
      findings += ready.findings
      plan = ready
      if !target.isMade {
        findings.warnings += ConnectionDoubts(reading.connections, review.namespace, settings).warnings
      }
    }
    switch self {
    case .unreadable: return self
    case .denied(let causes, let warnings):
      return .denied(causes + findings.causes, warnings: warnings + findings.warnings)
    case .allowed(let patch, let warnings, let declared):
      guard isPod || path == .validate else { return self }
      guard findings.isSound else { return .denied(findings.causes, warnings: warnings + findings.warnings) }
      guard isPod, patch == nil, let plan else {
        return .allowed(patch: patch, warnings: warnings + (isPod ? [] : findings.warnings), declared: declared)
      }
      return .allowed(
        patch: try ConnectPatch(plan: plan, target: target, settings: settings).bytes(),
        warnings: warnings + findings.warnings, declared: declared)
    }
  }
}

extension Subject {
  /// The name of the Pod's Postgres container; nil where it is not known, or the Pod is left alone.
  fileprivate func postgresContainer() throws(JSONError) -> String? {
    guard let pod = object.pod else { return nil }
    return try PodReading(pod, object).choice?.postgres?.container.name
  }
}
