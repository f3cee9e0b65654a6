import Foundation
import FuzzTargets
import Testing

/// Replays the corpus and what `make fuzz` has found. What must not be traps, and ends the tests.
@Test(arguments: FuzzTarget.allCases)
func whatWasFoundOnceHoldsEverAfter(_ target: FuzzTarget) throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(target.rawValue)")
  let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  #expect(!files.isEmpty)
  for file in files { target.run([UInt8](try Data(contentsOf: file))) }
}
