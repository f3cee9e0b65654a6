internal import CLinux

/// Why something could not be done with a file.
package struct FileError: Error, Equatable, Sendable {
  /// The file's path.
  package let path: String
  /// Why, as the system says it, such as `No such file or directory`.
  package let reason: String
  /// Whether there is no such file.
  package let isMissing: Bool

  init(_ path: String, code: Int) {
    let code = Int32(clamping: -code)
    self.path = path
    reason = unsafe postern_error_text(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    isMissing = postern_is_missing(code) != 0
  }

  init(_ path: String, reason: String) {
    self.path = path
    self.reason = reason
    isMissing = false
  }

  /// One line for people, such as `/etc/postern/spec.json: Permission denied`.
  package var message: String { "\(path): \(reason)" }
}
