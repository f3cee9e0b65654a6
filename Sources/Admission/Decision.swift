import JSONBytes
import KubernetesAPI

/// What becomes of a request.
enum Decision {
  /// `patch` is a whole JSON Patch, or nil where nothing changes.
  case allowed(patch: [UInt8]?, warnings: [String])
  case denied([StatusCause])
  /// The object is JSON, but not what Kubernetes says its kind is.
  case unreadable(JSONError)

  /// Not ours, or nothing to do.
  static let unchanged = Self.allowed(patch: nil, warnings: [])

  var outcome: ReviewRecord.Outcome {
    switch self {
    case .allowed(.some, _): .patched
    case .allowed(nil, let warnings): warnings.isEmpty ? .unchanged : .allowedWithWarnings
    case .denied, .unreadable: .denied
    }
  }

  var causes: [StatusCause] {
    guard case .denied(let causes) = self else { return [] }
    return causes
  }
}
