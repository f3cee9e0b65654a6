import Contract
import DatabaseSpec
import Foundation
import Linux
import OpenSSL
import Synchronization
import TextEncoding

/// A volume laid out as the kubelet does it: the files are in a folder of their own, and `..data` links to it.
final class SidecarVolume: @unchecked Sendable {
  let path: String
  /// Whether the thread that swaps the files has finished.
  let isDone = Mutex(false)
  private var generation = 0

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "volume-\(UUID().uuidString)").path
    try Directory.create(path)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Replaces all files by these in one step.
  func swap(_ files: [String: [UInt8]]) throws {
    generation += 1
    let folder = "..2026_\(generation)"
    try Directory.create("\(path)/\(folder)")
    for (name, bytes) in files {
      if let slash = name.lastIndex(of: "/") { try Directory.create("\(path)/\(folder)/\(name[..<slash])") }
      try File.write(bytes, to: "\(path)/\(folder)/\(name)")
    }
    try FileManager.default.createSymbolicLink(atPath: "\(path)/..data_tmp", withDestinationPath: folder)
    try File.move("\(path)/..data_tmp", to: "\(path)/..data")
    if generation > 1 { try FileManager.default.removeItem(atPath: "\(path)/..2026_\(generation - 1)") }
  }

  /// Writes a spec, passwords and scripts, and the superuser's password if there is one.
  func swap(
    _ spec: InstanceSpec, passwords: [String: String] = [:], scripts: [String] = [], adminPassword: String? = nil,
    others: [String: String] = [:]
  ) throws {
    var entries: [PostgresName: Password] = [:]
    for (name, password) in passwords { entries[try PostgresName(name)] = try Password(password) }
    var files = [
      VolumeLayout.specFile: spec.encoded(),
      VolumeLayout.passwordsFile: PasswordsFile(passwords: entries).encoded(),
    ]
    for script in scripts { files[Self.file(of: script)] = Array(script.utf8) }
    if let adminPassword { files[VolumeLayout.adminPasswordFile] = Array(adminPassword.utf8) }
    for (name, text) in others { files[name] = Array(text.utf8) }
    try swap(files)
  }

  static func file(of script: String) -> String { VolumeLayout.scriptFile(sha256: sha256(script)) }

  static func sha256(_ text: String) -> String { Hex.encoded(Digest.sha256(Array(text.utf8))) }

  /// A spec of one user and its database, with these scripts.
  static func spec(customer: String = "acme", user: String = "shop", scripts: [String] = []) throws -> InstanceSpec {
    let scripts = scripts.enumerated().map { index, text in
      Script(name: "00\(index)", content: .file(name: file(of: text), sha256: sha256(text)))
    }
    let name = try PostgresName(user)
    let database = Database(name: try PostgresName("\(user)_db"), owner: name, scripts: scripts)
    return InstanceSpec(customer: customer, users: [User(name: name)], databases: [database])
  }
}
