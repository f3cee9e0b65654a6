import Contract
package import Linux

/// The status, where the readiness probe looks for it.
package struct StatusFile: Sendable {
  /// Where it is, where nothing else is said.
  package static let defaultPath = SidecarContainer.statusFile

  /// Where it is.
  package let path: String

  /// The file at a path.
  package init(path: String = defaultPath) {
    self.path = path
  }

  /// Puts a status in the place of the one before, at once; makes the folder where there is none.
  package func write(_ status: Status) throws(FileError) {
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
      try Directory.create(String(path[..<slash]))
    }
    try File.write(status.encoded() + [0x0A], to: path)
  }

  /// Why the Pod is not ready, in one line; nil where it is.
  /// - Parameter milliseconds: how long the end of the first pass is waited for. Who asks again only after seconds, as the
  ///   kubelet does, hears of it at once. What comes later is told without a wait.
  package func whyNotReady(waiting milliseconds: Int = 0) -> String? {
    let deadline = SystemClock.monotonicMilliseconds + Int64(milliseconds)
    while true {
      let (reason, isFirstPass) = read()
      let left = Int(deadline - SystemClock.monotonicMilliseconds)
      guard reason != nil, isFirstPass, left > 0 else { return reason }
      // Looked at again and again: a watch would take one of the few that a user may have on a node (inotify(7)), and
      // all sidecars may have one user.
      SystemClock.sleep(milliseconds: min(left, 50))
    }
  }

  /// The status that is there; nil where there is none, or none that this version can read.
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
