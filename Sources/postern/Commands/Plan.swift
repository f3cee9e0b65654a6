import ArgumentParser
import FoundationEssentials
import LibPQ

/// `postern plan FILE [--url URL]`
struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Print the SQL that an apply of the manifest would run in its Postgres; do nothing.",
    discussion: """
      Without --url, the customer's Postgres in the cluster is asked, by a port-forward and with the superuser's Secret, as \
      far as you may use both. Passwords are left out. Ends with 0 where there is nothing to do, 3 where there is, 1 where \
      refused.
      """)

  @Argument(help: "The manifest: one labelled Deployment, StatefulSet or Pod.")
  var file: String

  @Option(
    help: "A Postgres, as its superuser: postgresql://postgres@127.0.0.1:5432/postgres (PGPASSWORD is read).")
  var url: String?

  @OptionGroup(title: "The cluster, without --url") var cluster: ClusterOptions

  @Option(help: "The customer's Pod. (default: the first that is ready)")
  var pod: String?

  func validate() throws {
    guard !cluster.allNamespaces else { throw ValidationError("a manifest is for one namespace; choose it by -n") }
    guard url != nil, pod != nil || cluster.isChosen else { return }
    throw ValidationError("--url names a Postgres outside of the cluster; leave it out, or the cluster's options")
  }

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let statements = try await plannedStatements(console)
      for statement in statements { console.print(statement) }
      if statements.isEmpty { console.print("-- nothing to do") }
      return statements.isEmpty ? .success : .changes
    }
  }

  private func plannedStatements(_ console: Console) async throws(CommandError) -> [String] {
    let manifests = try ManifestReader().sound(file)
    if let url {
      let instance = try await PlannedInstance(manifests)
      return try instance.statements(
        with: LocalObjects(manifests), try settings(url), place: String(url.split(separator: "@").last ?? ""),
        console: console)
    }
    let named = manifests.lazy.compactMap(LabelledManifest.init).first?.manifest.ownNamespace
    if let named, let chosen = cluster.namespace, named != chosen {
      throw .refused("the manifest is for namespace \(named), and -n says \(chosen)")
    }
    return try await cluster.access(console, in: named).using { access throws(CommandError) in
      let settled = manifests.map { $0.settled(in: access.ownNamespace) }
      return try await LivePlan(access: access).statements(
        for: try await PlannedInstance(settled), among: settled, pod: pod)
    }
  }

  private func settings(_ url: String) throws(CommandError) -> ConnectionSettings {
    guard let parts = URLComponents(string: url), ["postgresql", "postgres"].contains(parts.scheme ?? ""),
      let user = parts.user
    else {
      throw .refused("--url is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
    return ConnectionSettings(
      host: parts.host?.isEmpty == false ? parts.host ?? "" : "127.0.0.1", port: parts.port ?? 5432, user: user,
      password: parts.password ?? ProcessInfo.processInfo.environment["PGPASSWORD"])
  }
}
