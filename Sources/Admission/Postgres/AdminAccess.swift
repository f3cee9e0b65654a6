import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// How the sidecar logs in as the superuser, and where Postgres itself gets that password. Both follow from the
/// Postgres container's variables, as its image's family reads them. A password that is written in the Pod itself is
/// not copied, because patches reach the audit log. A class, because copies would retain every part of it.
final class AdminAccess {
  /// A source of the sidecar's projected volume.
  struct Source {
    var kind: ObjectReference.Kind
    var object: String
    /// Keys, and the files that they are projected to.
    var items: [(key: String, path: String)]
    var isOptional: Bool
  }

  /// A variable of the sidecar.
  enum Variable {
    case literal(String, String)
    /// `valueFrom`, as JSON.
    case computed(String, [UInt8])
  }

  /// What the webhook gives the Postgres container if it has no password source of its own.
  struct Bootstrap {
    var secret: String
    /// The variables' names, and the Secret's keys that they hold; nil: nothing, whatever `envFrom` has.
    var variables: [(name: String, key: String?)]
    /// Whether the variables are paths of mounted files; otherwise they hold the values. `envFrom`, or a program that runs
    /// before the image's own entry point, may set a variable that must not be combined with its `_FILE` form.
    var usesFiles: Bool
  }

  private(set) var sources: [Source] = []
  private(set) var variables: [Variable] = []
  /// Mounts of the Postgres container that the sidecar gets too, read-only.
  private(set) var mounts: [VolumeMount] = []
  private(set) var bootstrap: Bootstrap?
  private(set) var findings = Findings()
  /// Settings that cannot work. A new object is refused for them.
  private(set) var restrictions: [StatusCause] = []
  /// The superuser's name; nil where it is not known here.
  private(set) var superuserName: String?
  private let postgres: ChosenPostgres
  private let prefix: String
  /// The Postgres container's mounts, if they have been read.
  private var postgresMounts: [VolumeMount]?
  /// What the sidecar cannot read, so that it has no password; empty where the password is written in the Pod itself;
  /// nil where the sidecar has a password.
  private var unreadable: String?

  /// - Parameters:
  ///   - prefix: the prefix of the Pod's fields.
  ///   - adminSecret: the annotation `postern.io/admin-secret`.
  init(_ postgres: ChosenPostgres, prefix: String, customer: String, adminSecret: String?) throws(JSONError) {
    self.postgres = postgres
    self.prefix = prefix
    let superuser = try Superuser(postgres.container, postgres.family, postgres.arguments)
    let secret = adminSecret ?? ObjectName.admin(customer: customer)
    bootstrap = makeBootstrap(superuser, secret, isNamed: adminSecret != nil)
    if bootstrap?.usesFiles == true { try refuseOwnMount() }
    let ownsName = postgres.family == .official && superuser.name == nil
    if adminSecret != nil || (bootstrap != nil && ownsName) {
      use(
        secret,
        [(SecretKey.username, VolumeLayout.adminUsernameFile), (SecretKey.password, VolumeLayout.adminPasswordFile)])
      if adminSecret == nil { warnOfGuesses(superuser) }
      return
    }
    superuserName = postgres.family.defaultSuperuser
    if let name = superuser.name {
      superuserName = nil
      try take(name)
    } else if postgres.family.defaultSuperuser != "postgres" {
      variables.append(.literal(SidecarVariable.adminUser, postgres.family.defaultSuperuser))
    }
    if bootstrap != nil {
      use(secret, [(SecretKey.password, VolumeLayout.adminPasswordFile)])
    } else if let password = superuser.password {
      try takePassword(password)
    } else if !postgres.family.canBeGivenPassword {
      unreadable = "the superuser's password"
    }
    warnOfGuesses(superuser)
    if let unreadable { judge(unreadable, superuser.trustsLoopback) }
  }

  // MARK: What Postgres is given

  /// Two volumes cannot be mounted at one path.
  private func refuseOwnMount() throws(JSONError) {
    let path = SidecarContainer.adminPath
    guard try mountsOfPostgres().contains(where: { $0.cleanPath == path }) else { return }
    restrictions.append(
      StatusCause(
        .valueDuplicate, field: "\(prefix)\(postgres.place).volumeMounts",
        message: "Postern mounts the superuser's name and password at \(path); mount yours elsewhere"))
  }

  private func makeBootstrap(_ superuser: Superuser, _ secret: String, isNamed: Bool) -> Bootstrap? {
    let family = postgres.family
    var variable = superuser.missingPassword
    var mayBeSet = false
    // It is not known whether `envFrom` contains a password, so a Secret that the annotation names takes precedence.
    if isNamed, family.canBeGivenPassword, case .candidates? = superuser.password {
      variable = family.passwordVariables.first
      mayBeSet = true
    }
    guard let variable else { return nil }
    let isOfficial = family == .official
    let usesFiles = isOfficial && !postgres.container.hasCommand && !postgres.arguments.runsOther && !mayBeSet
    var variables: [(name: String, key: String?)] = [(variable, SecretKey.password)]
    if isOfficial, superuser.name == nil { variables.insert(("POSTGRES_USER", SecretKey.username), at: 0) }
    if usesFiles { variables = variables.map { ("\($0.name)_FILE", $0.key) } }
    // A variable of `env` replaces that of `envFrom`, and images take an empty one for unset.
    if mayBeSet, family.readsFiles { variables.append(("\(variable)_FILE", nil)) }
    return Bootstrap(secret: secret, variables: variables, usesFiles: usesFiles)
  }

