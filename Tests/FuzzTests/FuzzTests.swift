import Foundation
import FuzzTargets
import Testing

@Suite struct FuzzTests {
  /// Replays the corpus and what `make fuzz` has found. A failure traps, which ends the tests.
  @Test(arguments: FuzzTarget.allCases)
  func whatWasFoundOnceHoldsEverAfter(_ target: FuzzTarget) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(target.rawValue)")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files { target.run([UInt8](try Data(contentsOf: file))) }
  }

  /// A small part of what `make fuzz` does, with the same random numbers each time.
  @Test func scriptsAreCutAsPostgreSQLCutsThem() {
    var state: UInt64 = 1
    func next() -> UInt64 {
      // SplitMix64
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
    var (words, statements) = (0, 0)
    for _ in 0..<20_000 {
      let script = ScriptComparison.script(of: (0..<1 + next() % 12).map { _ in UInt8(truncatingIfNeeded: next()) })
      switch ScriptComparison.compare(script) {
      case .notCompared: break
      case .sameWords: words += 1
      case .sameStatements: statements += 1
      case .different(let how): Issue.record("\(how): \(script.debugDescription)")
      }
    }
    #expect(words > 5_000)
    #expect(statements > 500)
  }
}
