import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI

/// How the sidecar logs in as the superuser, and where Postgres itself gets that password from: told from the Postgres
/// container's variables (docs of the official image, "Environment Variables", and of Bitnami's). What is a password in
/// the Pod's own text is left there: patches reach the audit log, and the official image trusts loopback.
struct AdminAccess {
  /// A source of the sidecar's projected volume.
  struct Source {
    var kind: ObjectReference.Kind
    var object: String
    /// Keys, and the files that they become.
    var items: [(key: String, path: String)]
    var isOptional: Bool
  }

  /// A variable of the sidecar.
  enum Variable {
    case literal(String, String)
    /// `valueFrom`, as JSON.
    case computed(String, [UInt8])
  }

  /// What the Postgres container is given, where it has no password source of its own.
  struct Bootstrap {
    var secret: String
    var variables: [(name: String, value: String)]
  }

  private(set) var sources: [Source] = []
  private(set) var variables: [Variable] = []
  /// Mounts of the Postgres container that the sidecar repeats, read-only.
  private(set) var mounts: [VolumeMount] = []
  private(set) var bootstrap: Bootstrap?
  private(set) var findings = Findings()
  private let index: Int
  private let prefix: String

  /// - Parameters:
  ///   - index: the Postgres container's place in `spec.containers`.
  ///   - prefix: what the Pod's fields begin with.
  ///   - adminSecret: the annotation `postern.io/admin-secret`.
  init(_ postgres: Container, at index: Int, prefix: String, customer: String, adminSecret: String?)
    throws(JSONError)
  {
    self.index = index
    self.prefix = prefix
    let given = GivenAdmin(postgres)
    let secret = adminSecret ?? ObjectName.admin(customer: customer)
    if !given.hasPassword {
      bootstrap = Bootstrap(secret: secret, variables: Self.bootstrapVariables(withUser: given.user == nil))
    }
    if adminSecret != nil || (bootstrap != nil && given.user == nil) {
      use(
        secret,
        [(SecretKey.username, VolumeLayout.adminUsernameFile), (SecretKey.password, VolumeLayout.adminPasswordFile)])
      return
    }
    if let user = given.user { try take(user, postgres) }
    if bootstrap != nil {
      use(secret, [(SecretKey.password, VolumeLayout.adminPasswordFile)])
    } else if let password = given.password {
      try takePassword(password, postgres)
    }
  }

  private static func bootstrapVariables(withUser: Bool) -> [(name: String, value: String)] {
    let password = ("POSTGRES_PASSWORD_FILE", "\(SidecarContainer.adminPath)/\(SecretKey.password)")
    return withUser
      ? [("POSTGRES_USER_FILE", "\(SidecarContainer.adminPath)/\(SecretKey.username)"), password] : [password]
  }

  private mutating func use(_ secret: String, _ items: [(key: String, path: String)]) {
    sources.append(Source(kind: .secret, object: secret, items: items, isOptional: false))
  }

  private mutating func project(_ reference: ObjectReference, to path: String) {
    sources.append(
      Source(
        kind: reference.kind, object: reference.name, items: [(reference.key, path)], isOptional: reference.isOptional))
  }

  private mutating func take(_ user: GivenAdmin.Value, _ postgres: Container) throws(JSONError) {
    switch user {
    case .inline(.literal(let text)): variables.append(.literal(SidecarVariable.adminUser, text))
    case .inline(.reference(let reference)): project(reference, to: VolumeLayout.adminUsernameFile)
    case .inline(.computed(let json)): variables.append(.computed(SidecarVariable.adminUser, json))
    case .file(.literal(let path)): try read(path, postgres, variable: SidecarVariable.adminUserFile)
    case .file: warnUnreadable("the superuser's name")
    }
  }

  private mutating func takePassword(_ password: GivenAdmin.Value, _ postgres: Container) throws(JSONError) {
    switch password {
    case .inline(.literal): break
    case .inline(.reference(let reference)): project(reference, to: VolumeLayout.adminPasswordFile)
    case .file(.literal(let path)): try read(path, postgres, variable: SidecarVariable.adminPasswordFile)
    case .inline(.computed), .file: warnUnreadable("the superuser's password")
    }
  }

  /// Lets the sidecar read a file where the Postgres container has it.
  private mutating func read(_ path: String, _ postgres: Container, variable: String) throws(JSONError) {
    guard let mount = try postgres.mount(holding: path) else {
      warnUnreadable(quoted(path))
      return
    }
    guard !mount.isInTheWay else {
      findings.refuse(
        "\(prefix)spec.containers[\(index)].volumeMounts",
        "the sidecar cannot have \(quoted(mount.path)): \(VolumeLayout.mountPath), \(SidecarContainer.statusPath) and "
          + "\(SidecarContainer.tokenPath) are its own; mount \(quoted(mount.volume)) elsewhere")
      return
    }
    variables.append(.literal(variable, path))
    if !mounts.contains(mount) { mounts.append(mount) }
  }

  private mutating func warnUnreadable(_ what: String) {
    findings.warn("the sidecar cannot read \(what); set \(AnnotationKey.adminSecret)")
  }
}