  private func warnOfGuesses(_ superuser: Superuser) {
    if case .candidates(let candidates)? = superuser.password, !candidates.contains(where: { $0.kind == .secret }) {
      findings.warn(
        "no password is seen, and a ConfigMap of envFrom may hold none: if so, set \(AnnotationKey.adminSecret)")
    }
    guard bootstrap != nil else { return }
    if !postgres.isFamilyKnown {
      findings.warn(
        "\(quoted(postgres.image.name)) is taken for \(postgres.family.rawValue): if not, set \(AnnotationKey.flavor), or "
          + AnnotationKey.adminSecret)
    }
    if postgres.arguments.isShell {
      findings.warn("if the command sets a superuser's name or password, give both in \(AnnotationKey.adminSecret)")
    }
    if superuser.hasApplicationUser {
      findings.warn("where there is data already, give the superuser's password in \(AnnotationKey.adminSecret)")
    }
  }

  // MARK: What the sidecar is given

  private func use(_ secret: String, _ items: [(key: String, path: String)]) {
    sources.append(Source(kind: .secret, object: secret, items: items, isOptional: false))
  }

  private func project(_ reference: ObjectReference, to path: String) {
    sources.append(
      Source(
        kind: reference.kind, object: reference.name, items: [(reference.key, path)], isOptional: reference.isOptional))
  }

  /// Projects each candidate to its own path. The sidecar takes the last that exists, as the kubelet does.
  private func project(_ candidates: [ObjectReference], to path: (Int) -> String) {
    for (index, candidate) in candidates.suffix(VolumeLayout.maximumCandidates).enumerated() {
      project(candidate, to: path(index))
    }
  }

  private func take(_ name: GivenValue) throws(JSONError) {
    switch name {
    case .literal(let text):
      superuserName = text
      variables.append(.literal(SidecarVariable.adminUser, text))
      if postgres.family.demotedUser == text {
        findings.warn(
          "this image takes \(quoted(text)) the superuser's rights: give \(postgres.family.defaultSuperuser) in "
            + AnnotationKey.adminSecret)
      }
    case .reference(let reference): project(reference, to: VolumeLayout.adminUsernameFile)
    case .candidates(let candidates): project(candidates, to: VolumeLayout.adminUsernameFile(candidate:))
    case .computed(let json): variables.append(.computed(SidecarVariable.adminUser, json))
    case .file(let path):
      if let why = try read(path, variable: SidecarVariable.adminUserFile) { warnUnreadable(why) }
    case .unknown: warnUnreadable("the superuser's name")
    }
  }

  private func takePassword(_ password: GivenValue) throws(JSONError) {
    switch password {
    case .literal: unreadable = ""
    case .reference(let reference): project(reference, to: VolumeLayout.adminPasswordFile)
    case .candidates(let candidates): project(candidates, to: VolumeLayout.adminPasswordFile(candidate:))
    case .file(let path): unreadable = try read(path, variable: SidecarVariable.adminPasswordFile)
    case .computed, .unknown: unreadable = "the superuser's password"
    }
  }

  private func mountsOfPostgres() throws(JSONError) -> [VolumeMount] {
    if let postgresMounts { return postgresMounts }
    let mounts = try postgres.container.volumeMounts()
    postgresMounts = mounts
    return mounts
  }

  /// Lets the sidecar read a file at the path where the Postgres container has it.
  /// - Returns: what it cannot read; nil where it can.
  private func read(_ path: String, variable: String) throws(JSONError) -> String? {
    let place = MountPath.clean(path)
    var holding: VolumeMount?
    for mount in try mountsOfPostgres() where mount.holds(place) {
      // The longest path takes precedence.
      if let other = holding, other.cleanPath.utf8.count >= mount.cleanPath.utf8.count { continue }
      holding = mount
    }
    guard let mount = holding else { return quoted(path) }
    guard !mounts.contains(mount) else {
      variables.append(.literal(variable, path))
      return nil
    }
    guard !mount.isInTheWay else {
      findings.refuse(
        "\(prefix)\(postgres.place).volumeMounts",
        "the sidecar cannot have \(quoted(mount.path)): \(VolumeLayout.mountPath), \(SidecarContainer.statusPath) and "
          + "\(SidecarContainer.tokenPath) are its own; mount \(quoted(mount.volume)) elsewhere")
      return nil
    }
    variables.append(.literal(variable, path))
    mounts.append(mount)
    return nil
  }

  private func warnUnreadable(_ what: String) {
    findings.warn("the sidecar cannot read \(what); set \(AnnotationKey.adminSecret)")
  }

  /// Without a password the sidecar can log in only if loopback connections need none.
  private func judge(_ unreadable: String, _ trustsLoopback: Bool?) {
    switch trustsLoopback {
    case true?:
      if !unreadable.isEmpty { warnUnreadable(unreadable) }
    case false?:
      let what =
        unreadable.isEmpty
        ? "the superuser's password stands in the Pod's own text, from where it is not copied"
        : "the sidecar cannot read \(unreadable)"
      restrictions.append(
        StatusCause(
          .valueRequired, field: "\(prefix)metadata.annotations[\(AnnotationKey.adminSecret)]",
          message:
            "\(what), and this Postgres asks for it on loopback, too: name here a Secret with username and password"))
    case nil:
      let what = unreadable.isEmpty ? "the superuser's password" : unreadable
      findings.warn("if Postgres asks on loopback, the sidecar needs \(what): set \(AnnotationKey.adminSecret)")
    }
  }
}
