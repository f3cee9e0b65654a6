internal import CLinux

/// Folders.
package enum Directory {
  /// Creates a folder and those above it. It is not an error if the folder exists.
  package static func create(_ path: String, mode: UInt32 = 0o755) throws(FileError) {
    guard !File.exists(path) else { return }
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
      try create(String(path[..<slash]), mode: mode)
    }
    let result = unsafe postern_make_directory(path, mode)
    guard result >= 0 || File.exists(path) else { throw FileError(path, code: Int(result)) }
  }
}
