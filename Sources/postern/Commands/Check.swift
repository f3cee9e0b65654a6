import Admission
import ArgumentParser
import Controller

/// `postern check FILE…`
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the declarations in manifests, and the Secrets that they name, offline, as the webhook would.",
    discussion: """
      Files are read as kubectl reads them; of a folder, what is no manifest is passed over with a note. Ends with 0 \
      where all is fine, 1 where declarations are refused, or where a label or an annotation of Postern's is misspelt or \
      stands where nothing reads it, and 2 where a file cannot be read.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String]

  @Option(name: .shortAndLong, help: "How to print what is wrong.")
  var output: FindingsReport.Format = .text

  @Flag(help: "Print only what is wrong.")
  var quiet = false

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let reading = ManifestReader().reading(files)
      if !quiet { for remark in reading.remarks { console.error("note: \(remark)") } }
      for error in reading.errors { console.error("error: \(error)") }
      let review = OfflineReview(reading.manifests)
      let (checked, findings) = try await review.all()
      if checked.isEmpty, reading.errors.isEmpty, !quiet {
        console.error("nothing to check: \(LabelledManifest.noneFound(among: review.manifests))")
      }
      FindingsReport(findings: findings, checked: checked, isQuiet: quiet).print(as: output, on: console)
      guard reading.errors.isEmpty else { return .unreadable }
      return findings.contains { $0.severity == .error } ? .refused : .success
    }
  }
}

extension FindingsReport.Format: ExpressibleByArgument {}
