import Contract
import DatabaseSpec
import Declarations

/// Warnings about what an update removes from an instance. Declarations may contain thousands of users and databases,
/// so they are looked up in dictionaries.
struct Removals {
  private(set) var warnings: [String] = []

  private let users: [PostgresName: User]
  private let owners: [PostgresName: PostgresName]
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
    owners = declaration?.spec.databases.reduce(into: [:]) { $0[$1.name] = $1.owner } ?? [:]
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
    for grant in user.grants where owners[grant.database] != user.name {
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
    guard let owner = owners[database.name] else {
      if let new = renamedDatabases[database.name] {
        warnings.append("\(name) is renamed to \"\(new.text)\" as soon as nobody is connected to it")
        return
      }
      guard outline?.mayDeclare(database: database.name) != true else { return }
      warnings.append("\(name) is no longer kept, its data stays (removed from \(AnnotationKey.databases))")
      return
    }
    guard outline?.isWrong(database: database.name) != true, owner != database.owner,
      users[database.owner]?.ensure == .present
    else { return }
    warnings.append("\(name) will be owned by \"\(owner.text)\", and no longer by \"\(database.owner.text)\"")
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
