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

  func validate() throws {
    if watch, output != .table { throw ValidationError("--watch prints lines of the table; leave --output out") }
  }

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      try await cluster.access(console).using { access throws(CommandError) in
        let seen = try await access.look(customer: customer)
        let rows = seen.rows()
        if let customer, rows.isEmpty {
          throw .refused("there is no customer \"\(customer)\" \(access.place); postern status -A lists all")
        }
        let list = StatusList(access: access, customer: customer)
        if watch {
          list.print(seen, on: console)
          await list.watch(seen, on: console)
        } else if customer == nil {
          if output == .table { list.print(seen, on: console) } else { try show([StatusList.json(seen)], on: console) }
        } else {
          try await showInFull(rows, seen, access, console)
        }
      }
      return .success
    }
  }

  private func showInFull(
    _ rows: [CustomerRow], _ seen: SeenCluster, _ access: ClusterAccess, _ console: Console
  ) async throws(CommandError) {
    let reading = CustomerReading(access: access, cluster: seen)
    var documents: [JSONValue] = []
    for (index, row) in rows.enumerated() {
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
