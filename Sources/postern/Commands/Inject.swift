import ArgumentParser

/// `postern inject FILE…`
struct Inject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject",
    abstract: "Print manifests as they would be admitted, with what the controller makes for them.",
    discussion: """
      The decision is the webhook's. The sidecar goes into Pod templates, so that a cluster without the webhook can take \
      what is printed. What is not changed is printed as it was written. The same files give the same bytes, and so does \
      what was printed; but passwords that no file holds are made anew, unless --secrets names what is there already, or \
      --no-secrets leaves the Secrets out. Ends with 0, or, printing no manifest, with 1 where declarations \
      are refused and 2 where a file cannot be read.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String]

  @Flag(help: "Leave the Secrets out, and name those that the Pods will need.")
  var noSecrets = false

  @Option(
    help: ArgumentHelp(
      "Secrets that are there already, such as by kubectl get secrets -o yaml: their passwords are kept.",
      valueName: "file"))
  var secrets: [String] = []

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The namespace of what names none. (default: none is written)", valueName: "name"))
  var namespace: String?

  @OptionGroup(title: "The injected sidecar") var sidecar: SidecarOptions

  @Flag(help: "Print no warnings.")
  var quiet = false

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let options = OptionReader(environment: [:])
      let namespace = try options.name(namespace, "--namespace", "")
      let reading = ManifestReader().reading(files)
      let existing = ManifestReader().reading(secrets)
      if !quiet { for remark in reading.remarks + existing.remarks { console.error("note: \(remark)") } }
      let choices = InjectionChoices(
        settings: try sidecar.settings(options), withSecrets: !noSecrets,
        existing: try existing.complete(), namespace: namespace)
      let injected = try await InjectedManifests(try reading.complete(), choices)
      if !quiet {
        for warning in injected.warnings { console.error("warning: \(warning)") }
        for note in injected.notes { console.error("note: \(note)") }
      }
      console.print(try InjectedDocument.yaml(injected.documents), terminator: "")
      return .success
    }
  }
}
