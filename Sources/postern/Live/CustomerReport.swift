import Contract
import Controller
import DatabaseSpec
import JSONBytes
import PostgresProvisioner
import Provisioning

/// One customer in full.
struct CustomerReport {
  /// What one Pod's sidecar says, or why it is not known.
  enum SidecarAnswer: Sendable {
    case status(PostgresProvisioner.Status, version: String?)
    case unknown(String)
  }

  /// A failure, or something that people should know.
  struct Problem: Equatable {
    let item: String
    let message: String
    let hint: String?
  }

  let row: CustomerRow
  let pods: [SeenPod]
  /// What is declared; nil where it cannot be read.
  let spec: InstanceSpec?
  /// By name; nil where they cannot be read.
  let secrets: [String: UserSecret]?
  /// By Pod. A Pod whose sidecar was not asked is not in it.
  let answers: [String: SidecarAnswer]
  /// When scripts ran, by database and name; nil where Postgres was not asked.
  var scriptTimes: [PostgresName: [String: String]]?
  /// What could not be read, and why.
  let notes: [String]

  /// The problems that sidecars have told, each once.
  var problems: [Problem] {
    var problems: [Problem] = []
    for pod in pods {
      guard case .status(let status, _)? = answers[pod.pod] else { continue }
      for problem in status.problems {
        let found = Problem(
          item: problem.item.inOneLine, message: problem.message.inOneLine, hint: problem.hint?.inOneLine)
        if !problems.contains(found) { problems.append(found) }
      }
    }
    return problems
  }

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
    guard row.state == .failing, let declared = row.declared else { return row.state == .provisioned }
    return pods.allSatisfy { pod in
      guard let condition = pod.condition, let tried = condition.declaration, declared.hasPrefix(tried) else {
        return false
      }
      guard condition.reason == "Failing" else { return pod.isUpToDate }
      if case .status? = answers[pod.pod] { return true }
      return !condition.message.hasSuffix(" more")
    }
  }

  private var failingTexts: [String] {
    pods.compactMap { $0.condition?.reason == "Failing" ? $0.condition?.message : nil }
      + pods.flatMap { pod -> [String] in
        guard case .status(let status, _)? = answers[pod.pod] else { return [] }
        return status.problems.filter(\.isFailure).map { "\($0.item): " }
      }
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
    let state: String
    let ran: String?
  }

  var scripts: [ScriptRow] {
    (spec?.databases ?? []).flatMap { database in
      database.scripts.map { script in
        ScriptRow(
          database: database.name.text, name: script.name, rerun: script.rerun.rawValue,
          state: state([.script(script.name, in: database.name)]), ran: scriptTimes?[database.name]?[script.name])
      }
    }
  }

  /// The state that a sidecar gives, or why it gives none.
  func words(of pod: SeenPod) -> String {
    switch answers[pod.pod] {
    case .status(let status, _): status.running.map { "runs \($0.item)" } ?? status.outcome.rawValue
    case .unknown(let reason): "not asked: \(reason)"
    case nil: pod.condition?.reason ?? (pod.isInjected ? "Unknown" : "NotInjected")
    }
  }

  func version(of pod: SeenPod) -> String {
    if case .status(_, let version?)? = answers[pod.pod] { return version }
    return pod.otherVersion ?? (pod.sidecarImage?.hasSuffix(":\(Release.version)") == true ? Release.version : "")
  }
}
