package import JSONBytes

/// Why bytes are not a spec that this version can read.
package enum SpecError: Error, Equatable, Sendable {
  case json(JSONError)
  /// `apiVersion` is missing or different.
  case version(String?)
  /// A required member is missing.
  case missing(String, in: String)
  /// A value that is not allowed there.
  case invalid(String, in: String)

  /// One line for people.
  package var message: String {
    switch self {
    case .json(let error): "spec.json is not readable: \(error.message)"
    case .version(let version?):
      "spec.json is of version \"\(version)\"; this sidecar reads "
        + InstanceSpec.readVersions.map { "\"\($0)\"" }.joined(separator: ", ")
    case .version(nil): "spec.json has no apiVersion"
    case .missing(let member, let place): "spec.json: \(place) has no \"\(member)\""
    case .invalid(let value, let place): "spec.json: \(place) cannot be \"\(value)\""
    }
  }
}
