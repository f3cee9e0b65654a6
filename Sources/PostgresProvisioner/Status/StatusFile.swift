import Contract
package import Linux

/// The file in which the readiness probe looks for the status.
package struct StatusFile: Sendable {
  /// The default path.
  package static let defaultPath = SidecarContainer.statusFile

  /// The path of the file.
  package let path: String

  /// The file at a path.
  package init(path: String = defaultPath) {
    self.path = path
  }

  /// Replaces the status in one step. Creates the folder if there is none.
  package func write(_ status: Status) throws(FileError) {
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
      try Directory.create(String(path[..<slash]))
    }
    try File.write(status.encoded() + [0x0A], to: path)
  }

  /// Why the Pod is not ready, in one line; nil where it is.
  /// - Parameter milliseconds: how long to wait for the end of the first pass. The kubelet asks only every few seconds;
  ///   because the probe waits, it learns of the end at once. Later passes are reported without a wait.
  package func whyNotReady(waiting milliseconds: Int = 0) -> String? {
    let deadline = SystemClock.monotonicMilliseconds + Int64(milliseconds)
    while true {
      let (reason, isFirstPass) = read()
      let left = Int(deadline - SystemClock.monotonicMilliseconds)
      guard reason != nil, isFirstPass, left > 0 else { return reason }
      // Polling instead of a watch: a user may have only a few inotify instances on a node (inotify(7)), and all
      // sidecars may run as the same user.
      SystemClock.sleep(milliseconds: min(left, 50))
    }
  }

  /// The present status; nil where there is none, or none that this version can read.
  package func status() -> Status? {
    do throws(FileError) { return Status(decoding: try File.read(path)) } catch { return nil }
  }

  private func read() -> (reason: String?, isFirstPass: Bool) {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try File.read(path) } catch {
      let reason = error.isMissing ? "the sidecar has not started: there is no \(path)" : "cannot read \(error.message)"
      return (reason, false)
    }
    guard let status = Status(decoding: bytes) else {
      return ("\(path) holds no status that this version can read", false)
    }
    return (status.whyNotReady, status.customer == nil)
  }
}
