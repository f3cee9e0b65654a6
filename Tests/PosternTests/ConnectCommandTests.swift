import Foundation
import TestThreads
import Testing

/// `check`, `inject` and `try` know connections.
@Suite(.blocking, .serialized) struct ConnectCommandTests {
  /// A workload that connects.
  private static func application(
    _ connections: String, kind: String = "Deployment", labels: String = "postern.io/connect: acme"
  ) -> String {
    let template =
      "{metadata: {labels: {app: web, \(labels)}, annotations: {postern.io/connections: \"\(connections)\"}}, "
      + "spec: {restartPolicy: OnFailure, containers: [{name: web, image: web}]}}"
    let spec = kind == "CronJob" ? "{jobTemplate: {spec: {template: \(template)}}}" : "{template: \(template)}"
    return
      "apiVersion: \(kind.hasSuffix("Job") ? "batch/v1" : "apps/v1")\nkind: \(kind)\nmetadata: {name: web}\nspec: \(spec)"
  }

  private static let kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]

  @Test(
    arguments: [
      ("shop/orders", nil), ("reader", nil), ("shop, ", nil),
      ("shpo", #"connections][0]: customer "acme" has no user "shpo"; did you mean "shop"?"#),
      ("reader/archive", #"connections][0]: user "reader" has no grant on database "archive""#),
      ("- {usr: shop}", #"did you mean "user"?"#), ("- {user: shop, containers: [wep]}", #"did you mean "web"?"#),
      // Its customer is not among the files, so nothing is known.
      ("- {user: shpo, customer: other}", nil),
    ] as [(String, String?)])
  func checkComparesConnectionsWithDeclarations(connections: String, message: String?) throws {
    for kind in Self.kinds {
      for documents in [
        [ConnectedCustomer.manifest, Self.application(connections, kind: kind)],
        [Self.application(connections, kind: kind), ConnectedCustomer.manifest],
      ] {
        let answer = try Program.run(["check", "-"], input: documents.joined(separator: "\n---\n"))
        #expect(answer.status == (message == nil ? 0 : 1), "\(answer.output)\(answer.errors)")
        if let message { #expect(answer.output.contains(message), "\(answer.output)") }
        #expect(answer.output.contains("\(kind) web"))
      }
    }
  }

  @Test(arguments: [
    ("tier: x", "nothing reads it without the label postern.io/connect"),
    ("postern.io/conect: acme", "did you mean postern.io/connect?"),
    ("postern.io/connections: shop", "is an annotation of Postern's; move it to annotations"),
  ])
  func checkFindsWhatNoWebhookSees(labels: String, message: String) throws {
    let answer = try Program.run(["check", "-"], input: Self.application("shop", labels: labels))
    #expect(answer.status == 1)
    #expect(answer.output.contains(message), "\(answer.output)")
  }

  @Test(arguments: kinds) func injectPrintsTheConnectionsOnce(kind: String) throws {
    let input = "\(ConnectedCustomer.manifest)\n---\n\(Self.application("- {user: shop, wait: true}", kind: kind))"
    let first = try Program.run(["inject", "-", "--no-secrets"], input: input)
    #expect(first.status == 0, "\(first.errors)")
    for text in ["postern-connect-0", "name: \"postern-wait\"", "acme-pg-user-shop", "postern.io/connected"] {
      #expect(first.output.contains(text) || first.output.contains(text.replacing("\"", with: "")), "\(text)")
    }
    let second = try Program.run(["inject", "-", "--no-secrets"], input: first.output)
    #expect(second.output == first.output)
    let refused = try Program.run(["inject", "-"], input: Self.application("a/b/c", kind: kind))
    #expect(refused.status == 1 && refused.errors.contains("neither USER nor USER/DATABASE"))
  }

  /// The command has the environment of the file's application, or of the first user.
  @Test(arguments: [
    (application("shop/orders", kind: "Job"), "psql -XAtc 'SELECT current_user, current_database()'", "shop|orders"),
    (
      application("- {user: reader, env: service}"), "psql -XAtc 'SELECT current_user, current_database()'",
      "reader|orders"
    ),
    (application("- {user: reader, env: none}"), "cat $SERVICE_BINDING_ROOT/acme/username", "reader"),
    (application("- {user: shop, env: {URL: uri}}"), "psql -XAtc 'SELECT 5' $URL", "5"),
    ("", "psql -XAtc 'SELECT current_user, current_database()' $DATABASE_URL", "shop|orders"),
  ])
  func tryRunsAnApplicationsCommand(application: String, command: String, expected: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "connect-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    let documents = [ConnectedCustomer.manifest] + (application.isEmpty ? [] : [application])
    try Data(documents.joined(separator: "\n---\n").utf8).write(to: file)
    let answer = try Program.run(["try", file.path, "--", "sh", "-c", command])
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.split(separator: "\n").contains { $0 == expected }, "\(answer.output)")
    guard application.isEmpty else { return }
    let failed = try Program.run(["try", file.path, "--", "sh", "-c", "exit 7"])
    #expect(failed.status == 1 && failed.errors.contains("sh ended with status 7"), "\(failed.errors)")
  }
}
