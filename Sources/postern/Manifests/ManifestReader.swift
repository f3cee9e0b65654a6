import FoundationEssentials
import Linux

/// Reads manifests as kubectl does, from files, folders (`*.yaml`, `*.yml`, `*.json` in them, recursively) and standard
/// input (`-`).
struct ManifestReader {
  /// The contents of these paths, in order.
  func reading(_ paths: [String]) -> ManifestReading {
    var reading = ManifestReading()
    for path in paths {
      do throws(CommandError) {
        guard path.contains(where: { !$0.isWhitespace }) else {
          throw .unreadable("\"\(path)\" names no file and no folder: if a variable stands there, it has no value")
        }
        for file in try files(at: path) {
          let document = FileReading(file: file.path, isOneOfMany: file.isOneOfMany)
          document.read(try bytes(of: file.path), into: &reading)
        }
      } catch {
        reading.errors += error.lines.map { String($0.trimmingPrefix("error: ")) }
      }
    }
    // The program before a pipe may have failed, and nobody would see it.
    if !reading.hasDocuments, reading.errors.isEmpty, !paths.isEmpty {
      let names = paths.map { $0 == "-" ? "standard input" : $0 }.joined(separator: ", ")
      reading.errors.append("\(names): no manifest is there: only what is empty, or a comment")
    }
    return reading
  }

  /// All objects in these paths, in order. A list gives its items.
  func read(_ paths: [String]) throws(CommandError) -> [Manifest] {
    try reading(paths).complete()
  }

  /// All objects of a file, if Kubernetes would accept them.
  func sound(_ file: String) throws(CommandError) -> [Manifest] {
    let manifests = try read([file])
    let faults = manifests.flatMap { manifest in
      manifest.mended.faults.map { "error: \(manifest.place): \($0.field): \($0.message)" }
    }
    guard faults.isEmpty else { throw CommandError(status: .refused, lines: faults) }
    return manifests
  }

  private func files(at path: String) throws(CommandError) -> [(path: String, isOneOfMany: Bool)] {
    guard path != "-", type(of: path) == .typeDirectory else { return [(path, false)] }
    // What a link leads to is listed; the link itself has no entries.
    guard let entries = try? FileManager.default.subpathsOfDirectory(atPath: Self.target(of: path)) else {
      throw .unreadable("\(path): cannot be read: the folder cannot be listed; check its permissions")
    }
    let endings = [".yaml", ".yml", ".json"]
    let files = entries.filter { entry in
      endings.contains { entry.hasSuffix($0) } && !entry.split(separator: "/").dropLast().contains { $0.hasPrefix(".") }
    }
    .map { $0.split(separator: "/") }.sorted { $0.lexicographicallyPrecedes($1) }
    .map { (path: (path.hasSuffix("/") ? path : "\(path)/") + $0.joined(separator: "/"), isOneOfMany: true) }
    .filter { type(of: $0.path) != .typeDirectory }
    guard !files.isEmpty else {
      throw .unreadable("\(path): no file in this folder ends in .yaml, .yml or .json")
    }
    return files
  }

  /// The type of the file, or of the target of a link.
  private func type(of path: String) -> FileAttributeType? {
    (try? FileManager.default.attributesOfItem(atPath: Self.target(of: path)))?[.type] as? FileAttributeType
  }

  private static func target(of path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// More than the objects of a large cluster take. A device or a log would be read until no memory is left.
  private static let largestFile = 256 << 20

  private func bytes(of file: String) throws(CommandError) -> [UInt8] {
    do throws(FileError) {
      return try file == "-"
        ? CurrentProcess.readInput(limit: Self.largestFile) : File.read(file, limit: Self.largestFile)
    } catch {
      throw .unreadable("\(file): cannot be read: \(error.isMissing ? "there is no such file" : error.reason)")
    }
  }
}
