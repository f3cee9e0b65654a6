import Admission
import Contract
package import DatabaseSpec
package import Declarations

/// The objects that an instance must have (design §3), and the problems that make them incomplete.
package struct InstanceObjects: Equatable, Sendable {
  /// ConfigMap `<customer>-pg-spec`.
  package var spec: DesiredObject
  /// Secret `<customer>-pg-passwords`.
  package var passwords: DesiredObject
  /// Secret `<customer>-pg-admin`, where the Pods take the superuser from it. Values that it already has stay.
  package var admin: DesiredObject?
  /// A Secret `<customer>-pg-user-<user>` for each user who must exist and whose password is known.
  package var users: [DesiredObject]
  /// The Secrets that outlive the workload.
  package var lasting: [DesiredObject] { [admin].compactMap(\.self) + users }
  /// The Service, where one is asked for.
  package var service: DesiredService?
  /// The declaration, with the flat file's users added.
  package var declaration: Declaration
  /// What each user can connect to, in the order of the declaration.
  package var connections: [UserConnection]
  /// The logins of the users whose passwords turn.
  package var rotations: [UserRotation]
  /// Problems with objects that the declaration refers to. Everything else is made all the same.
  package var problems: [InstanceProblem]
}

/// How one user connects to one database.
package struct UserConnection: Equatable, Sendable {
  /// The user.
  package var user: PostgresName
  /// The role that it logs in as: the user's own, or the second of a user whose password turns.
  package var login: PostgresName
  /// The database.
  package var database: PostgresName
  /// The password.
  package var password: Password
}

extension InstanceObjects {
  /// The objects of an instance, made from what it refers to. Pure except for `generate`, which makes a password and is
  /// called only for a user who has none yet, and for `word`, which makes the two random texts with which the sidecar
  /// is asked for its status. If one of them returns nil, the user gets no password, or the text is left out.
  /// - Throws: where the flat file is missing or has errors. Its users would then look as if they had been removed, so
  ///   nothing may be changed.
  package static func make(
    for instance: Instance, from sources: InstanceSources, generate: () -> Password?, word: () -> String?
  ) throws(FlatFileError) -> InstanceObjects {
    let flatFile = try flatFile(of: instance.declaration, from: sources)
    var declaration = try merge(instance.declaration, with: flatFile)
    var problems = sources.conflicts(with: declaration.spec, usesGeneratedAdmin: instance.usesGeneratedAdmin)
    let passwords = UserPasswords(
      declaration: declaration, customer: declaration.spec.customer, namespace: instance.namespace,
      flatFile: flatFile, sources: sources)
    let (known, rotations) = passwords.resolve(generate: generate, problems: &problems)
    // Where `rotate` was taken out, the sidecar keeps the second login until it is not used any more.
    declaration.spec.keep(rotations)
    let passwordsFile = PasswordsFile(passwords: known, rotations).encoded()
    let scripts = ScriptFiles(
      spec: declaration.spec, sources: sources, passwordsBytes: passwordsFile.count + 256, problems: &problems)
    let logins = Dictionary(uniqueKeysWithValues: rotations.map { ($0.user, $0) })
    let connections = declaration.spec.connections(passwords: known, logins: logins.mapValues(\.login))
    let customer = declaration.spec.customer
    let ofUser = Dictionary(grouping: connections, by: \.user)
    let fromFile = Set((flatFile?.entries ?? []).map(\.user))
    func object(_ kind: DesiredObject.Kind, _ name: String, isOwned: Bool, _ data: [String: String]) -> DesiredObject {
      DesiredObject(
        kind: kind, name: name, namespace: instance.namespace, customer: customer,
        owner: isOwned || !declaration.retain ? instance.workload : nil, data: data)
    }
    var specData = scripts.publicFiles
    specData[VolumeLayout.specFile] = String(decoding: scripts.spec.encoded(), as: UTF8.self)
    var passwordsData = scripts.secretFiles
    passwordsData[VolumeLayout.passwordsFile] = String(decoding: passwordsFile, as: UTF8.self)
    passwordsData.merge(sources.mounted.statusKeys(beside: passwordsData, generate: word)) { $1 }
    let service = DesiredService(instance)
    var spec = object(.configMap, ObjectName.spec(customer: customer), isOwned: true, specData)
    spec.annotations[AnnotationKey.madeService] = service?.name
    return InstanceObjects(
      spec: spec,
      passwords: object(.secret, ObjectName.passwords(customer: customer), isOwned: true, passwordsData),
      admin: instance.usesGeneratedAdmin
        ? adminData(customer: customer, sources: sources, generate: generate).map { data in
          var secret = object(.secret, ObjectName.admin(customer: customer), isOwned: false, data)
          secret.seeds = Set(data.keys)
          return secret
        } : nil,
      users: declaration.spec.users.filter { $0.ensure == .present }.compactMap { user in
        guard let password = known[user.name] else { return nil }
        let data = connectionData(
          login: logins[user.name]?.login ?? user.name, password: password, instance: instance,
          connections: ofUser[user.name] ?? [])
        var secret = object(.secret, ObjectName.user(user.name, customer: customer), isOwned: false, data)
        secret.type = SecretKey.userType
        secret.annotations[AnnotationKey.user] = user.name.text
        secret.annotations.merge(logins[user.name]?.annotations ?? [:]) { $1 }
        // Whoever edits the Secret changes the user's password, unless the password comes from elsewhere.
        if declaration.passwordSources[user.name] == nil, !fromFile.contains(user.name),
          logins[user.name]?.decision.isTurn != true
        {
          secret.seeds = [SecretKey.password]
        }
        return secret
      },
      service: service, declaration: declaration, connections: connections,
      rotations: rotations, problems: problems)
  }

