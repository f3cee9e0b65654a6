import Admission
import ArgumentParser
import Controller
import Declarations

/// `postern check FILE…`
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the declarations in manifests, and the Secrets that they name, offline, as the webhook would.",
    discussion: "Ends with 0 where all is fine, 1 where declarations are refused, 2 where a file cannot be read.")

  enum Output: String, ExpressibleByArgument, CaseIterable {
    case text, json, github
  }

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String]

  @Option(name: .shortAndLong, help: "How to print what is wrong.")
  var output: Output = .text

  @Flag(help: "Print only what is wrong.")
  var quiet = false

  func run() async throws {
    let console = Console()
    let manifests: [Manifest]
    do {
      manifests = try ManifestReader().read(files)
    } catch {
      console.error("error: \(error)")
      throw ExitCode(ExitStatus.unreadable)
    }
    let review = OfflineReview(manifests)
    let checked = manifests.filter(review.concerns)
    if checked.isEmpty, !quiet {
      console.error("nothing to check: \(LabelledManifest.noneFound(among: manifests))")
    }
    var findings: [Finding] = []
    for manifest in checked { findings += try await review.findings(for: manifest) }
    FindingsReport(findings: findings, checked: checked, isQuiet: quiet).print(as: output, on: console)
    if findings.contains(where: { $0.severity == .error }) { throw ExitCode(ExitStatus.refused) }
  }
}
