import Foundation
import JSONBytes
import TestThreads
import Testing

@testable import postern

@Suite(.blocking) struct ManifestReaderTests {
  static let one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"
  static let two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n"
  static let json = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json"}}"#

  private func reading(_ bytes: [UInt8], isOneOfMany: Bool = false) -> ManifestReading {
    var reading = ManifestReading()
    FileReading(file: "f", isOneOfMany: isOneOfMany).read(bytes, into: &reading)
    return reading
  }

  private func names(_ text: String) throws -> [String] {
    try ManifestReader.parse(text, file: "f").map { "\($0.kind) \($0.name)" }
  }

  @Test(arguments: [
    ("", []),
    ("---\n", []),
    ("null\n", []),
    ("# only a comment\n", []),
    (one + "---\nnull\n---\n\n---\n# c\n---\n" + two, ["one", "two"]),
    (one + "--- # comment\n" + two, ["one", "two"]),
    (one + "---#c\n" + two, ["one", "two"]),
    (one + "...\n---\n" + two, ["one", "two"]),
    (one + "...\n" + two, ["one"]),
    (one.replacing("\n", with: "\r\n") + "---\r\n" + two.replacing("\n", with: "\r\n"), ["one", "two"]),
    ("\u{FEFF}" + one, ["one"]),
    (json, ["json"]),
    ("\u{FEFF}\n\t" + json, ["json"]),
    (json + json + "\n\n" + json + "null" + json, ["json", "json", "json", "json"]),
    (one + "---\n" + json, ["one", "json"]),
    (json + "\n---\n" + json + "\n", ["json", "json"]),
    (json + "\n--- # c\n" + one, ["json", "one"]),
    (json + json + "\n" + one, ["json", "json", "one"]),
    ("{apiVersion: v1, kind: ConfigMap, metadata: {name: flow}}\n---\n" + one, ["flow", "one"]),
    ("# YAML\n" + json + "\n---\n" + one, ["json", "one"]),
    (json.replacing("json\"}", with: #"a\/b \ud83d\ude00\ud800"}"#), ["a/b 😀\u{FFFD}"]),
  ])
  func divides(text: String, into expected: [String]) throws {
    #expect(try names(text) == expected.map { "ConfigMap \($0)" })
  }

  @Test(arguments: [
    ("List", "v1", "{apiVersion: v1, kind: Pod, metadata: {name: p}}", "v1 Pod"),
    ("PodList", "v1", "{metadata: {name: p}}", "v1 Pod"),
    ("SecretList", "v1", "{metadata: {name: p}}", "v1 Secret"),
    ("DeploymentList", "apps/v1", "{metadata: {name: p}}", "apps/v1 Deployment"),
    ("Whatever", "v1", "{apiVersion: v1, kind: Pod, metadata: {name: p}}", "v1 Pod"),
  ])
  func takesItemsOfLists(kind: String, version: String, item: String, expected: String) throws {
    let text = "apiVersion: \(version)\nkind: \(kind)\nitems:\n- \(item)\n- \(item)\n"
    let manifests = try ManifestReader.parse(text, file: "f")
    #expect(manifests.map { "\($0.apiVersion) \($0.kind)" } == [expected, expected])
    #expect(manifests.map(\.line) == [4, 5])
  }

  @Test(arguments: [
    ("kind: PodList\napiVersion: v1\nitems: [{kind: Pod}]", "in items[0], it has no apiVersion"),
    ("kind: List\napiVersion: v1\nitems: [{metadata: {}}]", "in items[0], it has no kind"),
    ("kind: List\napiVersion: v1\nitems: [null]", "items[0] is null, not a mapping"),
    ("kind: List\napiVersion: v1\nitems: {a: b}", "its items are a mapping, not a list"),
    ("kind: List\napiVersion: v1\nitems: [{apiVersion: v1, kind: List, items: []}]", "items[0] is a list itself"),
    ("kind: 5\napiVersion: v1", "its kind is a number; write it in quotes"),
    ("kind: Pod\napiVersion: 5", "its apiVersion is a number; write it in quotes"),
    ("kind: Pod\napiVersion: a/b/c", "its apiVersion has two slashes; write GROUP/VERSION"),
    ("kind: Pod\napiVersion: v1\nmetadata: x", "its metadata is text, not a mapping"),
    ("[]", "it is a list, not a mapping"),
    ("hello", "it is text, not a mapping"),
    ("kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1", "build it first: kubectl kustomize FOLDER"),
  ])
  func saysWhatIsNoManifest(text: String, reason: String) {
    let reading = reading(Array(text.utf8))
    #expect(reading.manifests.isEmpty && reading.errors.count == 1)
    #expect(reading.errors.first?.contains("f:1: is no Kubernetes manifest: ") == true)
    #expect(reading.errors.first?.contains(reason) == true, "\(reading.errors)")
  }

  /// Each contains a password, or what could be one, next to the error.
  @Test(arguments: [
    (
      "stringData:\n  password: hunter2\n  password: hunter2",
      "line 6, column 3, document 1, stringData: the key \"password\""
    ),
    (
      "stringData: {password: hunter2, password: hunter2}",
      "line 4, column 33, document 1, stringData: the key \"password\""
    ),
    (
      "stringData:\n  password: hunter2: x", "line 5, column 20, document 1, stringData: mapping values are not allowed"
    ),
    ("stringData:\n\tpassword: hunter2", "line 5, column 1, document 1, stringData: found character that cannot start"),
    (
      "stringData:\n  password: @hunter2",
      "line 5, column 13, document 1, stringData: found character that cannot start"
    ),
    ("stringData:\n  password: \"hunter2", "document 1, stringData: found unexpected end of stream"),
    ("stringData:\n  password: \"\\hunter2\"", "document 1, stringData: found unknown escape character"),
    ("stringData:\n  password: \"\\/hunter2\"", "line 5, column 13, document 1, stringData.password: \\/ is no escape"),
    ("stringData:\n  password: *hunter2", "line 5, column 13, document 1, stringData: found undefined alias"),
    (
      "stringData:\n  password: !!int hunter2",
      "line 5, column 13, document 1, stringData.password: the value is none of !!int"
    ),
    (
      "stringData:\n  password: .inf # hunter2",
      "line 5, column 13, document 1, stringData.password: JSON has no infinity"
    ),
    ("stringData:\n  <<: hunter2", "line 5, column 7, document 1, stringData: << needs a mapping"),
    ("stringData:\n  ? {hunter2: a}\n  : b", "document 1, stringData: a key that is no text"),
    ("stringData:\n  ~: hunter2", "line 5, column 3, document 1, stringData: a key is missing"),
    ("stringData:\n  {hunter2 hunter2: a, hunter2 hunter2: b}", "the key \"…\" stands twice"),
    ("stringData:\n- a: b\n  c:\n    - hunter2\n    d", "line 9, column 1, document 1, stringData.c: could not find"),
    ("%hunter2", "document 1: found unknown directive name"),
    (
      String(repeating: "%TAG !a! hunter2\n", count: 65),
      "line 68, column 1, document 1: more than 64 %TAG directives; kubectl takes no directives: remove"
    ),
    ("--- hunter2", "line 4, column 1, document 2: a line that begins with --- divides documents"),
  ])
  func saysWhereAFileIsNoYAMLAndNothingOfWhatItHolds(text: String, message: String) {
    let reading = reading(Array("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n\(text)\n".utf8))
    #expect(reading.errors.count == 1)
    #expect(reading.errors.first?.contains("f: is not YAML: line ") == true)
    #expect(reading.errors.first?.contains(message) == true, "\(reading.errors)")
    #expect(!reading.errors.joined().contains("hunter2"))
  }

  @Test(arguments: [
    (#"{"a": hunter2: hunter2}"#, "line 1, column 7, document 1, a: no JSON may stand here"),
    (
      "{\n \"a\": {\"b\": [1, \"hunter2\u{1}hunter2\"]}}",
      "document 1, a.b[1]: a control character in a text must be escaped"
    ),
    (#"{"a": "hunter2", "a": "hunter2"}"#, "line 1, column 18, document 1: the key \"a\" stands twice"),
    (#"{"a": {"b": "hunter2"#, "document 1, a.b: it ends too early"),
    (#"{"a": 1e400}"#, "line 1, column 7, document 1, a: a number that is too large"),
    ("{apiVersion: v1, hunter2: a: b}", "line 1, column 2, document 1: a string is expected here"),
    (json + "\n]hunter2", "line 2, column 1, document 2: no JSON may stand here"),
    (json + " hunter2", "line 1, column 67, document 2: no JSON may stand here"),
  ])
  func saysWhereAFileIsNoJSONAndNothingOfWhatItHolds(text: String, message: String) {
    let reading = reading(Array(text.utf8))
    #expect(reading.errors.count == 1)
    #expect(reading.errors.first?.contains("f: is not JSON: ") == true)
    #expect(reading.errors.first?.contains(message) == true, "\(reading.errors)")
    #expect(!reading.errors.joined().contains("hunter2"))
  }

  @Test func whatIsWrongInOneDocumentKeepsNoOtherFromBeingRead() {
    let reading = reading(Array((Self.one + "---\na: [\n---\n" + Self.two + "---\nb: b\n").utf8))
    #expect(reading.manifests.map(\.name) == ["one", "two"])
    #expect(reading.errors.count == 2)
    #expect(reading.errors.last?.hasPrefix("f:11: document 4 is no Kubernetes manifest: it has no kind") == true)
  }

  @Test func takesUTF16WithItsMarkAndSaysWhatIsNoText() {
    let units = Array(Self.one.utf16)
    #expect(
      reading([0xFF, 0xFE] + units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).manifests.map(\.name) == ["one"])
    #expect(
      reading([0xFE, 0xFF] + units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }).manifests.map(\.name) == ["one"])
    let damaged = reading(Array(Self.one.utf8) + Array("data: {a: x".utf8) + [0xFF] + Array("}\n".utf8))
    #expect(damaged.manifests.first?.object["data"]?["a"] == .string("x\u{FFFD}"))
    #expect(damaged.remarks.first?.contains("line 4 holds bytes that are no text") == true)
  }

  @Test func saysThatKubectlDoesNotReadOn() {
    let reading = reading(Array((Self.one + "...\n" + Self.two).utf8))
    #expect(reading.remarks.first?.contains("document 1, which begins on line 1, goes on behind its end") == true)
  }

  /// Aliases of aliases: a few lines that would expand to billions of values.
  @Test func repeatsNoAliasesWithoutEnd() {
    var text = Self.one + "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      let alias = "*a\(level - 1)"
      text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
    }
    #expect(reading(Array(text.utf8)).errors.first?.contains("aliases repeat more than 1000000 values") == true)
  }

  @Test func aFolderIsReadWithoutWhatIsNoManifest() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in [
      ("a.yaml", Self.one), ("b/c.yml", Self.two), ("d.json", Self.json), ("README.md", "hello: ["),
      ("values.yaml", "image: postgres\n"), ("Chart.yaml", "apiVersion: v2\nname: chart\n"),
      ("kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"),
      ("templates/e.yaml", "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n  {{- with .Values.a }}\n"),
      (".git/f.yaml", "a: ["),
    ] {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let reading = ManifestReader().reading([folder.path])
    #expect(reading.manifests.map(\.name) == ["one", "two", "json"])
    #expect(reading.errors == [])
    #expect(
      reading.remarks.map { $0.replacing("\(folder.path)/", with: "") } == [
        "Chart.yaml:1: passed over: is no Kubernetes manifest: it has no kind",
        "kustomization.yaml:1: passed over: is no Kubernetes manifest: it is a kustomization",
        "templates/e.yaml: passed over: it is a template: render it first, such as by helm template CHART, and read its output from -",
        "values.yaml:1: passed over: is no Kubernetes manifest: it has no kind",
      ])
    let link = folder.appending(path: "link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder)
    let linked = ManifestReader().reading([link.path])
    #expect(!linked.manifests.isEmpty && linked.manifests.count == reading.manifests.count)
    #expect(linked.errors == [])
    try FileManager.default.removeItem(at: link)
    let named = ManifestReader().reading([folder.appending(path: "templates/e.yaml").path])
    #expect(named.errors.first?.contains("it is a template: render it first") == true)
    try Data("a: [".utf8).write(to: folder.appending(path: "g.yaml"))
    #expect(ManifestReader().reading([folder.path]).errors.count == 1)
  }
}

extension ManifestReader {
  /// All objects in a text.
  static func parse(_ text: String, file: String) throws(CommandError) -> [Manifest] {
    var reading = ManifestReading()
    FileReading(file: file, isOneOfMany: false).read(Array(text.utf8), into: &reading)
    return try reading.complete()
  }
}
