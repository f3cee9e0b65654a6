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

  /// An older parser only warns of SQL, and kubectl shows warnings of what is refused, too.
  @Test(arguments: commands) func theWarningsOfWhatIsRefusedAreShown(command: [String]) throws {
    let (answer, _) = try run(
      command,
      on: """
        apiVersion: v1
        kind: Pod
        metadata:
          name: p
          labels: {postern.io/customer: c}
          annotations:
            postern.io/users: "[{name: shop, connectionLimit: many}]"
            postern.io/databases: "[{name: o, owner: shop, scripts: [{name: one, sql: DROP TABLE t}]}]"
        spec: {containers: [{name: postgres, image: "postgres:15"}]}
        """)
    #expect(answer.status == 1)
    #expect(answer.errors.contains("\"many\" is no connection limit"), "\(answer.errors)")
    #expect(answer.errors.contains("\nWarning: postern: script \"one\", line 1 drops a table"), "\(answer.errors)")
  }

  @Test(arguments: commands + [["check"]]) func aFileThatIsNoManifestIsSaidInOneLine(command: [String]) throws {
    let (answer, file) = try run(command, on: "hello: world")
    #expect(answer.status == (command[0] == "try" ? 1 : 2))
    #expect(
      answer.errors == """
        error: \(file):1: is no Kubernetes manifest: it has no kind; every document needs apiVersion, kind and metadata.name

        """)
  }

  /// A cut manifest must not look like a whole one.
  @Test(arguments: ["check", "inject", "migrate"]) func outputThatCannotBeWrittenIsAnError(command: String) throws {
    let postern = Program.products.appending(path: "postern").path
    let file = command == "migrate" ? "psql-sidecar.yaml" : "labelled-statefulset.yaml"
    let run = [postern, command, Program.fixture(file)]
    let answer = try Program.run(["-c", "exec \"$0\" \"$@\" >/dev/full"] + run, program: URL(filePath: "/bin/sh"))
    #expect(answer.status == 2)
    #expect(
      answer.errors.contains("error: standard output: No space left on device: what was printed is not all there"),
      "\(answer.errors)")
    // Whoever reads only the beginning has what was wanted.
    let piped = try Program.run(
      ["-c", "\"$0\" \"$@\" | head -c 1 | wc -c"] + run, program: URL(filePath: "/bin/sh"))
    #expect(piped.status == 0 && !piped.errors.contains("standard output"), "\(piped.errors)")
  }

  @Test func optionsThatCannotBeMeantAreRefused() throws {
    let file = Program.fixture("labelled-statefulset.yaml")
    for (arguments, message) in [
      (["check", "-n", "Bad_X", file], "--namespace is \"Bad_X\""),
      (["inject", "--namespace", "Bad_X", file], "--namespace is \"Bad_X\""),
      (
        ["inject", "--sidecar-image", "foo bar", file],
        "--sidecar-image is \"foo bar\"; the name of an image is expected"
      ),
      (["check", "-A", file], "choose a cluster, and files are checked without one"),
      (["check", "--context", "x", file], "choose a cluster, and files are checked without one"),
    ] {
      let answer = try Program.run(arguments)
      #expect(answer.status != 0 && answer.errors.contains(message), "\(arguments): \(answer.errors)")
    }
  }
}
