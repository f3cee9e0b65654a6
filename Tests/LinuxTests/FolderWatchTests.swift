import Foundation
import Linux
import TestThreads
import Testing

@Suite(.blocking) struct FolderWatchTests {
  @Test func wakesForAFileThatIsWrittenAndOnce() throws {
    try withFolder { folder in
      let watch = try FolderWatch([folder])
      #expect(try watch.wait(milliseconds: 0).isTimeout)
      try File.write([1], to: "\(folder)/file")
      #expect(try watch.wait(milliseconds: 5000) == .init(filesChanged: true))
      #expect(try watch.wait(milliseconds: 0).isTimeout)
    }
  }

  @Test func wakesForALinkThatIsTurnedAsTheKubeletDoes() throws {
    try withFolder { folder in
      for name in ["..1", "..2"] { try Directory.create("\(folder)/\(name)") }
      let files = FileManager.default
      try files.createSymbolicLink(atPath: "\(folder)/..data", withDestinationPath: "..1")
      try files.createSymbolicLink(atPath: "\(folder)/..data_tmp", withDestinationPath: "..2")
      let watch = try FolderWatch([folder])
      try File.move("\(folder)/..data_tmp", to: "\(folder)/..data")
      #expect(try watch.wait(milliseconds: 5000).filesChanged)
    }
  }

  @Test func wakesForAFileThatIsRemoved() throws {
    try withFolder { folder in
      try File.write([1], to: "\(folder)/file")
      let watch = try FolderWatch([folder])
      try FileManager.default.removeItem(atPath: "\(folder)/file")
      #expect(try watch.wait(milliseconds: 5000).filesChanged)
    }
  }

  @Test func wakesForAnyOfItsFoldersAndForOneThatIsMadeLater() throws {
    try withFolder { folder in
      try Directory.create("\(folder)/a")
      let watch = try FolderWatch(["\(folder)/a", "\(folder)/b"])
      #expect(try watch.wait(milliseconds: 0).isTimeout)
      try Directory.create("\(folder)/b")
      _ = try watch.wait(milliseconds: 0)
      try File.write([1], to: "\(folder)/b/file")
      #expect(try watch.wait(milliseconds: 5000).filesChanged)
      try File.write([1], to: "\(folder)/a/file")
      #expect(try watch.wait(milliseconds: 5000).filesChanged)
    }
  }

  @Test func goesOnAfterItsFolderWasRemovedAndMadeAgain() throws {
    try withFolder { folder in
      try Directory.create("\(folder)/a")
      let watch = try FolderWatch(["\(folder)/a"])
      try FileManager.default.removeItem(atPath: "\(folder)/a")
      #expect(try watch.wait(milliseconds: 5000).filesChanged)
      try Directory.create("\(folder)/a")
      _ = try watch.wait(milliseconds: 0)
      try File.write([1], to: "\(folder)/a/file")
      #expect(try watch.wait(milliseconds: 5000).filesChanged)
    }
  }
}
