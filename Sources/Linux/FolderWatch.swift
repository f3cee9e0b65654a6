internal import CLinux

/// Waits until something changes in certain folders, or the process is asked to end.
package final class FolderWatch {
  /// The reasons why a wait has ended.
  package struct Wake: Equatable, Sendable {
    /// Something changed in one of the folders. It is not known what.
    package var filesChanged: Bool
    /// The process was asked to end (``CurrentProcess/catchSignals()``).
    package var stopRequested: Bool
    /// The other descriptor can be read.
    package var isReadable: Bool

    /// Whether the timeout passed before anything happened.
    package var isTimeout: Bool { !filesChanged && !stopRequested && !isReadable }

    /// A wake with these reasons.
    package init(filesChanged: Bool = false, stopRequested: Bool = false, isReadable: Bool = false) {
      self.filesChanged = filesChanged
      self.stopRequested = stopRequested
      self.isReadable = isReadable
    }
  }

  private let descriptor: Int32
  private let folders: [String]

  /// Watches folders by inotify(7). A folder that does not exist is watched as soon as it does.
  package init(_ folders: [String]) throws(FileError) {
    descriptor = Int32(try File.check(Int(postern_watch_open()), "inotify"))
    self.folders = folders
    _ = watchAll()
  }

  deinit {
    postern_close(descriptor)
  }

  /// Waits for at most `milliseconds`.
  /// - Parameter descriptor: another descriptor; the wait also ends when it can be read.
  package func wait(milliseconds: Int, orReadable descriptor: Int32 = -1) throws(FileError) -> Wake {
    let deadline = SystemClock.monotonicMilliseconds + Int64(milliseconds)
    var isMissing = !watchAll()
    while true {
      let left = max(0, Int(deadline - SystemClock.monotonicMilliseconds))
      // No event tells that a folder was created, so look once a second.
      let timeout = isMissing ? min(left, 1000) : left
      let bits = try File.check(
        Int(postern_watch_wait(self.descriptor, descriptor, Meanwhile.descriptor, Int32(clamping: timeout))), "inotify")
      if bits & POSTERN_MEANWHILE != 0 { Meanwhile.see() }
      let wake = Wake(
        filesChanged: bits & POSTERN_FILES_CHANGED != 0,
        stopRequested: bits & POSTERN_STOP_REQUESTED != 0,
        isReadable: bits & POSTERN_READABLE != 0)
      if !wake.isTimeout || SystemClock.monotonicMilliseconds >= deadline { return wake }
      if isMissing, watchAll() {
        isMissing = false
        return Wake(filesChanged: true)
      }
    }
  }

  /// Watches the folders that exist. Returns whether these are all.
  private func watchAll() -> Bool {
    var isComplete = true
    for folder in folders where unsafe postern_watch_add(descriptor, folder) < 0 { isComplete = false }
    return isComplete
  }
}
