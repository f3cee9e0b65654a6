import Admission
import ArgumentParser
import Contract

/// `postern inject FILE…`
struct Inject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print manifests as they would be admitted, with what the controller makes for them.",
    discussion: """
      The decision is the webhook's. The sidecar goes into Pod templates, so that a cluster without the webhook can take \
      what is printed. The same files give the same bytes, but for passwords that none of the files holds: those are made \
      anew, unless --no-secrets leaves the Secrets out. Ends with 0, or, printing no manifest, with 1 where declarations \
      are refused and 2 where a file cannot be read.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String]

  @Flag(help: "Leave the Secrets out.")
  var noSecrets = false

  @Option(help: "The image of the injected sidecar.")
  var sidecarImage = Release.sidecarImage

  @Option(
    help: "native (an init container that restarts) or classic (a container).",
    transform: { text in
      guard let mode = AdmissionSettings.SidecarMode(rawValue: text) else {
        throw ValidationError("--sidecar-mode is \"\(text)\"; native or classic is expected")
      }
      return mode
    })
  var sidecarMode = AdmissionSettings.SidecarMode.native

  @Flag(help: "Print no warnings.")
  var quiet = false

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let manifests = try ManifestReader().read(files)
      let settings = AdmissionSettings(sidecarImage: sidecarImage, sidecarMode: sidecarMode)
      let injected = try await InjectedManifests(manifests, settings: settings, withSecrets: !noSecrets)
      if !quiet { for warning in injected.warnings { console.error("warning: \(warning)") } }
      let documents = try injected.documents.map { document throws(CommandError) in try document.yaml() }
      console.print(documents.joined(separator: "---\n"), terminator: "")
      return .success
    }
  }
}
