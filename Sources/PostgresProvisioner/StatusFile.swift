public import Linux

/// The status, where the readiness probe looks for it.
public struct StatusFile: Sendable {
  /// Where it is, where nothing else is said.
  public static let defaultPath = "/run/postern/status.json"

  /// Where it is.
  public let path: String

  /// The file at a path.
  public init(path: String = defaultPath) {
    self.path = path
  }

  /// Puts a status in the place of the one before, at once; makes the folder where there is none.
  public func write(_ status: Status) throws(FileError) {
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
      try Directory.create(String(path[..<slash]))
    }
    try File.write(status.encoded() + [0x0A], to: path)
  }

  /// Why the Pod is not ready, in one line; nil where it is.
  public func whyNotReady() -> String? {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try File.read(path) } catch {
      return error.isMissing ? "the sidecar has not started: there is no \(path)" : "cannot read \(error.message)"
    }
    guard let status = Status(decoding: bytes) else { return "\(path) holds no status that this version can read" }
    return status.whyNotReady
  }
}
