import Foundation
import JSONBytes
import Yams

/// Reads manifests from files, folders (`*.yaml`, `*.yml`, `*.json` in them, recursively) and standard input (`-`).
struct ManifestReader {
  /// All objects in these paths, in order. A `List` gives its items.
  func read(_ paths: [String]) throws(CommandError) -> [Manifest] {
    var manifests: [Manifest] = []
    for path in paths {
      for file in try files(at: path) {
        manifests += try Self.parse(try text(of: file.path), file: file.path, isOneOfMany: file.isOneOfMany)
      }
    }
    return manifests
  }

  private func files(at path: String) throws(CommandError) -> [(path: String, isOneOfMany: Bool)] {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let target =
      attributes?[.type] as? FileAttributeType == .typeSymbolicLink
      ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
    let type = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
    guard path != "-", type == .typeDirectory else { return [(path, false)] }
    guard let entries = try? FileManager.default.subpathsOfDirectory(atPath: path) else {
      throw .unreadable("\(path): cannot be read: the folder cannot be listed; check its permissions")
    }
    let endings = [".yaml", ".yml", ".json"]
    return entries.filter { entry in endings.contains { entry.hasSuffix($0) } }.sorted()
      .map { ((path as NSString).appendingPathComponent($0), true) }
  }

  private func text(of file: String) throws(CommandError) -> String {
    let data: Data
    do {
      data =
        file == "-"
        ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(fileURLWithPath: file))
    } catch {
      let exists = FileManager.default.fileExists(atPath: file)
      let reason = exists ? "permission denied, or not a file" : "there is no such file"
      throw .unreadable("\(file): cannot be read: \(reason)")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw .unreadable("\(file): is not YAML: it is not UTF-8 text")
    }
    return text
  }

  /// - Parameter isOneOfMany: whether the file was found in a folder. There, documents that are no manifests are skipped.
  static func parse(_ text: String, file: String, isOneOfMany: Bool = false) throws(CommandError) -> [Manifest] {
    var manifests: [Manifest] = []
    do {
      let parser = try Yams.Parser(yaml: text)
      while let node = try parser.nextRoot() {
        if case .scalar(let scalar) = node, scalar.string.isEmpty { continue }
        let line = node.mark?.line ?? 1
        guard let object = JSONValue(yaml: node) else {
          throw CommandError.unreadable(
            "\(file): is not YAML: line \(line): nested too deeply, or keys that are no text")
        }
        manifests += try objects(object, file: file, line: line, isOneOfMany: isOneOfMany)
      }
    } catch let error as CommandError {
      throw error
    } catch let error as YamlError {
      throw .unreadable("\(file): is not YAML: \(Self.reason(error))")
    } catch {
      throw .unreadable("\(file): is not YAML: \(error)")
    }
    return manifests
  }

  private static func objects(
    _ object: JSONValue, file: String, line: Int, isOneOfMany: Bool
  ) throws(CommandError) -> [Manifest] {
    guard let kind = object["kind"]?.string, object["apiVersion"]?.string != nil else {
      if isOneOfMany { return [] }
      let missing = object["kind"] == nil ? "it has no kind" : "it has no apiVersion"
      throw .unreadable(
        "\(file):\(line): is no Kubernetes manifest: \(missing); every document needs apiVersion, kind and metadata.name"
      )
    }
    guard kind.hasSuffix("List"), let items = object["items"]?.array else {
      return [Manifest(file: file, line: line, object: object)]
    }
    var manifests: [Manifest] = []
    for item in items { manifests += try objects(item, file: file, line: line, isOneOfMany: isOneOfMany) }
    return manifests
  }

  private static func reason(_ error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "line \(mark.line), column \(mark.column): \(problem)"
    default: "\(error)".split(separator: "\n").joined(separator: " ")
    }
  }
}
