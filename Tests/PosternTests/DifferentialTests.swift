import Foundation
import JSONBytes
import TestThreads
import Testing

@testable import postern

/// Postern reads the same objects as kubectl, from hundreds of files. `POSTERN_TEST_FILES` says how many are generated.
@Suite(.blocking, .enabled(if: Kubectl.installed != nil, "no kubectl")) struct DifferentialTests {
  private static let count = ProcessInfo.processInfo.environment["POSTERN_TEST_FILES"].flatMap(Int.init) ?? 300

  /// The objects that Postern reads; nil where it refuses something that kubectl would refuse before it calls a
  /// cluster.
  private func ours(_ bytes: [UInt8]) -> (objects: [JSONValue]?, errors: [String]) {
    var reading = ManifestReading()
    FileReading(file: "f", isOneOfMany: false).read(bytes, into: &reading)
    let faults = reading.manifests.flatMap(\.mended.faults).filter(\.isMetadata).map(\.message)
    guard reading.errors.isEmpty, faults.isEmpty else { return (nil, reading.errors + faults) }
    return (reading.manifests.map { Kubectl.withoutEmptyMetadata($0.object) }, [])
  }

  /// Cases in which Postern is stricter, and says why.
  private func isStricter(_ errors: [String]) -> Bool {
    errors.contains { error in
      ["stands twice", "it has no apiVersion", "found unexpected ':'", "nested deeper than", "it is a kustomization"]
        .contains {
          error.contains($0)
        }
    }
  }

  private func compare(_ bytes: [UInt8], _ name: String) throws {
    let kubectl = try #require(Kubectl.installed)
    let theirs = try kubectl.objects(in: bytes)
    let (objects, errors) = ours(bytes)
    guard objects != nil || !isStricter(errors) else { return }
    #expect(objects == theirs, "\(name) \(errors)\n\(String(decoding: bytes, as: UTF8.self))")
    guard let objects, theirs != nil, !objects.isEmpty else { return }
    let printed = try InjectedDocument.yaml(objects.map { InjectedDocument($0) })
    #expect(try kubectl.objects(in: Array(printed.utf8)) == objects, "\(name), printed\n\(printed)")
  }

  @Test func readsGeneratedFilesAsKubectlDoes() throws {
    for seed in 0..<Self.count {
      var oddities = YAMLOddities(seed: UInt64(seed))
      try compare(Array(oddities.file().utf8), "seed \(seed)")
    }
  }

  @Test func readsDamagedFilesAsKubectlDoes() throws {
    for seed in 0..<Self.count {
      var oddities = YAMLOddities(seed: UInt64(seed) + 1_000_000)
      try compare(oddities.damagedFile(), "seed \(seed)")
    }
  }

  @Test func readsTheProjectsOwnFilesAsKubectlDoes() throws {
    let folders = [
      "Examples", "Tests/PosternTests/Fixtures", "Tests/AdmissionTests/Fixtures", "webhook-config", "certs",
    ]
    var count = 0
    for folder in folders {
      let root = Program.package.appending(path: folder).path
      for entry in (FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []).sorted()
      where [".yaml", ".yml", ".json"].contains(where: { entry.hasSuffix($0) }) {
        try compare(Array(try Data(contentsOf: URL(filePath: "\(root)/\(entry)"))), "\(folder)/\(entry)")
        count += 1
      }
    }
    #expect(count > 20)
  }
}
