import ArgumentParser
import Controller
import JSONBytes

/// `postern check [FILE…]`
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check manifests offline, as the webhook would; without a file, check a cluster with Postern.",
    discussion: """
      Files are read as kubectl reads them; of a folder, what is no manifest is passed over with a note. What names no \
      namespace is checked for that of --namespace, or default. Ends with 0 \
      where all is fine, 1 where declarations are refused, or where a label or an annotation of Postern's is misspelt or \
      stands where nothing reads it, and 2 where a file cannot be read.

      Without a file, it looks at a cluster with your kubeconfig and rights: whether the webhook is registered, reachable and \
      trusted, the controller and its rights, versions, and customers that get less than they declare. It writes nothing; \
      what the webhook does is seen by dry runs. Ends with 0 where nothing failed, 1 where something did, and 2 where no \
      cluster is found. What is only to be looked at does not fail.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input; none: check a cluster.")
  var files: [String] = []

  @OptionGroup var cluster: ClusterOptions

  @Option(name: .shortAndLong, help: "How to print what is wrong.")
  var output: FindingsReport.Format = .text

  @Flag(help: "Print only what is wrong.")
  var quiet = false

  func validate() throws {
    guard files.isEmpty else {
      if cluster.choosesCluster {
        throw ValidationError(
          "--kubeconfig, --context and --all-namespaces choose a cluster, and files are checked without one")
      }
      return
    }
    if output == .github { throw ValidationError("--output github is for files") }
  }

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      guard !files.isEmpty else { return try await checkCluster(console) }
      let namespace = try OptionReader(environment: [:]).name(cluster.namespace, "--namespace", "")
      let reading = ManifestReader().reading(files)
      if !quiet { for remark in reading.remarks { console.error("note: \(remark)") } }
      for error in reading.errors { console.error("error: \(error)") }
      let review = OfflineReview(reading.manifests.settled(in: namespace))
      let report = FindingsReport(
        reviewed: try await review.all(), unreadable: reading.errors, isQuiet: quiet)
      if report.reviewed.isEmpty, reading.errors.isEmpty, !quiet {
        console.error("nothing to check: \(LabelledManifest.noneFound(among: review.manifests))")
      }
      report.print(as: output, on: console)
      guard reading.errors.isEmpty else { return .unreadable }
      return report.hasErrors ? .refused : .success
    }
  }

  private func checkCluster(_ console: Console) async throws(CommandError) -> ExitStatus {
    let results = try await cluster.access(console, isEverywhere: true).using { access throws(CommandError) in
      try await LiveCheck(access: access).results()
    }
    if output == .json {
      console.print(JSONValue.array(results.map(\.json)).prettyText)
    } else {
      CheckResult.print(results, isQuiet: quiet, on: console)
    }
    return results.contains { $0.level == .failure } ? .refused : .success
  }
}

extension FindingsReport.Format: ExpressibleByArgument {}
