import Foundation
import JSONBytes
import TestThreads
import Testing

@testable import postern

/// Unusual scalars, mappings and keys, and kubectl 1.36's result for each: `Fixtures/scalars.tsv` contains its own
/// output.
@Suite(.blocking) struct ScalarTests {
  static let rows: [(yaml: String, json: String)] = {
    let text = (try? String(contentsOfFile: Program.fixture("scalars.tsv"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      return (String(parts[0]), String(parts[1]))
    }
  }()

  private static func manifest(_ yaml: String) -> String {
    "apiVersion: v1\nkind: X\nmetadata: {name: aa}\nk: \(yaml)\n"
  }

  private func read(_ yaml: String) -> JSONValue? {
    (try? ManifestReader.parse(Self.manifest(yaml), file: "x"))?.first?.object["k"]
  }

  @Test func areReadAsKubectlReadsThem() throws {
    #expect(Self.rows.count > 250)
    for (yaml, json) in Self.rows where yaml != "[a:]" {
      let expected = json == "refused" ? nil : try JSONValue(parsing: Array(json.utf8))
      #expect(read(yaml) == expected, "\(yaml)")
    }
  }

  /// libyaml requires quotes here; the result is the same.
  @Test func aColonAtTheEndOfAFlowSequencesTextIsRefused() {
    #expect(read("[a:]") == nil)
  }

  @Test func areWrittenSoThatTheyAreReadAsTheyWere() throws {
    for (_, json) in Self.rows where json != "refused" {
      var object = JSONObject()
      object["apiVersion"] = .string("v1")
      object["kind"] = .string("X")
      object["k"] = try JSONValue(parsing: Array(json.utf8))
      let text = try JSONValue.object(object).yaml()
      #expect(try ManifestReader.parse(text, file: "x").first?.object == .object(object), "\(text)")
    }
  }

  @Test(.enabled(if: Kubectl.installed != nil, "no kubectl")) func theTableIsKubectls() throws {
    let kubectl = try #require(Kubectl.installed)
    for (yaml, json) in Self.rows {
      let objects = try kubectl.objects(in: Array(Self.manifest(yaml).utf8))
      let expected = json == "refused" ? nil : try JSONValue(parsing: Array(json.utf8))
      #expect(objects?.first?["k"] == expected, "\(yaml)")
    }
  }
}
