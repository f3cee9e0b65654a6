internal import CLinux

/// Whole files, read and written at once.
package enum File {
  /// The bytes of a file of at most `limit` bytes.
  package static func read(_ path: String, limit: Int = 16 << 20) throws(FileError) -> [UInt8] {
    let descriptor = try check(Int(unsafe postern_open_reading(path)), path)
    defer { postern_close(Int32(descriptor)) }
    return try read(descriptor: Int32(descriptor), path, limit: limit)
  }

  static func read(descriptor: Int32, _ path: String, limit: Int) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let result = unsafe chunk.withUnsafeMutableBytes {
        unsafe postern_read(descriptor, $0.baseAddress, $0.count)
      }
      let count = try check(result, path)
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= limit else { throw FileError(path, reason: "it is larger than \(limit) bytes") }
    }
  }

  /// Replaces a file in one step, so that a reader sees either the old bytes or the new ones. It writes a new file in
  /// the same folder and renames it.
  /// - Parameter mode: the permissions, such as `0o600`.
  package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(FileError) {
    let temporary = "\(path).\(CurrentProcess.identifier).tmp"
    let descriptor = try check(Int(unsafe postern_create(temporary, mode)), temporary)
    let written = unsafe bytes.withUnsafeBytes {
      unsafe postern_write(Int32(descriptor), $0.baseAddress, $0.count)
    }
    let closed = postern_close(Int32(descriptor))
    let renamed = written < 0 || closed < 0 ? 0 : unsafe postern_rename(temporary, path)
    guard written >= 0, closed >= 0, renamed >= 0 else {
      _ = unsafe postern_unlink(temporary)
      throw FileError(path, code: Int(min(written, closed, renamed)))
    }
  }

  /// Renames a file, folder or link. A file or link that already has the new name is replaced in one step (rename(2)).
  package static func move(_ path: String, to newPath: String) throws(FileError) {
    _ = try check(Int(unsafe postern_rename(path, newPath)), path)
  }

  /// Whether a file or folder exists. False for a symbolic link whose target is missing.
  package static func exists(_ path: String) -> Bool {
    unsafe postern_exists(path) != 0
  }

  /// The target of a symbolic link; nil where the path is not a link.
  package static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let length = unsafe buffer.withUnsafeMutableBytes {
      unsafe postern_read_link(path, $0.bindMemory(to: CChar.self).baseAddress, $0.count)
    }
    return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
  }

  static func check(_ result: Int, _ path: String) throws(FileError) -> Int {
    guard result >= 0 else { throw FileError(path, code: result) }
    return result
  }
}
