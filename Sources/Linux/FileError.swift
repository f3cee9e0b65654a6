internal import CLinux

/// Why an operation on a file failed.
package struct FileError: Error, Equatable, Sendable {
  /// The file's path.
  package let path: String
  /// The system's message, such as `No such file or directory`.
  package let reason: String
  /// Whether the file does not exist.
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
