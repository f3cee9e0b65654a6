import Foundation
import TestThreads
import Testing

/// Paths and files that hold nothing which a command could work on. Each command says what is wrong, and does not end as if
/// all were well.
@Suite(.blocking) final class UnusableInputTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "unusable-\(UUID().uuidString)")
    for name in ["no-files", "others"] {
      try FileManager.default.createDirectory(
        at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    for (name, text) in [
      ("others/notes.txt", "x"), ("empty.yaml", ""), ("blank.yaml", "\n \n"), ("comment.yaml", "---\n# no more\n---\n"),
      ("null.json", "null"), ("nul.yaml", "a: \0b\n"), ("open.json", "{"),
    ] {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    try Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 129) }).write(
      to: folder.appending(path: "binary.yaml"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "dangling.yaml").path, withDestinationPath: "/nowhere/at/all")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private static let nothing = "no manifest is there: only what is empty, or a comment"
  private static let noFile = "no file in this folder ends in .yaml, .yml or .json"

  @Test(arguments: [
    ("", "\"\" names no file and no folder: if a variable stands there, it has no value"),
    (" ", "\" \" names no file and no folder: if a variable stands there, it has no value"),
    ("missing.yaml", "missing.yaml: cannot be read: there is no such file"),
    ("empty.yaml/x", "empty.yaml/x: cannot be read: there is no such file"),
    ("dangling.yaml", "dangling.yaml: cannot be read: there is no such file"),
    ("no-files", "no-files: \(noFile)"),
    ("others", "others: \(noFile)"),
    ("empty.yaml", "empty.yaml: \(nothing)"),
    ("blank.yaml", "blank.yaml: \(nothing)"),
    ("comment.yaml", "comment.yaml: \(nothing)"),
    ("null.json", "null.json: \(nothing)"),
    ("nul.yaml", "nul.yaml: is not YAML: line 1, column 4, document 1: control characters are not allowed"),
    ("binary.yaml", "binary.yaml: is not YAML: "),
    ("open.json", "open.json: is not JSON: "),
  ])
  func isToldByEveryCommand(path: String, message: String) throws {
    let isName = path.contains { !$0.isWhitespace }
    let named = isName ? folder.appending(path: path).path : path
    let expected = isName ? folder.path + "/" + message : message
    for (command, status) in [("check", 2), ("inject", 2), ("migrate", 2), ("try", 1), ("plan", 2)] {
      let more = command == "plan" ? ["--url", "postgresql://127.0.0.1:1/"] : []
      let answer = try Program.run([command, named] + more)
      #expect(answer.status == status, "\(command): \(answer.output)\(answer.errors)")
      #expect(answer.output.isEmpty, "\(command)")
      #expect(answer.errors.contains("error: \(expected)"), "\(command): \(answer.errors)")
    }
    let secrets = try Program.run(["inject", Program.fixture("labelled-pod.yaml"), "--secrets", named])
    #expect(secrets.status == 2 && secrets.output.isEmpty && secrets.errors.contains("error: \(expected)"))
  }

  @Test(arguments: ["check", "inject", "migrate"]) func anEmptyStandardInputIsNoSuccess(command: String) throws {
    let answer = try Program.run([command, "-"], input: "")
    #expect(answer.status == 2 && answer.output.isEmpty)
    #expect(answer.errors == "error: standard input: \(Self.nothing)\n")
  }

  @Test(arguments: [("check", 0), ("migrate", 1), ("try", 1)])
  func aTemplateOfOpenShiftIsToBeProcessedFirst(command: String, status: Int32) throws {
    let file = folder.appending(path: "template.yaml")
    try """
    apiVersion: template.openshift.io/v1
    kind: Template
    metadata: {name: postgresql}
    objects:
    - {apiVersion: apps/v1, kind: Deployment, metadata: {name: "${NAME}", labels: {postern.io/customer: acme}}}
    """.write(to: file, atomically: true, encoding: .utf8)
    let answer = try Program.run([command, file.path])
    #expect(answer.status == status && answer.output.isEmpty)
    #expect(answer.errors.contains("is a Template of OpenShift: process it first, by oc process"), "\(answer.errors)")
  }

  @Test func whatNeverEndsIsLeftUnread() throws {
    let answer = try Program.run(["check", "/dev/zero"])
    #expect(answer.status == 2 && answer.errors.contains("error: /dev/zero: cannot be read: it is larger than"))
  }

  /// A list without items, and an empty file beside others, are nothing unusual.
  @Test func whatIsEmptyBesideManifestsIsPassedOver() throws {
    let empty = folder.appending(path: "empty.yaml").path
    let both = try Program.run(["check", empty, Program.fixture("labelled-pod.yaml")])
    #expect(both.status == 0 && both.output.contains("Pod bare-: fine"), "\(both.errors)")
    let list = try Program.run(["check", "-"], input: "{apiVersion: v1, kind: List, items: []}")
    #expect(list.status == 0 && list.errors.contains("nothing to check"))
  }

  /// What another tool wrote may be one line. Places in it were counted from the file's beginning, for each value again.
  @Test(.timeLimit(.minutes(1))) func aLongLineIsReadOnce() throws {
    let text = String(repeating: "x", count: 1000)
    let item = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"\#(text)"}}"#
    let items = Array(repeating: item, count: 3000).joined(separator: ",")
    let answer = try Program.run(["check", "-"], input: #"{"apiVersion":"v1","kind":"List","items":[\#(items)]}"#)
    #expect(answer.status == 0 && answer.errors.contains("nothing to check"))
  }
}
