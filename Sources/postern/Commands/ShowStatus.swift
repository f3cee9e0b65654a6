import ArgumentParser
import Contract
import JSONBytes

/// `postern status [CUSTOMER]`
struct ShowStatus: AsyncParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case table, json, yaml
  }

  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "What became of the declarations in a cluster: a line for each customer, or one customer in full.",
    discussion: """
      It reads what you may read: workloads and Pods, the ConfigMap that the controller has written, and of Secrets their \
      metadata. What you may not read is left out, and said. No password is read.

      With --wait, it prints when Postgres, in all Pods that are wanted, holds what is declared now, and ends with 0; or \
      when Postgres refuses a part of that, or it is invalid, with 1; or when the time is over, with 3. It needs the \
      right to list and watch deployments, statefulsets, pods and configmaps. Texts in other objects are not waited for: \
      a new password, or a script of a ConfigMap or Secret.
      """)

  @Argument(
    help: "The customer: the label \(AnnotationKey.customerLabel).",
    completion: .custom { words, _, start in await ClusterOptions.customers(beginning: start, words: words) })
  var customer: String?

  @OptionGroup var cluster: ClusterOptions

  @Option(name: .shortAndLong, help: "How to print it.")
  var output: Format = .table

  @Flag(name: .shortAndLong, help: "Go on, and print each line again when it has changed.")
  var watch = false

  @Flag(help: "Wait until Postgres holds, or refuses, what is declared now.")
  var wait = false

  @Option(help: ArgumentHelp("How long to wait at most, such as 30s, 5m or 1h. (default: 60s)", valueName: "time"))
  var timeout: Patience?

  @Flag(
    help: """
      Of one customer: ask Postgres when each script ran last, through a port-forward and with the superuser's Secret, as \
      far as you may use both.
      """)
  var scriptTimes = false

  func validate() throws {
    if scriptTimes, customer == nil || watch {
      throw ValidationError("--script-times is for one customer in full; name it, and leave --watch out")
    }
    if wait, watch { throw ValidationError("--wait ends and --watch goes on; leave one of them out") }
    if timeout != nil, !wait { throw ValidationError("--timeout is for --wait") }
    if watch, output != .table { throw ValidationError("--watch prints lines of the table; leave --output out") }
  }

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      try await cluster.access(console).using { access throws(CommandError) in
        var seen = try await access.look(customer: customer)
        try requireCustomer(in: seen, access)
        let list = StatusList(access: access, customer: customer)
        if wait {
          seen = try await list.wait(seen, atMost: patience.duration)
          try requireCustomer(in: seen, access)
        }
        if customer != nil, !watch {
          try await showInFull(seen, access, console)
        } else if output == .table {
          list.print(seen, on: console)
        } else {
          try show([StatusList.json(seen)], on: console)
        }
        if watch { await list.watch(seen, on: console) }
        return wait ? try status(of: seen) : .success
      }
    }
  }

  private var patience: Patience { timeout ?? Patience(seconds: 60) }

  private func requireCustomer(in seen: SeenCluster, _ access: ClusterAccess) throws(CommandError) {
    guard let customer, seen.rows().isEmpty else { return }
    throw .refused("there is no customer \"\(customer)\" \(access.place); postern status -A lists all")
  }

  /// The exit status after a wait.
  private func status(of seen: SeenCluster) throws(CommandError) -> ExitStatus {
    switch Ending.of(seen.rows()) {
    case .held: return .success
    case .refused: return .refused
    case nil:
      let late = seen.rows().filter { $0.ending == nil }.map { "\($0.name.namespace)/\($0.name.customer)" }
      let shown = late.prefix(5).joined(separator: ", ") + (late.count > 5 ? " and \(late.count - 5) more" : "")
      throw CommandError(
        status: .changes,
        lines: ["error: Postgres does not hold what is declared after \(patience.seconds) s: \(shown)"])
    }
  }

  private func showInFull(
    _ seen: SeenCluster, _ access: ClusterAccess, _ console: Console
  ) async throws(CommandError) {
    let reading = CustomerReading(access: access, cluster: seen, asksForScripts: scriptTimes)
    var documents: [JSONValue] = []
    for (index, row) in seen.rows().enumerated() {
      let report = try await reading.report(row)
      documents.append(report.json)
      guard output == .table else { continue }
      if index > 0 { console.print() }
      for line in report.lines { console.print(line) }
      for note in report.notes { console.error(note) }
    }
    if output != .table { try show(documents, on: console) }
  }

  private func show(_ documents: [JSONValue], on console: Console) throws(CommandError) {
    let whole =
      documents.count == 1
      ? documents[0] : .members([("kind", .string("List")), ("items", .array(documents))])
    console.print(output == .yaml ? try whole.yaml() : whole.prettyText, terminator: output == .yaml ? "" : "\n")
  }
}
