import ArgumentParser

/// `postern migrate FILE…`
struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the label and the annotations that say what another approach's manifests say.",
    discussion: """
      It reads Zalando's postgresql, CloudNativePG's Cluster, Database and DatabaseRole, Crunchy's PostgresCluster, workloads whose sidecar \
      makes the users of a flat file by psql, and ConfigMaps of scripts in /docker-entrypoint-initdb.d. What has no like is \
      said in comments. Passwords are not read; the declaration names the Secrets that hold them. Ends with 1 where nothing is \
      found.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input.")
  var files: [String]

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let reading = ManifestReader().reading(files)
      for remark in reading.remarks { console.error("note: \(remark)") }
      let found = Migration.all(in: try reading.complete())
      guard !found.isEmpty else {
        throw .refused(
          "there is nothing in it to migrate: no postgresql, Cluster, Database or PostgresCluster of an operator, no psql "
            + "sidecar with a flat file, and no scripts for an empty data folder")
      }
      var documents: [String] = []
      for migration in found { documents.append(try migration.yaml()) }
      console.print(documents.joined(separator: "---\n"), terminator: "")
      return .success
    }
  }
}
