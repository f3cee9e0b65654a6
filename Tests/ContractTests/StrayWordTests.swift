import Contract
import Foundation
import Testing

/// Texts that the parts share are written only in the target `Contract`, because a text that is written twice can
/// differ.
struct StrayWordTests {
  /// Each text of the contract that could be written by hand elsewhere, as it would look in a string literal.
  private static let words: [String] =
    AnnotationKey.all + AnnotationKey.outputs + AnnotationKey.ownOutputs + [
      AnnotationKey.customerLabel, ObjectLabel.managedBy, ObjectName.prefix(customer: ""),
      SecretKey.userType, SecretKey.jdbcURI, "\"\(SecretKey.pgpass)\"", VolumeLayout.apiVersion, VolumeLayout.mountPath,
      VolumeLayout.specFile, VolumeLayout.passwordsFile, VolumeLayout.adminUsernameFile,
      VolumeLayout.adminPasswordFile, SidecarContainer.program, SidecarContainer.statusPath, SidecarContainer.tokenPath,
      SidecarContainer.noTokenFolder, SidecarContainer.statusVolumeName, "\"\(ObjectLabel.manager)\"",
      SidecarVariable.customer, SidecarVariable.volume, SidecarVariable.statusFile, SidecarVariable.adminUser,
      SidecarVariable.adminPassword, "\"\(SidecarVariable.host)\"", Release.version, "ghcr.io/",
      Installation.certificateSecret,
    ]

  /// Literals that do not belong to the contract, or that people read. A usage text is tested where it is printed.
  private static let allowed: [(file: String, word: String, why: String)] = [
    ("SidecarCommand.swift", "", "the usage text"),
    ("SpecError.swift", VolumeLayout.specFile, "an error's words"),
    ("PasswordsFile.swift", VolumeLayout.passwordsFile, "an error's words"),
    ("VolumeError.swift", VolumeLayout.specFile, "an error's words"),
    ("VolumeError.swift", VolumeLayout.passwordsFile, "an error's words"),
    ("PosternRecords.swift", "\"postern\"", "a schema in Postgres"),
    ("Postern.swift", "\"postern\"", "the command's own name"),
    ("Trial.swift", "\"postern\"", "a logger's label"),
    ("Serve.swift", "\"postern\"", "a logger's label"),
    ("ConnectionSettings.swift", "\"postern\"", "what a session is called in pg_stat_activity"),
    ("ImageOwners.swift", ObjectName.prefix(customer: ""), "an operator's name in its images"),
  ]

  @Test func noWordOfTheContractIsWrittenElsewhere() throws {
    let sources = URL(filePath: #filePath).appending(path: "../../../Sources").standardizedFileURL
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var read = 0
    for case let file as URL in files where file.pathExtension == "swift" && !file.path.contains("/Contract/") {
      read += 1
      for (index, line) in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n").enumerated() {
        let code = line.trimmingCharacters(in: .whitespaces)
        guard code.contains("\""), !code.hasPrefix("//") else { continue }
        let literals = code.components(separatedBy: "\"").enumerated().filter { $0.offset % 2 == 1 }
        for word in Self.words {
          let isQuoted = word.hasPrefix("\"")
          let isThere = isQuoted ? code.contains(word) : literals.contains { $0.element.contains(word) }
          guard isThere, !Self.isAllowed(word, in: file.lastPathComponent) else { continue }
          Issue.record("\(file.lastPathComponent):\(index + 1) writes \(word), which Contract has a name for")
        }
      }
    }
    #expect(read > 100)
  }

  private static func isAllowed(_ word: String, in file: String) -> Bool {
    allowed.contains { $0.file == file && ($0.word.isEmpty || $0.word == word) }
  }
}
