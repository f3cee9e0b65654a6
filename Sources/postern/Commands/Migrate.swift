import ArgumentParser
import FoundationEssentials

/// `postern migrate FILE…`, or `postern migrate --from-url URL`
struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract:
      "Print the label and the annotations that say what another approach's manifests, or a running server, say.",
    discussion: """
      It reads Zalando's postgresql, CloudNativePG's Cluster, Database and DatabaseRole, Crunchy's PostgresCluster, workloads whose sidecar \
      makes the users of a flat file by psql, the variables of Postgres images, and ConfigMaps of scripts in \
      /docker-entrypoint-initdb.d. What has no like is said in comments. Passwords are not read; the declaration names the \
      Secrets that hold them. Ends with 1 where nothing is found that can be declared.

      With --from-url a running Postgres is read, and nothing is written to it: the declaration that is printed is one under \
      which a first pass of the sidecar changes nothing but its own records and PUBLIC's right to connect.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      A running Postgres, as its superuser, instead of files: postgresql://postgres@127.0.0.1:5432/. What it leaves out is \
      taken from PGHOST, PGPORT, PGUSER, PGPASSWORD and PGSSLMODE.
      """, valueName: "url"))
  var fromURL: String?

  @Option(
    help: "The customer's name, with --from-url. (default: the one that declared the server's users, else its host's)")
  var customer: String?

  func validate() throws {
    guard files.isEmpty != (fromURL == nil) else {
      throw ValidationError(
        fromURL == nil ? "name manifests, or a server by --from-url" : "--from-url names a server; leave the files out")
    }
    guard customer == nil || fromURL != nil else {
      throw ValidationError("--customer is for --from-url; manifests have names of their own")
    }
  }

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      if let fromURL {
        let url = try ServerURL(fromURL, environment: ProcessInfo.processInfo.environment)
        console.print(try Migration(serverAt: url, customer: customer).manifest().yaml, terminator: "")
        return .success
      }
      let reading = ManifestReader().reading(files)
      for remark in reading.remarks { console.error("note: \(remark)") }
      let manifests = try reading.complete()
      let found = Migration.all(in: manifests)
      guard !found.isEmpty else {
        throw .refused(
          LabelledManifest.templateHint(among: manifests)
            ?? "there is nothing in it to migrate: no postgresql, Cluster, Database or PostgresCluster of an operator, no psql "
            + "sidecar with a flat file, no scripts for an empty data folder, no postStart hook with psql, and no user or "
            + "database in a Postgres image's variables")
      }
      var documents: [String] = []
      var isDeclared = false
      for migration in found {
        let (yaml, declares) = try migration.manifest()
        documents.append(yaml)
        isDeclared = isDeclared || declares
      }
      console.print(documents.joined(separator: "---\n"), terminator: "")
      guard isDeclared else {
        throw .refused(
          "no user and no database of it can be declared; the remarks say why, and what to declare by hand")
      }
      return .success
    }
  }
}
