/// Where a Postgres container says its superuser's name and password come from.
struct GivenAdmin {
  enum Value {
    /// The variable itself.
    case inline(EnvironmentValue)
    /// The variable with `_FILE` behind its name: a path.
    case file(EnvironmentValue)
  }

  /// Nil where it says nothing: then it is `postgres`.
  private(set) var user: Value?
  /// Nil where it says nothing.
  private(set) var password: Value?
  /// Whether Postgres starts without Postern giving it a password.
  let hasPassword: Bool

  init(_ postgres: Container) {
    user = Self.value("POSTGRES_USER", of: postgres)
    password = Self.value("POSTGRES_PASSWORD", of: postgres)
    if password == nil { password = Self.value("POSTGRESQL_POSTGRES_PASSWORD", of: postgres) }
    if password == nil, let bitnami = Self.value("POSTGRESQL_PASSWORD", of: postgres) {
      password = bitnami
      user = user ?? Self.value("POSTGRESQL_USERNAME", of: postgres)
    }
    user = user ?? Self.sourced("POSTGRES_USER", of: postgres, prefer: .configMap)
    password = password ?? Self.sourced("POSTGRES_PASSWORD", of: postgres, prefer: .secret)
    if case .literal("trust")? = postgres.environment["POSTGRES_HOST_AUTH_METHOD"] {
      hasPassword = true
    } else {
      hasPassword = password != nil
    }
  }

  /// An empty variable is none, to the image as well.
  private static func value(_ name: String, of container: Container) -> Value? {
    guard !container.environment.isEmpty else { return nil }
    if let value = container.environment[name], !value.isEmpty { return .inline(value) }
    if let value = container.environment[name + "_FILE"], !value.isEmpty { return .file(value) }
    return nil
  }

  /// What `envFrom` may bring. Whether an object has the key is not known here, and one file of a projected volume has
  /// one source: of several, the last of the kind that most likely has it.
  private static func sourced(_ name: String, of container: Container, prefer kind: ObjectReference.Kind) -> Value? {
    let candidates = container.environmentSources.compactMap { $0.reference(to: name) }
    return (candidates.last { $0.kind == kind } ?? candidates.last).map { .inline(.reference($0)) }
  }
}
