import Foundation
import Linux
import TestThreads
import Testing

@Suite(.blocking) struct FileTests {
  @Test func whatIsWrittenIsReadInFullOrInTheOldForm() throws {
    try withFolder { folder in
      let path = "\(folder)/file"
      for bytes in [[UInt8]](arrayLiteral: [1, 2, 0, 255], [], [UInt8](repeating: 7, count: 100_000)) {
        try File.write(bytes, to: path)
        #expect(try File.read(path) == bytes)
      }
      #expect(try names(folder) == ["file"])
    }
  }

  @Test func aWriteLeavesAReaderOfTheOldFileWithTheOldBytes() throws {
    try withFolder { folder in
      try File.write([1], to: "\(folder)/file")
      let handle = try #require(FileHandle(forReadingAtPath: "\(folder)/file"))
      try File.write([2], to: "\(folder)/file")
      #expect(try handle.readToEnd() == Data([1]))
      #expect(try File.read("\(folder)/file") == [2])
    }
  }

  @Test func aWriteHasThePermissionsAskedFor() throws {
    try withFolder { folder in
      try File.write([1], to: "\(folder)/secret", mode: 0o600)
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/secret")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func aWriteThatCannotBeMadeNamesTheFileAndLeavesNothingBehind() throws {
    try withFolder { folder in
      try Directory.create("\(folder)/taken/inner")
      let error = try #require(throws: FileError.self) { try File.write([1], to: "\(folder)/taken") }
      #expect(error.path == "\(folder)/taken")
      #expect(try names(folder) == ["taken"])
      #expect(throws: FileError.self) { try File.write([1], to: "\(folder)/no/such/folder") }
    }
  }

  @Test func aMissingFileIsToldApartFromAnUnreadableOne() throws {
    try withFolder { folder in
      let missing = try #require(throws: FileError.self) { try File.read("\(folder)/none") }
      #expect(missing.isMissing)
      #expect(missing.message == "\(folder)/none: No such file or directory")
      let unreadable = try #require(throws: FileError.self) { try File.read(folder) }
      #expect(!unreadable.isMissing)
      #expect(unreadable.message == "\(folder): Is a directory")
    }
  }

  @Test func aFileLargerThanTheLimitIsRefused() throws {
    try withFolder { folder in
      try File.write([UInt8](repeating: 7, count: 5000), to: "\(folder)/file")
      #expect(try File.read("\(folder)/file", limit: 5000).count == 5000)
      #expect(throws: FileError.self) { try File.read("\(folder)/file", limit: 4999) }
    }
  }

  @Test func aLinkSaysWhereItLeadsAFileDoesNot() throws {
    try withFolder { folder in
      try File.write([1], to: "\(folder)/file")
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "file")
      #expect(File.linkTarget("\(folder)/link") == "file")
      #expect(File.linkTarget("\(folder)/file") == nil)
      #expect(File.linkTarget("\(folder)/none") == nil)
      #expect(File.exists("\(folder)/link"))
      try FileManager.default.removeItem(atPath: "\(folder)/file")
      #expect(!File.exists("\(folder)/link"))
    }
  }

  @Test func foldersAreMadeWithThoseAboveThemAndTwice() throws {
    try withFolder { folder in
      for _ in 0..<2 { try Directory.create("\(folder)/a/b/c") }
      #expect(try names("\(folder)/a") == ["b"])
      try File.write([1], to: "\(folder)/file")
      #expect(throws: FileError.self) { try Directory.create("\(folder)/file/inner") }
      #expect(try names(folder) == ["a", "file"])
    }
  }
}

/// Runs `body` with a folder that is removed afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "linux-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}

/// The names in a folder, in order.
func names(_ folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