  private static func flatFile(
    of declaration: Declaration, from sources: InstanceSources
  ) throws(FlatFileError) -> FlatFile? {
    guard let reference = declaration.usersFrom else { return nil }
    switch sources.secret(reference) {
    case .failure(let missing):
      throw .missing(missing.message)
    case .success(let bytes):
      let (file, errors, _) = FlatFile.parse(bytes, source: reference)
      guard let file else { throw .refused(errors) }
      return file
    }
  }

  private static func merge(
    _ declaration: Declaration, with flatFile: FlatFile?
  ) throws(FlatFileError) -> Declaration {
    guard let flatFile else { return declaration }
    let result = declaration.adding(flatFile)
    guard let merged = result.declaration else { throw .refused(result.errors) }
    return merged
  }

  private static func adminData(
    customer: String, sources: InstanceSources, generate: () -> Password?
  ) -> [String: String]? {
    let existing = sources.secrets[ObjectName.admin(customer: customer)] ?? [:]
    guard
      let password = existing[SecretKey.password].map({ String(decoding: $0, as: UTF8.self) }) ?? generate()?.unredacted
    else { return nil }
    return [
      SecretKey.username: existing[SecretKey.username].map { String(decoding: $0, as: UTF8.self) } ?? "postgres",
      SecretKey.password: password,
    ]
  }

  private static func connectionData(
    login: PostgresName, password: Password, instance: Instance, connections: [UserConnection]
  ) -> [String: String] {
    var data = [
      SecretKey.type: SecretKey.postgresql, SecretKey.provider: SecretKey.postern,
      SecretKey.username: login.text, SecretKey.password: password.unredacted, SecretKey.host: instance.host,
      SecretKey.port: String(instance.port),
      SecretKey.pgpass: ConnectionText.pgpass(
        host: instance.host, port: instance.port, user: login, password: password),
    ]
    let tls = instance.declaration.tls
    data.merge(tls.parameters) { own, _ in own }
    var services: [String] = []
    for connection in connections {
      let text = ConnectionText(
        host: instance.host, port: instance.port, database: connection.database, user: login, password: password,
        tls: tls)
      services.append(text.service)
      if data[SecretKey.uri] == nil {
        data[SecretKey.database] = connection.database.text
        data[SecretKey.uri] = text.uri
        data[SecretKey.jdbcURI] = text.jdbcURI
      }
      let label = ObjectName.keyLabel(database: connection.database)
      data[SecretKey.uri(label: label)] = text.uri
      data[SecretKey.jdbcURI(label: label)] = text.jdbcURI
      data[SecretKey.database(label: label)] = connection.database.text
    }
    if !services.isEmpty { data[SecretKey.serviceFile] = services.joined(separator: "\n") }
    return data
  }
}

/// Why the flat file of `postern.io/users-from` cannot be used.
package enum FlatFileError: Error, Equatable, Sendable {
  /// It is missing; the text says what is missing.
  case missing(String)
  /// It has errors, one for each line. They contain no text of the file.
  case refused([DeclarationProblem])

  /// One line for each problem.
  package var messages: [String] {
    switch self {
    case .missing(let message): ["\(AnnotationKey.usersFrom): \(message)"]
    case .refused(let problems): problems.map(\.message)
    }
  }
}

extension UserConnection {
  /// A connection URI (PostgreSQL docs §34.1.1.2) for this host and port. It contains the password.
  package func uri(host: String, port: Int) -> String {
    ConnectionText(host: host, port: port, database: database, user: login, password: password).uri
  }
}

extension InstanceSpec {
  /// Every user who must exist, with every database that it owns (first) or has a grant on.
  func connections(
    passwords: [PostgresName: Password], logins: [PostgresName: PostgresName]
  ) -> [UserConnection] {
    let databasesOf = Dictionary(grouping: databases, by: \.owner).mapValues { $0.map(\.name) }
    return users.filter { $0.ensure == .present }.flatMap { user -> [UserConnection] in
      guard let password = passwords[user.name] else { return [] }
      let owned = databasesOf[user.name] ?? []
      let granted = user.grants.map(\.database).filter { !owned.contains($0) }
      let login = logins[user.name] ?? user.name
      return (owned + granted).map {
        UserConnection(user: user.name, login: login, database: $0, password: password)
      }
    }
  }
}

extension InstanceSpec {
  /// Keeps `rotate` of the users whose second login is still needed.
  fileprivate mutating func keep(_ rotations: [UserRotation]) {
    let kept = rotations.filter { !$0.decision.isOver }.reduce(into: [PostgresName: Rotation]()) {
      $0[$1.user] = $1.rotation
    }
    guard !kept.isEmpty else { return }
    for index in users.indices {
      if let rotation = kept[users[index].name] { users[index].rotate = rotation }
    }
  }
}

extension PasswordsFile {
  /// The passwords of all users, and of the second logins.
  fileprivate init(passwords: [PostgresName: Password], _ rotations: [UserRotation]) {
    self.init(passwords: passwords)
    for rotation in rotations {
      self.passwords[rotation.user] = nil
      self.passwords.merge(rotation.passwords) { $1 }
      if !rotation.decision.isOver { logins[rotation.user] = rotation.decision.mounted.login }
    }
  }
}
