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

  /// The names in a folder except `.` and `..`, in the order of their bytes.
  package static func names(_ path: String) throws(FileError) -> [String] {
    var error: Int32 = 0
    guard let directory = unsafe postern_open_directory(path, &error) else { throw FileError(path, code: Int(error)) }
    defer { unsafe postern_close_directory(directory) }
    var names: [String] = []
    while let name = unsafe postern_next_name(directory) {
      let name = unsafe String(cString: name)
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
