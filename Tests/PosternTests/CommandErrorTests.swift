import Foundation
import TestThreads
import Testing

/// All commands report errors in the same words.
@Suite(.blocking) struct CommandErrorTests {
  static let commands = [
    ["inject"], ["plan", "--url", "postgresql://postgres@127.0.0.1:1/postgres"], ["try", "--once"],
  ]

  private func run(_ command: [String], on manifest: String) throws -> (answer: Program.Answer, file: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "manifest-\(UUID().uuidString).yaml")
    try Data(manifest.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return (try Program.run([command[0], file.path] + command.dropFirst()), file.path)
  }

  @Test(arguments: commands) func aFlatFileThatCannotBeReadIsSaidWithItsPlaceAndWithoutItsText(command: [String]) throws
  {
    let (answer, file) = try run(
      command,
      on: """
        apiVersion: v1
        kind: Secret
        metadata: {name: pg}
        stringData: {users: "keycloak:ok\\nhunter2\\n"}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: p, labels: {postern.io/customer: c}, annotations: {postern.io/users-from: pg/users}}
        spec: {containers: [{name: postgres, image: postgres}]}
        """)
    #expect(answer.status == 1)
    #expect(answer.errors.hasPrefix("error: \(file):6: Pod p: "), "\(answer.errors)")
    #expect(answer.errors.contains("(line 2): the line has no colon"))
    #expect(!(answer.output + answer.errors).contains("hunter2"))
  }

  @Test(arguments: commands) func aRefusalIsPrintedAsKubectlPrintsIt(command: [String]) throws {
    let (answer, _) = try run(command, on: CheckTests.broken)
    #expect(answer.status == 1)
    #expect(answer.errors.hasPrefix("The Deployment \"acme\" is invalid:\n* metadata.annotations["), "\(answer.errors)")
    #expect(!(answer.output + answer.errors).contains("hunter2"))
  }

  @Test(arguments: commands + [["check"]]) func aFileThatIsNoManifestIsSaidInOneLine(command: [String]) throws {
    let (answer, file) = try run(command, on: "hello: world")
    #expect(answer.status == (command[0] == "try" ? 1 : 2))
    #expect(
      answer.errors == """
        error: \(file):1: is no Kubernetes manifest: it has no kind; every document needs apiVersion, kind and metadata.name

        """)
  }
}
