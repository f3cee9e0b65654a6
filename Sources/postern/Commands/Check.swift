import Admission
import ArgumentParser
import Controller

/// `postern check FILE…`
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the declarations in manifests, and the Secrets that they name, offline, as the webhook would.",
    discussion: "Ends with 0 where all is fine, 1 where declarations are refused, 2 where a file cannot be read.")

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String]

  @Option(name: .shortAndLong, help: "How to print what is wrong.")
  var output: FindingsReport.Format = .text

  @Flag(help: "Print only what is wrong.")
  var quiet = false

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let manifests = try ManifestReader().read(files)
      let review = OfflineReview(manifests)
      let checked = manifests.filter(review.concerns)
      if checked.isEmpty, !quiet {
        console.error("nothing to check: \(LabelledManifest.noneFound(among: manifests))")
      }
      var findings: [Finding] = []
      for manifest in checked { findings += try await review.findings(for: manifest) }
      FindingsReport(findings: findings, checked: checked, isQuiet: quiet).print(as: output, on: console)
      return findings.contains { $0.severity == .error } ? .refused : .success
    }
  }
}

extension FindingsReport.Format: ExpressibleByArgument {}
