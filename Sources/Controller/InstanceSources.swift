import DatabaseSpec

/// What the objects that an instance refers to hold at this moment.
package struct InstanceSources: Sendable {
  /// Values of Secrets, by Secret and key: flat files, `passwordFrom`, scripts, and `<customer>-pg-user-<user>`.
  package var secrets: [String: [String: [UInt8]]]
  /// Values of ConfigMaps, by ConfigMap and key.
  package var configMaps: [String: [String: [UInt8]]]
  /// Names of Secrets that Postern would make, and somebody else has made.
  var taken: Set<String> = []
  /// What is mounted now: it stays where what is declared is not to be had.
  var mounted = MountedContents()

  /// Sources of these objects; each as name → key → value.
  package init(secrets: [String: [String: [UInt8]]] = [:], configMaps: [String: [String: [UInt8]]] = [:]) {
    self.secrets = secrets
    self.configMaps = configMaps
  }

  /// The value of a Secret's key, or what is missing.
  func secret(_ reference: ObjectKey) -> Result<[UInt8], MissingSource> {
    Self.value(reference, in: secrets, kind: "Secret")
  }

  /// The value of a ConfigMap's key, or what is missing.
  func configMap(_ reference: ObjectKey) -> Result<[UInt8], MissingSource> {
    Self.value(reference, in: configMaps, kind: "ConfigMap")
  }

  private static func value(
    _ reference: ObjectKey, in objects: [String: [String: [UInt8]]], kind: String
  ) -> Result<[UInt8], MissingSource> {
    guard let object = objects[reference.name] else {
      return .failure(MissingSource(message: "there is no \(kind) \"\(reference.name)\" in the namespace"))
    }
    guard let value = object[reference.key] else {
      let keys = object.keys.sorted().joined(separator: ", ")
      return .failure(
        MissingSource(
          message:
            "\(kind) \"\(reference.name)\" has no key \"\(reference.key)\"; it has \(keys.isEmpty ? "none" : keys)"))
    }
    return .success(value)
  }
}

/// Why a referenced value is not to be had.
struct MissingSource: Error {
  var reason = InstanceProblem.Reason.missingReference
  let message: String
}
