import Foundation
import JSONBytes

@testable import postern

/// The real kubectl, for commands that work without a cluster.
struct Kubectl {
  /// Nil where `K8S_BIN` names no folder that contains it.
  static let installed: Kubectl? = {
    guard let folder = ProcessInfo.processInfo.environment["K8S_BIN"] else { return nil }
    let program = "\(folder)/kubectl"
    return FileManager.default.isExecutableFile(atPath: program) ? Kubectl(program: program) : nil
  }()

  let program: String

  /// The objects that it reads from a file; nil where it refuses one of them. `annotate --local` reads files as `apply` does,
  /// and prints what it has read.
  func objects(in bytes: [UInt8]) throws -> [JSONValue]? {
    let file = FileManager.default.temporaryDirectory.appending(path: "kubectl-\(UUID().uuidString)")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = ["annotate", "--local", "-f", file.path, "-o", "json", "x-"]
    process.environment = ["KUBECONFIG": "/nonexistent", "HOME": "/nonexistent"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    var conversion = JSONConversion(String(decoding: text, as: UTF8.self))
    var objects: [JSONValue] = []
    while let (document, _) = try conversion.next() { objects.append(Self.withoutEmptyMetadata(document.value)) }
    return objects
  }

  /// `annotate` adds annotations and metadata where there are none.
  static func withoutEmptyMetadata(_ object: JSONValue) -> JSONValue {
    guard case .object(var root) = object else { return object }
    if case .object(var metadata)? = root["metadata"] {
      if metadata["annotations"] == .object(JSONObject()) || metadata["annotations"] == .null {
        metadata["annotations"] = nil
      }
      root["metadata"] = metadata.members.isEmpty ? nil : .object(metadata)
    } else if root["metadata"] == .null {
      root["metadata"] = nil
    }
    return .object(root)
  }
}
