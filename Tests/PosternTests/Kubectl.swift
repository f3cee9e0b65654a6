import Foundation
import JSONBytes
import Linux

@testable import postern

/// The real kubectl, for commands that work without a cluster.
struct Kubectl {
  /// Of the folder that `K8S_BIN` names, or what `scripts/kubernetes-clients` has fetched; nil where there is neither.
  static let installed: Kubectl? = {
    let environment = ProcessInfo.processInfo.environment
    let programs = [environment["K8S_BIN"].map { "\($0)/kubectl" }, environment["POSTERN_TEST_KUBECTL"]]
    return programs.compactMap(\.self).first { FileManager.default.isExecutableFile(atPath: $0) }.map(Kubectl.init)
  }()

  let program: String

  /// The objects that it reads from a file; nil where it refuses one of them. `annotate --local` reads files as `apply` does,
  /// and prints what it has read.
  func objects(in bytes: [UInt8]) throws -> [JSONValue]? {
    let file = FileManager.default.temporaryDirectory.appending(path: "kubectl-\(UUID().uuidString)")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var kubectl = ChildProgram(program, ["annotate", "--local", "-f", file.path, "-o", "json", "x-"])
    kubectl.environment = ["KUBECONFIG": "/nonexistent", "HOME": "/nonexistent"]
    (kubectl.output, kubectl.errors) = (.collected, .nothing)
    let answer = try kubectl.answer()
    guard answer.status == 0 else { return nil }
    var conversion = JSONConversion(answer.text)
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
