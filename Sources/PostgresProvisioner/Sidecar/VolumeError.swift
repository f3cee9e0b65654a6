package import DatabaseSpec
import JSONBytes
package import Linux

/// Why the mounted files cannot be used. In every case nothing is changed in Postgres.
package enum VolumeError: Error, Equatable, Sendable {
  /// A file does not exist yet, or is empty. The kubelet mounts a ConfigMap or Secret when it exists. Until then, or
  /// after one was deleted, the contents of Postgres stay unchanged.
  case notThereYet(file: String)
  /// A file cannot be read.
  case unreadable(FileError)
  /// `spec.json` is not a spec that this version can read.
  case spec(SpecError)
  /// `passwords.json` is not a file that this version can read.
  case passwords(SpecError)
  /// A script's bytes do not have the hash that `spec.json` names.
  case scriptDiffers(file: String)
  /// A file or variable has an invalid value.
  case invalid(source: String, reason: String)

  /// One line for people: what is wrong, where, and what to do.
  package var message: String {
    switch self {
    case .notThereYet(let file):
      "\(file) is not there yet, or empty: nothing is changed until the controller has written it"
    case .unreadable(let error): "cannot read \(error.message)"
    case .spec(let error): error.message
    case .passwords(.json(let error)): "passwords.json is not readable: \(error.message)"
    case .passwords(.version(let version)):
      "passwords.json is of version \"\(version ?? "")\"; this sidecar reads \"\(InstanceSpec.apiVersion)\""
    case .passwords(.missing(let member, _)): "passwords.json has no \"\(member)\""
    case .passwords(.invalid(let value, let place)): "\(place): \(value)"
    case .scriptDiffers(let file):
      "\(file) is not the script that spec.json names (its SHA-256 differs): waiting for files that belong together"
    case .invalid(let source, let reason): "\(source) \(reason)"
    }
  }
}
