import Contract
import JSONBytes

/// One customer, as the list shows it.
struct CustomerRow: Equatable {
  /// What is known of the customer's Postgres, worst first.
  enum State: String, Comparable {
    /// Several objects declare.
    case conflict = "Conflict"
    /// The declaration has errors.
    case invalid = "Invalid"
    /// A Pod has no sidecar.
    case notInjected = "NotInjected"
    /// Postgres refuses something.
    case failing = "Failing"
    /// A sidecar does not answer the controller.
    case unreachable = "Unreachable"
    /// The controller cannot carry out a part of the declaration.
    case incomplete = "Incomplete"
    /// Something is not applied, or not known to be.
    case pending = "Pending"
    /// There is no Pod that could hold it.
    case noPods = "NoPods"
    /// Postgres holds it, and the host in connection Secrets leads nowhere.
    case noService = "NoService"
    case provisioned = "Provisioned"

    private static let order: [State] = [
      .conflict, .invalid, .notInjected, .failing, .unreachable, .incomplete, .pending, .noPods, .noService,
      .provisioned,
    ]

    static func < (left: Self, right: Self) -> Bool {
      (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
  }

  let name: CustomerName
  let workload: String
  let readyPods: Int
  let wantedPods: Int
  let users: Int
  let databases: Int
  /// SHA-256 of what is declared, as the controller has written it; nil where that cannot be read.
  let declared: String?
  /// The first digits of what all Pods hold; nil where they do not, or where it is not known.
  let applied: String?
  let created: String
  let state: State
  /// All that is wrong, worst first.
  let problems: [String]
  /// What a wait for the newest declaration ends with.
  let ending: Ending?
  /// Pods with a sidecar of another version, and its version.
  let outdated: [(pod: String, version: String)]

  static func == (left: Self, right: Self) -> Bool { left.cells == right.cells && left.problems == right.problems }

  /// Makes a row of everything that was seen of a customer.
  /// - Parameter knowsSpecs: whether ConfigMaps can be read; then a missing one is a problem.
  init(_ name: CustomerName, workloads: [SeenWorkload], pods: [SeenPod], spec: SeenSpec?, knowsSpecs: Bool) {
    self.name = name
    let all = workloads.sorted { ($0.created, $0.object) < ($1.created, $1.object) }
    let declaring = all.filter(\.declares)
    let chosen = declaring.first ?? all.first
    let pods = pods.sorted { $0.pod < $1.pod }
    workload = chosen?.object ?? pods.lazy.compactMap(\.owner).first ?? "<unknown>"
    readyPods = pods.count(where: \.isReady)
    wantedPods = all.isEmpty ? pods.count : all.reduce(0) { $0 + $1.replicas }
    users = spec?.users ?? chosen?.users ?? 0
    databases = spec?.databases ?? chosen?.databases ?? 0
    declared = spec?.hash
    created = chosen?.created ?? pods.map(\.created).min() ?? ""
    outdated = pods.compactMap { pod in pod.otherVersion.map { (pod.pod, $0) } }

    let isWritten = knowsSpecs && spec.map { spec in chosen?.outline?.isWritten(in: spec.outline) ?? true } ?? false
    var found: [(state: State, text: String)] = []
    if declaring.count > 1 {
      found.append((.conflict, "\(declaring.map(\.object).joined(separator: " and ")) declare; only one may"))
    } else if let problem = chosen?.problem {
      found.append((.invalid, problem))
    }
    if found.isEmpty, knowsSpecs {
      if spec == nil {
        found.append((.pending, "the controller has written nothing for it yet"))
      } else if !isWritten {
        found.append(
          (.pending, "the controller has not written the newest declaration yet; if it stays so, an Event says why"))
      }
    }
    for line in spec?.problems ?? [] {
      let service = "\(State.noService.rawValue): "
      let isOfService = line.hasPrefix(service)
      found.append((isOfService ? .noService : .incomplete, String(line.dropFirst(isOfService ? service.count : 0))))
    }
    for pod in pods { found += Self.problems(of: pod, declared: spec?.hash) }
    if pods.isEmpty {
      found.append((.noPods, wantedPods == 0 ? "scaled to no Pods" : "none of \(wantedPods) Pods is there"))
    }
    let hashes = Set(pods.map { $0.isUpToDate ? $0.condition?.declaration : nil })
    applied = hashes.count == 1 ? hashes.first ?? nil : nil
    state = found.map(\.state).min() ?? .provisioned
    ending = Ending(
      state, pods: isWritten ? pods : [], declared: spec?.hash, isComplete: readyPods >= wantedPods)
    problems = found.sorted { $0.state < $1.state }.map { "\($0.state.rawValue): \($0.text.inOneLine)" }
  }

  private static func problems(of pod: SeenPod, declared: String?) -> [(State, String)] {
    guard pod.isInjected else {
      return [
        (
          .notInjected,
          "Pod \(pod.pod) has no sidecar; delete it, so that it is made again with one (not where the namespace has the label "
            + "\(AnnotationKey.inject): \(AnnotationKey.disabledNamespace))"
        )
      ]
    }
    guard let condition = pod.condition else {
      return [
        (.pending, "Pod \(pod.pod) is \(pod.phase.isEmpty ? "new" : pod.phase); the controller has not said more")
      ]
    }
    let text = "Pod \(pod.pod): \(condition.message)"
    switch condition.reason {
    case "Converged":
      guard let declared, let applied = condition.declaration, !declared.hasPrefix(applied) else { break }
      return [(.pending, "Pod \(pod.pod): the newest declaration is not applied yet")]
    case "Standby": break
    case "Failing": return [(.failing, text)]
    case "Unreachable": return [(.unreachable, text)]
    default: return [(.pending, text)]
    }
    return pod.isReady ? [] : [(.pending, "Pod \(pod.pod) is not ready")]
  }

  /// The columns of the list, without the namespace.
  static let heading = [
    "CUSTOMER", "WORKLOAD", "READY", "USERS", "DATABASES", "DECLARED", "APPLIED", "STATE", "AGE", "PROBLEM",
  ]

  /// The columns but the age.
  private var cells: [String] { cells(age: "") }

  func cells(age: String? = nil) -> [String] {
    [
      name.customer, workload, "\(readyPods)/\(wantedPods)", "\(users)", "\(databases)",
      declared.map { String($0.prefix(8)) } ?? "<unknown>", applied.map { String($0.prefix(8)) } ?? "<none>",
      state.rawValue, age ?? Age.text(since: created), problem,
    ]
  }

  /// The first problem, without its state, and short.
  private var problem: String {
    guard let first = problems.first else { return "" }
    let text = String(first.dropFirst(state.rawValue.count + 2))
    let cut = text.count > 120 ? "\(text.prefix(119))…" : text
    return problems.count > 1 ? "\(cut) (and \(problems.count - 1) more)" : cut
  }

  var json: JSONValue {
    .members([
      ("namespace", .string(name.namespace)), ("customer", .string(name.customer)), ("workload", .string(workload)),
      ("pods", .members([("ready", .integer(readyPods)), ("wanted", .integer(wantedPods))])),
      ("users", .integer(users)), ("databases", .integer(databases)),
      ("declared", declared.map { .string($0) }), ("applied", applied.map { .string($0) }),
      ("state", .string(state.rawValue)), ("created", .string(created)),
      ("problems", .array(problems.map { .string($0) })),
      (
        "outdatedSidecars",
        .array(outdated.map { .members([("pod", .string($0.pod)), ("version", .string($0.version))]) })
      ),
    ])
  }
}

extension SeenPod {
  /// Whether it holds the declaration that its condition names.
  var isUpToDate: Bool { condition?.reason == "Converged" || condition?.reason == "Standby" }
}
