import Foundation
import Testing

@Suite struct PurityTests {
  /// A decision writes nothing and reads nothing: what it is made by cannot. Dry runs and forged reviews are harmless for
  /// that, and `sideEffects: None` is true.
  @Test(arguments: [
    "Admission", "Contract", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "KubernetesAPI", "OpenSSL",
    "PasswordPreparation", "PostgresParser", "Provisioning", "TextEncoding",
  ])
  func pureTargetsImportNoIO(target: String) throws {
    let sources = URL(filePath: #filePath).appending(path: "../../../Sources/\(target)").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    let pure: Set = [
      "COpenSSL", "Contract", "CPGQuery", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "KubernetesAPI",
      "OpenSSL", "PasswordPreparation", "PostgresParser", "Provisioning", "TextEncoding", "Yams",
    ]
    for file in files {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.dropLast().last == "import", let module = words.last else { continue }
        #expect(pure.contains(String(module)), "\(file.lastPathComponent)")
      }
    }
  }
}
