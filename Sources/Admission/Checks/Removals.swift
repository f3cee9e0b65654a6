import Contract
import DatabaseSpec
import Declarations

/// Warnings about what an update removes from an instance. Declarations may contain thousands of users and databases,
/// so they are looked up in dictionaries.
struct Removals {
  private(set) var warnings: [String] = []

  private let users: [PostgresName: User]
  private let databases: [PostgresName: Database]
  /// The new names of what is renamed, by the old ones.
  private let renamedUsers: [PostgresName: PostgresName]
  private let renamedDatabases: [PostgresName: PostgresName]
  /// Nil where it cannot be read.
  private let removedUsers: RemovedUsers?
  /// The part of the new declaration that could be read, if it has errors. Then there are no warnings that may be
  /// consequences of the errors.
  private let outline: DeclarationOutline?

  /// Compares the old declaration with the new one, which may have errors.
  init(from old: Declaration, to new: DeclarationResult) {
    let declaration = new.readable
    outline = new.outline
    users = declaration?.spec.users.reduce(into: [:]) { $0[$1.name] = $1 } ?? [:]
    databases = declaration?.spec.databases.reduce(into: [:]) { $0[$1.name] = $1 } ?? [:]
    renamedUsers =
      declaration?.spec.users.reduce(into: [:]) { if let old = $1.renamedFrom { $0[old] = $1.name } } ?? [:]
    renamedDatabases =
      declaration?.spec.databases.reduce(into: [:]) { if let old = $1.renamedFrom { $0[old] = $1.name } } ?? [:]
    removedUsers = outline?.isWrong(AnnotationKey.removedUsers) == true ? nil : declaration?.spec.removedUsers
    compareFates(old.spec.removedUsers)
    for user in old.spec.users where user.ensure == .present { compare(user) }
    for database in old.spec.databases { compare(database) }
    if let source = old.usersFrom, declaration?.usersFrom != source,
      outline?.isWrong(AnnotationKey.usersFrom) != true
    {
      warnings.append(
        "users that only \(source.name)/\(source.key) names \(Self.fate(removedUsers))"
          + " (\(AnnotationKey.usersFrom) changed)")
    }
  }

  /// Users that were removed while another fate was declared are still known on the server, and meet the new one. What is
  /// locked stays locked, and what is dropped is gone, where the new one does less.
  private mutating func compareFates(_ old: RemovedUsers) {
    guard let removedUsers else { return }
    switch (old, removedUsers) {
    case (.keep, .lock), (.keep, .drop), (.lock, .drop):
      warnings.append(
        "\(AnnotationKey.removedUsers) changes from \(old.rawValue) to \(removedUsers.rawValue): "
          + "users that were removed earlier \(Self.fate(removedUsers))")
    case (.lock, _), (.drop, _), (.keep, .keep): break
    }
  }

  private mutating func compare(_ user: User) {
    let name = "user \"\(user.name.text)\""
    guard let present = users[user.name] else {
      if let new = renamedUsers[user.name] {
        warnings.append("\(name) is renamed to \"\(new.text)\": nobody logs in by the old name then")
        return
      }
      guard outline?.mayDeclare(user: user.name) != true else { return }
      warnings.append("\(name) \(Self.fate(removedUsers)) (removed from \(AnnotationKey.users))")
      return
    }
    if present.ensure == .absent {
      warnings.append("\(name) \(Self.fate(.drop)) (ensure: absent)")
      return
    }
    guard outline?.isWrong(user: user.name) != true else { return }
    let levels = present.grants.reduce(into: [:]) { $0[$1.database] = $1.level }
    for grant in user.grants where databases[grant.database]?.owner != user.name {
      let level = levels[grant.database]
      guard level == nil || (grant.level, level) == (.write, .read) else { continue }
      warnings.append("\(name) loses \(grant.level.rawValue) on database \"\(grant.database.text)\"")
    }
    let roles = Set(present.memberOf)
    for role in user.memberOf where !roles.contains(role) {
      warnings.append("\(name) is no longer a member of \"\(role.text)\"")
    }
  }

  private mutating func compare(_ database: Database) {
    let name = "database \"\(database.name.text)\""
    guard let new = databases[database.name] else {
      if let new = renamedDatabases[database.name] {
        warnings.append("\(name) is renamed to \"\(new.text)\" as soon as nobody is connected to it")
        if let new = databases[new] { compareWhatIsDoneOnce(database, new) }
        return
      }
      guard outline?.mayDeclare(database: database.name) != true else { return }
      warnings.append("\(name) is no longer kept, its data stays (removed from \(AnnotationKey.databases))")
      return
    }
    compareWhatIsDoneOnce(database, new)
    guard outline?.isWrong(database: database.name) != true, new.owner != database.owner,
      users[database.owner]?.ensure == .present
    else { return }
    warnings.append("\(name) will be owned by \"\(new.owner.text)\", and no longer by \"\(database.owner.text)\"")
  }

  /// What counts when a database is made, and scripts that have run.
  private mutating func compareWhatIsDoneOnce(_ old: Database, _ new: Database) {
    guard outline?.isWrong(database: new.name) != true else { return }
    let name = "database \"\(new.name.text)\""
    let templates = [old, new].map { $0.template?.text ?? "template0" }
    for (key, isChanged) in [
      ("encoding", old.encoding != new.encoding), ("locale", old.locale != new.locale),
      ("template", templates[0] != templates[1]),
    ] where isChanged {
      warnings.append("\(name) stays as it is if it is there: \(key) counts at creation only")
    }
    let texts = old.scripts.reduce(into: [[UInt8]: String]()) { texts, script in
      if case .inline(let sql) = script.content { texts[Array(script.name.utf8)] = sql }
    }
    guard !texts.isEmpty else { return }
    for script in new.scripts where script.rerun == .never {
      guard case .inline(let sql) = script.content, let before = texts[Array(script.name.utf8)],
        !before.utf8.elementsEqual(sql.utf8)
      else { continue }
      warnings.append(
        "script \(quoted(script.name)) of \(name) has changed: where it ran, it is not run again (rerun: never)")
    }
  }

  private static func fate(_ removed: RemovedUsers?) -> String {
    switch removed {
    case nil: "will be taken out"
    case .lock: "will be locked"
    case .drop: "will be dropped"
    case .keep: "stays as it is"
    }
  }
}
