import DatabaseSpec
import Declarations

/// What an update takes away from an instance, for warnings.
struct Removals {
  private(set) var warnings: [String] = []

  /// Compares what an update replaces with what it declares.
  init(from old: Declaration, to new: Declaration) {
    for user in old.spec.users where user.ensure == .present { compare(user, of: old.spec, new.spec) }
    for database in old.spec.databases where !new.spec.databases.contains(where: { $0.name == database.name }) {
      warnings.append(
        "database \"\(database.name.text)\" is no longer kept, its data stays (removed from \(AnnotationKey.databases))"
      )
    }
    if let source = old.usersFrom, new.usersFrom != source {
      warnings.append(
        "users that only \(source.name)/\(source.key) names \(Self.fate(new.spec.removedUsers))"
          + " (\(AnnotationKey.usersFrom) changed)")
    }
  }

  private mutating func compare(_ user: User, of old: InstanceSpec, _ new: InstanceSpec) {
    let name = "user \"\(user.name.text)\""
    guard let present = new.users.first(where: { $0.name == user.name }) else {
      warnings.append("\(name) \(Self.fate(new.removedUsers)) (removed from \(AnnotationKey.users))")
      return
    }
    if present.ensure == .absent {
      warnings.append("\(name) \(Self.fate(.drop)) (ensure: absent)")
      return
    }
    for grant in user.grants
    where !new.databases.contains(where: { $0.name == grant.database && $0.owner == user.name }) {
      let level = present.grants.first { $0.database == grant.database }?.level
      guard level == nil || (grant.level, level) == (.write, .read) else { continue }
      warnings.append("\(name) loses \(grant.level.rawValue) on database \"\(grant.database.text)\"")
    }
    for database in old.databases where database.owner == user.name {
      guard let now = new.databases.first(where: { $0.name == database.name }), now.owner != user.name else { continue }
      warnings.append("\(name) no longer owns database \"\(database.name.text)\", \"\(now.owner.text)\" does")
    }
    for role in user.memberOf where !present.memberOf.contains(role) {
      warnings.append("\(name) is no longer a member of \"\(role.text)\"")
    }
  }

  private static func fate(_ removed: RemovedUsers) -> String {
    switch removed {
    case .lock: "will be locked"
    case .drop: "will be dropped"
    case .keep: "stays as it is"
    }
  }
}
