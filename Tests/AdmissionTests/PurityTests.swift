import Foundation
import Testing

@Suite struct PurityTests {
  private static let package = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  /// The targets that docs/architecture.md calls pure.
  static let targets: [String] = {
    let document = try? String(contentsOf: package.appending(path: "docs/architecture.md"), encoding: .utf8)
    let rows = (document ?? "").split(separator: "\n").filter { $0.hasPrefix("| `") && $0.hasSuffix("| yes |") }
    return rows.flatMap { row in row.split(separator: "|")[0].matches(of: /`([\w-]+)`/).map { String($0.1) } }
  }()

  @Test func theTargetsOfADecisionArePure() {
    #expect(
      Set(["Admission", "Declarations", "JSONBytes"]).isSubset(of: Self.targets))
  }

  /// A decision writes nothing and reads nothing, because the targets that make it cannot. So dry runs and forged reviews
  /// are harmless, and `sideEffects: None` is true.
  @Test(arguments: targets) func pureTargetsImportNoIO(target: String) throws {
    let sources = Self.package.appending(path: "Sources/\(target)")
    let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
    #expect(!files.isEmpty)
    let pure = Set(Self.targets).union(["COpenSSL", "CPGQuery", "CVector", "CYAML"])
    for file in files {
      for line in try String(contentsOf: sources.appending(path: file), encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.dropLast().last == "import", let module = words.last else { continue }
        #expect(pure.contains(String(module)), "\(file)")
      }
    }
  }

  /// The whole of Foundation would bring ICU, which is a fifth of what ships (docs/decisions/0010).
  @Test func noSourceImportsMoreThanFoundationEssentials() throws {
    let sources = Self.package.appending(path: "Sources")
    for file in try FileManager.default.subpathsOfDirectory(atPath: sources.path) where file.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
      let isWhole = text.split(separator: "\n").contains { $0.hasSuffix("import Foundation") }
      #expect(!isWhole, "\(file): import FoundationEssentials, or use the module Linux")
    }
  }
}
