import ArgumentParser
import Contract
import Controller
import KubernetesClient
import Logging
import PrometheusText

/// `postern prune`
struct Prune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "List the Secrets of customers that nothing declares any more; with --yes, remove them.",
    discussion: """
      Passwords outlive the workload that they were made for, as its data does. Listed are Secrets that Postern made, that \
      no workload owns, and whose customer's label no Deployment, StatefulSet, ReplicaSet or Pod of the namespace bears. \
      Without them, data that was kept is opened only by those who know its passwords. It needs the right to list these \
      and Secrets, and, with --yes, to delete Secrets.
      """)

  @Option(help: ArgumentHelp("How to reach the cluster. (default: as kubectl does)", valueName: "file"))
  var kubeconfig: String?

  @Option(help: "Namespaces that are looked at, with commas between them. (default: all)")
  var namespaces: String?

  @Flag(help: "Remove what is listed.")
  var yes = false

  func run() async throws {
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let chosen = try OptionReader(environment: [:]).names(namespaces, "--namespaces", "")
      let client: KubernetesClient
      do {
        client = KubernetesClient(
          try .find(kubeconfig: kubeconfig), metrics: ClientMetrics(PrometheusRegistry([])),
          logger: Logger(label: Installation.name))
      } catch {
        throw .unreadable("\(error)")
      }
      do throws(KubernetesError) {
        try await prune(chosen.isEmpty ? nil : chosen, client, console)
      } catch {
        await client.shutdown()
        throw .refused(error.description)
      }
      await client.shutdown()
      return .success
    }
  }

  private func prune(
    _ namespaces: [String]?, _ client: KubernetesClient, _ console: Console
  ) async throws(KubernetesError) {
    let secrets = try await UnusedSecret.all(in: namespaces, client)
    guard !secrets.isEmpty else { return console.error("every Secret that Postern made is in use") }
    for secret in secrets {
      if yes { try await secret.delete(client) }
      let since = secret.since.map { "unused since \($0)" } ?? "unused"
      console.print("\(yes ? "removed " : "")\(secret.namespace)/\(secret.name)\t\(since)")
    }
    if !yes { console.error("nothing was removed: --yes removes these \(secrets.count)") }
  }
}
