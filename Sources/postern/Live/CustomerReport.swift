import Admission
import Contract
import Controller
import DatabaseSpec
import Provisioning

/// One customer in full.
struct CustomerReport {
  let row: CustomerRow
  let pods: [SeenPod]
  /// What is declared; nil where it cannot be read.
  let spec: InstanceSpec?
  /// By name; nil where they cannot be read.
  let secrets: [String: UserSecret]?
  /// When its scripts ran; nil where Postgres was not asked.
  let scriptTimes: ScriptTimes?
  /// What could not be read, and why.
  let notes: [String]

  /// How much of an item Postgres holds, in one word.
  /// - Parameter items: the item as the sidecar names it, and those that belong to it.
  private func state(_ items: [Item], alsoBegins: [String] = []) -> String {
    let failing = failingTexts
    let names = items.map { "\($0.description): " } + alsoBegins
    if failing.contains(where: { text in names.contains { text.contains($0) } }) { return "failing" }
    return row.problems.isEmpty || isOnlyFailing ? "applied" : "unknown"
  }

  /// Whether the newest declaration was tried as a whole, so that what is not named as failing is applied.
  private var isOnlyFailing: Bool {
    guard row.state == .failing, let declared = row.declared else { return row.state >= .noService }
    return pods.allSatisfy { pod in
      guard let condition = pod.condition, let tried = condition.declaration, declared.hasPrefix(tried) else {
        return false
      }
      guard condition.reason == "Failing" else { return pod.isUpToDate }
      // The message ends so where it does not name all that fails.
      return !condition.message.hasSuffix(" more") && !condition.message.hasSuffix("…")
    }
  }

  private var failingTexts: [String] {
    pods.compactMap { $0.condition?.reason == "Failing" ? $0.condition?.message : nil }
  }

  // MARK: Rows

  struct UserRow {
    let name: String
    let grants: [String]
    let memberOf: [String]
    let validUntil: String
    let secret: String
    let passwordWritten: String?
    let state: String
  }

  var users: [UserRow] {
    guard let spec else { return [] }
    return spec.users.map { user in
      let owned = spec.databases.filter { $0.owner == user.name }.map { "\($0.name.text): owner" }
      let secret = ObjectName.user(user.name, customer: spec.customer)
      return UserRow(
        name: user.name.text, grants: owned + user.grants.map { "\($0.database.text): \($0.level.rawValue)" },
        memberOf: user.memberOf.map(\.text), validUntil: user.validUntil?.text ?? "", secret: secret,
        passwordWritten: secrets?[secret]?.passwordWritten,
        state: user.ensure == .absent
          ? "absent"
          : state(
            [.user(user.name)],
            alsoBegins: ["grant to \(user.name.text) on ", "membership of \(user.name.text) in "]))
    }
  }

  struct DatabaseRow {
    let name: String
    let owner: String
    let extensions: [String]
    let schemas: [String]
    let state: String
  }

  var databases: [DatabaseRow] {
    (spec?.databases ?? []).map { database in
      DatabaseRow(
        name: database.name.text, owner: database.owner.text,
        extensions: database.extensions.map { $0.name.text + ($0.version.map { " \($0)" } ?? "") },
        schemas: database.schemas.map(\.name.text),
        state: state(
          [.database(database.name)] + database.extensions.map { .extension($0.name, in: database.name) }
            + database.schemas.map { .schema($0.name, in: database.name) }))
    }
  }

  struct ScriptRow {
    let database: String
    let name: String
    let rerun: String
    /// In UTC as in RFC 3339.
    let ranAt: String?
    let state: String
  }

  var scripts: [ScriptRow] {
    (spec?.databases ?? []).flatMap { database in
      database.scripts.map { script in
        ScriptRow(
          database: database.name.text, name: script.name, rerun: script.rerun.rawValue,
          ranAt: scriptTimes?[script.name, in: database.name],
          state: state([.script(script.name, in: database.name)]))
      }
    }
  }

  /// What the Pod's condition says of it, in one word.
  func words(of pod: SeenPod) -> String {
    pod.condition?.reason ?? (pod.isInjected ? "Unknown" : "NotInjected")
  }

  func version(of pod: SeenPod) -> String {
    pod.otherVersion ?? (pod.sidecarImage?.hasSuffix(":\(Release.version)") == true ? Release.version : "")
  }
}
