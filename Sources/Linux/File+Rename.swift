internal import CLinux

extension File {
  /// Gives a file, folder or link another name; what had that name is replaced, in one step (rename(2)).
  public static func rename(_ path: String, to newPath: String) throws(FileError) {
    let outcome = unsafe postern_rename(path, newPath)
    guard outcome >= 0 else { throw FileError(newPath, code: Int(outcome)) }
  }
}
