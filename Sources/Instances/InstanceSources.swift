import Contract
package import DatabaseSpec

/// The present contents of the objects that an instance refers to.
package struct InstanceSources: Sendable {
  /// Values of Secrets, by Secret and key: flat files, `passwordFrom`, scripts, and `<customer>-pg-user-<user>`.
  package var secrets: [String: [String: [UInt8]]]
  /// Values of ConfigMaps, by ConfigMap and key.
  package var configMaps: [String: [String: [UInt8]]]
  /// The annotations of the customer's Secrets, by Secret.
  package var annotations: [String: [String: String]] = [:]
  /// With what passwords turn; nil offline.
  package var rotation: RotationClock?
  /// Names of Secrets that Postern would create, but which somebody else has created.
  package var taken: Set<String> = []
  /// Names of objects, by kind, that exist or may, and cannot be read.
  package var unreadable: [DesiredObject.Kind: Set<String>] = [:]
  /// Names of Secrets that Postern would create, and which the API server refuses.
  package var refused: Set<String> = []
  /// The objects that are mounted now. Their contents stay where declared values are missing.
  package var mounted = MountedContents()
  /// Errors in a script's text, one line each; nil where they are not known yet.
  package var verdict: @Sendable (ScriptText, Script) -> [String]? = { $0.refusals(isTransaction: $1.transaction) }

  /// Sources with these objects; each as name → key → value.
  package init(secrets: [String: [String: [UInt8]]] = [:], configMaps: [String: [String: [UInt8]]] = [:]) {
    self.secrets = secrets
    self.configMaps = configMaps
  }

  /// Takes from these objects what is mounted into a customer's sidecars, which says where passwords are in their turn.
  package mutating func takeMounted(for customer: String) {
    mounted = MountedContents(
      configMap: configMaps[ObjectName.spec(customer: customer)] ?? [:],
      secret: secrets[ObjectName.passwords(customer: customer)] ?? [:])
  }

  /// Whether a new password can be kept in a Secret of this name. Otherwise none is made, because it has no other place.
  func keepsPasswords(in secret: String) -> Bool { !taken.contains(secret) && !refused.contains(secret) }

  /// The value of a Secret's key, or what is missing. The error does not list the Secret's keys, because the Secret may
  /// belong to somebody else.
  func secret(_ reference: ObjectKey) -> Result<[UInt8], MissingSource> {
    guard let object = secrets[reference.name] else { return missing(.secret, reference) }
    guard let value = object[reference.key] else { return Self.missing(key: .secret, reference, "") }
    return .success(value)
  }

  /// The value of a ConfigMap's key, or what is missing.
  func configMap(_ reference: ObjectKey) -> Result<[UInt8], MissingSource> {
    guard let object = configMaps[reference.name] else { return missing(.configMap, reference) }
    guard let value = object[reference.key] else {
      return Self.missing(key: .configMap, reference, "; it has \(Self.list(object.keys))")
    }
    return .success(value)
  }

  /// Keys of a ConfigMap for a message: the first ten, and how many more there are.
  package static func list(_ keys: some Collection<String>) -> String {
    let first = keys.sorted().prefix(10).joined(separator: ", ")
    return (keys.isEmpty ? "none" : first) + (keys.count > 10 ? " and \(keys.count - 10) more" : "")
  }

  private func missing(_ kind: DesiredObject.Kind, _ reference: ObjectKey) -> Result<[UInt8], MissingSource> {
    let object = "\(kind.rawValue) \"\(reference.name)\""
    let isUnreadable = unreadable[kind]?.contains(reference.name) == true
    return .failure(
      MissingSource(
        message: isUnreadable ? "\(object) cannot be read; it is tried again" : "there is no \(object) in the namespace"
      ))
  }

  private static func missing(
    key kind: DesiredObject.Kind, _ reference: ObjectKey, _ others: String
  ) -> Result<[UInt8], MissingSource> {
    .failure(MissingSource(message: "\(kind.rawValue) \"\(reference.name)\" has no key \"\(reference.key)\"\(others)"))
  }
}

/// Why a referenced value is missing.
package struct MissingSource: Error {
  var reason = InstanceProblem.Reason.missingReference
  let message: String
}
