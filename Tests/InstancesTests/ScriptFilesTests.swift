import DatabaseSpec
import Declarations
import Testing

@testable import Instances

/// Which scripts are mounted: those that do not fit, are refused or are not known yet are left out, and the others are
/// mounted.
@Suite struct ScriptFilesTests {
  private func files(
    _ databases: String, secrets: [String: [String: [UInt8]]] = [:], configMaps: [String: [String: [UInt8]]] = [:],
    change: (inout InstanceSources) -> Void = { _ in }
  ) throws -> (scripts: [String: [String]], files: ScriptFiles, problems: [String]) {
    let parsed = Declaration.parse(
      customer: "acme", annotations: ["postern.io/users": "shop", "postern.io/databases": databases])
    let declaration = try #require(parsed.declaration, "\(parsed.errors)")
    var sources = InstanceSources(secrets: secrets, configMaps: configMaps)
    change(&sources)
    var problems: [InstanceProblem] = []
    let files = ScriptFiles(spec: declaration.spec, sources: sources, passwordsBytes: 100, problems: &problems)
    let scripts = files.spec.databases.map { ($0.name.text, $0.scripts.map(\.name)) }
    return (Dictionary(uniqueKeysWithValues: scripts), files, problems.map(\.message))
  }

  /// A script of `count` bytes that differs from every other.
  private func sql(_ mark: String, _ count: Int) -> [UInt8] {
    Array("SELECT '\(mark)' -- ".utf8) + Array(repeating: UInt8(ascii: "x"), count: count)
  }

  private static let databases = """
    - name: orders
      owner: shop
      scripts:
        - {name: a, KIND: {name: sql, key: a}}
        - {name: b, KIND: {name: more, key: b}}
        - {name: c, sql: SELECT 3}
    - name: bills
      owner: shop
      scripts: [{name: d, sql: SELECT 4}, {name: e, KIND: {name: sql, key: a}}]
    """

  @Test(arguments: ["configMap", "secret"])
  func whatDoesNotFitIsLeftOutWithThoseBehindItAndNothingElse(kind: String) throws {
    let objects = ["sql": ["a": sql("a", 600_000)], "more": ["b": sql("b", 600_000)]]
    let made = try files(
      Self.databases.replacing("KIND", with: kind), secrets: kind == "secret" ? objects : [:],
      configMaps: kind == "secret" ? [:] : objects)
    #expect(made.scripts == ["orders": ["a"], "bills": ["d", "e"]])
    let problem = try #require(made.problems.first)
    #expect(made.problems.count == 1)
    #expect(problem.hasPrefix("script b in orders: its 600014 bytes do not fit: "))
    #expect(problem.hasSuffix("; it and those behind it in this database are not run"))
    // A script that two objects name is mounted once.
    #expect(made.files.publicFiles.count == (kind == "secret" ? 1 : 2))
    #expect(made.files.secretFiles.count == (kind == "secret" ? 1 : 0))
  }

  @Test func whereANewTextDoesNotFitTheMountedOneStays() throws {
    let old = try files(
      Self.databases.replacing("KIND", with: "configMap"),
      configMaps: ["sql": ["a": sql("a", 600_000)], "more": ["b": sql("b", 10)]])
    var configMap = old.files.publicFiles.mapValues { Array($0.utf8) }
    configMap["spec.json"] = old.files.spec.encoded()
    let mounted = MountedContents(configMap: configMap, secret: [:])
    let made = try files(
      Self.databases.replacing("KIND", with: "configMap"),
      configMaps: ["sql": ["a": sql("a", 600_000)], "more": ["b": sql("b", 600_000)]]
    ) { $0.mounted = mounted }
    #expect(made.files.spec == old.files.spec)
    #expect(made.problems.count == 1)
    #expect(made.problems.first?.hasSuffix("; it stays as it was") == true)
  }

  /// The scripts after it wait, because they may need what it creates.
  @Test func anInlineScriptIsCheckedAsWell() throws {
    let made = try files(
      "- {name: orders, owner: shop, scripts: [{name: a, sql: DROP DATABASE x}, {name: b, sql: SELECT 1}]}")
    #expect(made.scripts == ["orders": []])
    #expect(made.problems.count == 1)
    #expect(made.problems.first?.contains("drops a database") == true)
  }

  @Test func whatIsNotKnownYetWaitsWithThoseBehindIt() throws {
    let made = try files(Self.databases.replacing("KIND", with: "configMap"), configMaps: ["sql": ["a": sql("a", 10)]])
    {
      $0.verdict = { text, _ in text.bytes.count < 20 ? [] : nil }
    }
    #expect(made.scripts == ["orders": [], "bills": ["d"]])
    #expect(made.problems.isEmpty)
  }

  @Test func thousandsThatNameOneTextAreOneFile() throws {
    let scripts = (0..<2500).map { "{name: s\($0), configMap: {name: sql, key: a}}" }.joined(separator: ", ")
    let made = try files(
      "- {name: orders, owner: shop, scripts: [\(scripts)]}", configMaps: ["sql": ["a": sql("a", 500_000)]]
    ) { $0.verdict = { _, _ in [] } }
    #expect(made.scripts["orders"]?.count == 2500)
    #expect(made.files.publicFiles.count == 1)
  }
}
