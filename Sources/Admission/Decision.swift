import DatabaseSpec
import JSONBytes
import KubernetesAPI

/// The decision about a request.
enum Decision {
  /// `patch` is a complete JSON Patch, or nil where nothing changes. `declared` goes into the audit log.
  case allowed(patch: [UInt8]?, warnings: [String], declared: InstanceSpec? = nil)
  /// All errors, and warnings besides.
  case denied([StatusCause], warnings: [String])
  /// The object is JSON, but not what Kubernetes defines for its kind.
  case unreadable(JSONError)

  /// Not a customer's object, or nothing to do.
  static let unchanged = Self.allowed(patch: nil, warnings: [])

  /// Denied if there are errors.
  init(_ findings: Findings, declared: InstanceSpec? = nil) {
    self =
      findings.isSound
      ? .allowed(patch: nil, warnings: findings.warnings, declared: declared)
      : .denied(findings.causes, warnings: findings.warnings)
  }

  var outcome: ReviewRecord.Outcome {
    switch self {
    case .allowed(.some, _, _): .patched
    case .allowed(nil, let warnings, _): warnings.isEmpty ? .unchanged : .allowedWithWarnings
    case .denied, .unreadable: .denied
    }
  }

  var causes: [StatusCause] {
    guard case .denied(let causes, _) = self else { return [] }
    return causes
  }
}
